// Package data reads what models are trained on and forecast from: tables of time series
// from CSV, JSON and TSF (and Parquet, in package data/parquet), rows of text, and images in
// the IDX format, packed by gzip or not. Register adds a format.
//
// A long table has a row for each time of each series:
//
//	unique_id,ds,y
//	north,2024-01,112
//	north,2024-02,118
//
// Others have a column for each series, or a row. ReadFile turns them into series on a regular
// grid of times, with NaN where a time or a value is missing, and with notes of what was found
// and done. A series ends with its last value: rows after it are what is to be forecast.
// Columns beside the values, such as prices, weather or a region, are read as covariates where
// Options name them, by when they are known. What cannot be right is an Error with the file,
// the row, the column, the reason and a hint.
package data

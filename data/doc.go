// Package data reads what models are trained on and forecast from: long tables of
// time series from CSV, JSON lines and TSF (and Parquet, in package data/parquet), rows of
// text, and images in the IDX format, packed by gzip or not. Register adds a format.
//
// A long table has a row for each time of each series:
//
//	unique_id,ds,y
//	north,2024-01,112
//	north,2024-02,118
//
// ReadFile turns it into series on a regular grid of times, with NaN where a time or a
// value is missing, and with notes of what was found and done. Columns beside the values,
// such as prices, weather or a region, are read as covariates where Options name them, by
// when they are known. What cannot be right is an Error with the file, the row, the
// column, the reason and a hint.
package data

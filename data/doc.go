// Package data reads what models are trained on and forecast from: long tables of
// time series from CSV and JSON lines (and Parquet, in package data/parquet), and
// images in the IDX format.
//
// A long table has a row for each time of each series:
//
//	unique_id,ds,y
//	north,2024-01,112
//	north,2024-02,118
//
// ReadCSV and ReadJSON turn it into series on a regular grid of times, with NaN
// where a time or a value is missing, and with notes that say what was found and
// done. Columns beside the values, such as prices, weather or a region, are read as
// covariates where Options name them, by when they are known. What cannot be right is an error that names file, row and column and says
// what to do.
package data

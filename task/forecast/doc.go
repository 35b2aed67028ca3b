// Package forecast forecasts time series: many at once by one recurrent model, scored
// from rolling origins beside the baselines that any model has to beat.
//
// Its own model, Fit, is an ensemble of small LSTMs over seasonally adjusted series, which
// is trained in seconds. It is one of several presets, which other packages register:
//
//	small   this package's own
//	qrnn    package probabilistic: covariates, quantiles for all steps at once
//	deepar  package probabilistic: covariates, sampled paths
//	segrnn  package segrnn: long horizons
//	segmix  package segrnn: quantiles for many or long series, mixed with simple forecasts
//	esrnn   package esrnn: exponential smoothing with dilated LSTMs
//
// FindMethod returns the method of a preset: its Fit trains a Forecaster by a Spec, which
// has the settings of all methods, and its Backtest scores one. Series are those of package
// data, in memory or read from a file by a Source with what is beside them: covariates of
// the past, those known in advance, static ones, the calendar and holidays.
//
// The task, by task.Find or FitTable, adds what a user needs around a method: a back-test beside
// Baselines, and the Choice of what each series is forecast by, which the model's file keeps. Of a
// hierarchy sums are forecast too, and all is made to add up.
//
// A missing value, NaN, counts in no loss and in no score. Nothing after an origin plays
// any part in a forecast from there but covariates that are declared to be known.
package forecast

// Package forecast forecasts time series: many at once by one recurrent model, scored
// from rolling origins beside the baselines that any model has to beat.
//
// Its own model, Fit, is an ensemble of small LSTMs over seasonally adjusted series, which
// is trained in seconds. It is one of several presets, which other packages register:
//
//	small   this package's own
//	qrnn    package forecast/probabilistic: covariates, quantiles for all steps at once
//	deepar  package forecast/probabilistic: covariates, sampled paths
//	segrnn  package forecast/segrnn: long horizons
//	esrnn   package forecast/esrnn: exponential smoothing with dilated LSTMs
//
// FindPreset gives one by its name, Preset.Fit trains a Forecaster by a Spec, which asks
// the same of all, and BacktestPreset says how good it is. A Source reads series with what
// is beside them from a file: covariates of the past, those known in advance, static
// ones, the calendar and holidays.
//
// A missing value, NaN, counts in no loss and in no score. Nothing after an origin plays
// any part in a forecast from there but covariates that are declared to be known.
package forecast

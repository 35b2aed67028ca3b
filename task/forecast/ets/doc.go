// Package ets forecasts by exponential smoothing: the family of methods in the form of
// innovations state space models of Hyndman, Koehler, Ord & Snyder (Forecasting with
// Exponential Smoothing, 2008), of which simple smoothing, Holt's and Holt-Winters' methods
// are members.
//
// A model has an error that adds or multiplies, a trend that is not there, straight or damped
// (Gardner & McKenzie 1985), and a season that is not there, adds or multiplies. Form names
// them by letters: "ANN" is simple exponential smoothing, "AAdN" Holt's method damped, "MAM"
// that of Holt and Winters with a season and an error that multiply.
//
// Fit estimates the parameters and first states of a form by their likelihood; Auto chooses
// the form by the corrected criterion of Akaike (Hyndman, Koehler, Snyder & Grose 2002). Both
// follow AutoETS of statsforecast, against which they are tested: what they start from, the
// search (Nelder & Mead 1965, with the coefficients of Gao & Han 2012) and its bounds. They
// differ where a damped trend is carried ahead, φ + φ² + …, whose second term is φ there.
//
// Missing values are filled before. Any scale will do.
package ets

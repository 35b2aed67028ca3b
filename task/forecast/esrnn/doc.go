// Package esrnn forecasts many series by one model, in which exponential smoothing with
// rates of its own for each series and a recurrent net for all are trained together. It
// follows the winner of the M4 competition (Smyl 2020, "A hybrid method of exponential
// smoothing and recurrent neural networks for time series forecasting").
//
// Smoothing gives a series a level and one or several seasons, and takes them out; dilated
// LSTMs read what is left of the last values at each step, and predict how the next ones will
// differ from level and season, with quantiles. What follows differs from the paper:
//
//   - The logarithm of a series is smoothed, so that what Holt and Winters multiply is
//     added. Series that come near zero or below are lifted first. Units are those of a
//     series' own changes over a season.
//   - Seasons begin with what the first years show, less what they owe to chance.
//   - A linear layer goes straight from the window to the forecast.
//   - Nets are trained on pieces of series, and count errors in part as MASE and in part
//     as sMAPE does.
//   - A missing value moves neither level nor season, is read as one that was as expected,
//     and is never a target.
//   - The forecast is a blend of the mean of a few nets and of simple methods, the mean of
//     Comb and Theta. Their share, at most a half and often none, is found by forecasting
//     the last values of the series by a net that was not shown them, and so is the width
//     of the bands.
package esrnn

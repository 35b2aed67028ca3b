// Package season finds the seasons of a series: whether it has one of a given number of
// steps (Has), and what it is worth at each step of its cycle (Indices); and it takes a series
// apart, into trend and seasons (Decompose), and into the effects of what is beside it (Explain).
//
// The functions read values alone and know nothing of dates. Missing values are filled
// before; a series with a value that is not finite has no season.
package season

// Package arima fits seasonal autoregressive integrated moving averages to series (Box &
// Jenkins 1970) and chooses their orders by themselves, as Hyndman & Khandakar 2008 do.
//
// With w the series y after d differences and D of the season, less its mean, and the errors e,
//
//	φ(B)·Φ(Bᵐ)·w(t) = θ(B)·Θ(Bᵐ)·e(t),  φ(B) = 1 - φ₁B - …, θ(B) = 1 + θ₁B + …
//
// The coefficients are those with the least squared errors where w and e are 0 before the first
// value. They are searched by their partial autocorrelations, so that all models are stationary
// and invertible.
package arima

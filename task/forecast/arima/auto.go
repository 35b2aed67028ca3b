package arima

import (
	"math"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task/forecast/season"
)

// Most is the longest season of a model, in steps.
const Most = 52

// Auto fits the model whose order has the least AICc of those that a stepwise search looks at
// (Hyndman & Khandakar 2008). A season, of m steps, is differenced if it is strong, with 0.64
// or more of the variance that the trend leaves (Wang, Smith & Hyndman 2006); how often y is
// differenced besides tells the test of Kwiatkowski & others 1992. It needs 4 values, none of
// which is missing.
func Auto(y []float64, m int) (*Model, error) {
	if len(y) < 4 {
		return nil, fault.Errorf(fault.Data, "arima: %d values, want at least 4", len(y))
	}
	if m > Most || len(y) < 2*m+4 {
		m = 1
	}
	var o Order
	if m > 1 && strength(y, m) > 0.64 {
		o.SI = 1
	}
	o.I = differences(difference(y, m, 0, o.SI))
	w := difference(y, m, o.I, o.SI)
	if constant(w) || len(w) < 4 {
		o.Constant = o.I+o.SI < 2
		return Fit(y, m, o)
	}
	s := &search{fitter: newFitter(w, m), base: o, tried: map[Order]float64{}}
	return Fit(y, m, s.best())
}

// strength is the share of the season in the variance of season and remainder.
func strength(y []float64, m int) float64 {
	d, err := season.Decompose(y, []float64{float64(m)}, false)
	if err != nil {
		return 0
	}
	both := make([]float64, len(y))
	for t := range y {
		both[t] = d.Seasons[0][t] + d.Rest[t]
	}
	_, rest := moments(d.Rest)
	_, all := moments(both)
	if all == 0 {
		return 0
	}
	return max(0, 1-rest/all)
}

// moments are the mean and the variance of y.
func moments(y []float64) (mean, variance float64) {
	n := float64(len(y))
	for _, v := range y {
		mean += v / n
	}
	for _, v := range y {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / n
}

// constant reports whether w varies by rounding alone.
func constant(w []float64) bool {
	var most float64
	for _, v := range w {
		most = max(most, math.Abs(v))
	}
	_, v := moments(w)
	return v <= 1e-20*most*most
}

// A search goes from order to order.
type search struct {
	fitter *fitter
	base   Order
	tried  map[Order]float64
}

// best is the order with the least AICc.
func (s *search) best() Order {
	seasonal := s.fitter.period > 1
	start := func(ar, ma, sar, sma int) Order {
		o := s.base
		o.AR, o.MA, o.Constant = ar, ma, o.I+o.SI < 2
		if seasonal {
			o.SAR, o.SMA = sar, sma
		}
		return o
	}
	bare := start(0, 0, 0, 0)
	bare.Constant = false
	best, least := bare, math.Inf(1)
	try := func(o Order) bool {
		if a := s.aicc(o); a < least {
			best, least = o, a
			return true
		}
		return false
	}
	for _, o := range []Order{bare, start(0, 0, 0, 0), start(1, 0, 1, 0), start(0, 1, 0, 1), start(2, 2, 1, 1)} {
		try(o)
	}
	for again := true; again && len(s.tried) < 94; {
		again = false
		for _, o := range neighbours(best, seasonal) {
			if try(o) {
				again = true
				break
			}
		}
	}
	return best
}

// neighbours are orders that differ by one step, in one coefficient or in two of a kind, or by
// the constant.
func neighbours(o Order, seasonal bool) (all []Order) {
	add := func(ar, ma, sar, sma int) {
		n := o
		n.AR, n.MA, n.SAR, n.SMA = o.AR+ar, o.MA+ma, o.SAR+sar, o.SMA+sma
		if min(n.AR, n.MA, n.SAR, n.SMA) >= 0 && max(n.AR, n.MA) <= 5 && max(n.SAR, n.SMA) <= 2 && n.AR+n.MA+n.SAR+n.SMA <= 5 {
			all = append(all, n)
		}
	}
	if seasonal {
		for _, d := range [][2]int{{-1, 0}, {0, -1}, {1, 0}, {0, 1}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}} {
			add(0, 0, d[0], d[1])
		}
	}
	for _, d := range [][2]int{{-1, 0}, {0, -1}, {1, 0}, {0, 1}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}} {
		add(d[0], d[1], 0, 0)
	}
	if o.I+o.SI < 2 {
		n := o
		n.Constant = !n.Constant
		all = append(all, n)
	}
	return all
}

// aicc is that of an order, +Inf if there are too few values for it or its roots are too close
// to 1 to be told from differences.
func (s *search) aicc(o Order) float64 {
	if a, ok := s.tried[o]; ok {
		return a
	}
	f, n, k := s.fitter, float64(len(s.fitter.w)), float64(o.coefficients()+1)
	a := math.Inf(1)
	if n-k-1 > 0 {
		sum := f.fit(o)
		if near := math.Pow(1.01, float64(f.period)); within(f.coef[0], 1.01) && within(f.coef[1], near) && within(f.coef[2], 1.01) && within(f.coef[3], near) {
			a = n*math.Log(max(sum/n, 1e-300)) + 2*k + 2*k*(k+1)/(n-k-1)
		}
	}
	s.tried[o] = a
	return a
}

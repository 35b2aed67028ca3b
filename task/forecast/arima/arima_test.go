package arima

import (
	"math"
	"math/rand/v2"
	"testing"
)

// simulate makes n values with the errors of a seed by taps, after some that are thrown away.
func simulate(n int, seed uint64, ar, ma []tap) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	const before = 500
	y, e := make([]float64, before+n), make([]float64, before+n)
	for t := range y {
		e[t] = r.NormFloat64()
		y[t] = e[t]
		for _, c := range ar {
			if t >= c.lag {
				y[t] += c.value * y[t-c.lag]
			}
		}
		for _, c := range ma {
			if t >= c.lag {
				y[t] -= c.value * e[t-c.lag]
			}
		}
	}
	return y[before:]
}

func TestFitFindsCoefficients(t *testing.T) {
	ar := product(nil, []float64{0.6, -0.3}, []float64{0.5}, 12)
	ma := product(nil, []float64{-0.4}, nil, 12)
	y := simulate(3000, 3, ar, ma)
	for i := range y {
		y[i] += 20
	}
	m, err := Fit(y, 12, Order{AR: 2, MA: 1, SAR: 1, Constant: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range m.ar {
		if c.lag != ar[i].lag || math.Abs(c.value-ar[i].value) > 0.08 {
			t.Errorf("autoregression at lag %d is %.3f, want %.3f", c.lag, c.value, ar[i].value)
		}
	}
	if math.Abs(m.ma[0].value-ma[0].value) > 0.08 || math.Abs(m.constant-20) > 0.3 || math.Abs(m.Deviation-1) > 0.03 {
		t.Errorf("moving average %.3f, mean %.2f, deviation %.3f; want -0.4, 20 and 1", m.ma[0].value, m.constant, m.Deviation)
	}
}

func TestAutoFindsOrders(t *testing.T) {
	for name, c := range map[string]struct {
		y    []float64
		want func(o Order) bool
	}{
		"noise":  {simulate(200, 1, nil, nil), func(o Order) bool { return o.I == 0 && o.SI == 0 }},
		"walk":   {sums(simulate(200, 2, nil, nil)), func(o Order) bool { return o.I == 1 && o.AR+o.MA <= 1 }},
		"ar":     {simulate(300, 3, []tap{{1, 0.7}}, nil), func(o Order) bool { return o.I == 0 && o.AR >= 1 }},
		"ma":     {sums(simulate(300, 4, nil, []tap{{1, 0.6}})), func(o Order) bool { return o.I == 1 && o.MA >= 1 }},
		"bent":   {sums(sums(simulate(200, 5, nil, nil))), func(o Order) bool { return o.I == 2 }},
		"season": {seasonal(simulate(144, 6, nil, nil)), func(o Order) bool { return o.SI == 1 }},
	} {
		m, err := Auto(c.y, 12)
		if err != nil {
			t.Fatal(err)
		}
		if !c.want(m.Order) {
			t.Errorf("%s: %v", name, m.Order)
		}
	}
}

func sums(y []float64) []float64 {
	for t := 1; t < len(y); t++ {
		y[t] += y[t-1]
	}
	return y
}

func seasonal(y []float64) []float64 {
	for t := range y {
		y[t] += 10 * math.Sin(2*math.Pi*float64(t)/12)
	}
	return y
}

// TestForecastByHand compares with the equations of small models.
func TestForecastByHand(t *testing.T) {
	y := sums(simulate(80, 7, []tap{{1, 0.5}}, nil))
	m, err := Fit(y, 1, Order{AR: 1, I: 1, Constant: true})
	if err != nil {
		t.Fatal(err)
	}
	phi, c := m.ar[0].value, m.constant
	f := m.Forecast(3)
	last, step := y[79], y[79]-y[78]
	for k, sum := 0, 0.0; k < 3; k++ {
		step = c + phi*(step-c)
		last += step
		psi := (1 - math.Pow(phi, float64(k+1))) / (1 - phi)
		sum += psi * psi
		if want := m.Deviation * math.Sqrt(sum); math.Abs(f.Mean[k]-last) > 1e-9 || math.Abs(f.Deviation[k]-want) > 1e-9 {
			t.Errorf("step %d: %.6f ± %.6f, want %.6f ± %.6f", k+1, f.Mean[k], f.Deviation[k], last, want)
		}
	}
	// the season of the last cycle, and of the line with a drift
	s, err := Fit([]float64{1, 5, 2, 2, 6, 3, 3, 7, 4}, 3, Order{SI: 1, Constant: true})
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{4, 8, 5, 5} {
		if got := s.Forecast(4).Mean[k]; math.Abs(got-want) > 1e-9 {
			t.Errorf("season with a drift, step %d: %v, want %v", k+1, got, want)
		}
	}
}

// TestFilter forecasts a series that has grown by the same coefficients.
func TestFilter(t *testing.T) {
	y := sums(simulate(120, 8, []tap{{1, 0.5}}, []tap{{1, 0.3}}))
	m, err := Fit(y[:100], 1, Order{AR: 1, I: 1, MA: 1})
	if err != nil {
		t.Fatal(err)
	}
	same := m.Filter(y[:100]).Forecast(5)
	for k, v := range m.Forecast(5).Mean {
		if math.Abs(v-same.Mean[k]) > 1e-9 {
			t.Errorf("step %d of the same series: %v and %v", k+1, v, same.Mean[k])
		}
	}
	var filtered, old float64
	for n := 100; n < 119; n++ {
		filtered += math.Abs(m.Filter(y[:n]).Forecast(1).Mean[0] - y[n])
		old += math.Abs(m.Forecast(n - 99).Mean[n-100] - y[n])
	}
	if !(filtered < old) {
		t.Errorf("errors of a step are %.2f, without what came %.2f", filtered, old)
	}
}

func TestSeriesAtTheEdge(t *testing.T) {
	for _, y := range [][]float64{
		{5, 5, 5, 5}, {0, 0, 0, 0, 0, 0}, {1, 2, 3, 4, 5, 6}, {1, 2, 4, 8, 16, 32, 64}, {1, 2, 1, 2, 1, 2, 1, 2, 1, 2},
		{1e12, 1e12, 1e12, 1e12 + 1, 1e12}, {0, 0, 0, 0, 0, 1e9}, {1e-9, 2e-9, 1e-9, 3e-9, 1e-9, 2e-9},
	} {
		for _, m := range []int{1, 2, 12} {
			model, err := Auto(y, m)
			if err != nil {
				t.Errorf("%v: %v", y, err)
				continue
			}
			for _, v := range model.Forecast(6).Mean {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%v, season %d: %v forecasts %v", y, m, model.Order, model.Forecast(6).Mean)
					break
				}
			}
		}
	}
	if _, err := Auto([]float64{1, 2, 3}, 1); err == nil {
		t.Error("three values are enough")
	}
	if _, err := Fit([]float64{1, 2, 3}, 1, Order{AR: 6}); err == nil {
		t.Error("an order of 6 is one")
	}
}

func TestOrderString(t *testing.T) {
	if got := (Order{AR: 2, I: 1, SMA: 1, SI: 1, Constant: true}).String(); got != "(2,1,0)(0,1,1) c" {
		t.Error(got)
	}
}

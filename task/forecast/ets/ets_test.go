package ets_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task/forecast/ets"
)

// sales are months with a trend and a season in proportion to it.
func sales(n int) (y []float64) {
	r := rand.New(rand.NewPCG(3, 4))
	for t := range n {
		y = append(y, (100+2*float64(t))*(1+0.3*math.Sin(float64(t)*math.Pi/6))*(1+0.03*r.NormFloat64()))
	}
	return y
}

// Means and variances are those of many futures drawn from the model.
func TestVariance(t *testing.T) {
	const paths, h = 20000, 30
	for _, name := range []string{"ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA", "MNN", "MAN", "MAdN", "MNA", "MAA", "MAdA", "MNM", "MAM", "MAdM"} {
		form, err := ets.ParseForm(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ets.Fit(sales(72), 12, form)
		if err != nil {
			t.Fatal(err)
		}
		// rates by which each part of the formulas counts
		m.Alpha, m.Beta, m.Gamma = 0.3, 0.05, 0.2
		if form.Error == ets.Multiplicative {
			m.Variance = 0.001
		}
		if form.Damped {
			m.Phi = 0.9
		}
		f := m.Forecast(h)
		r := rand.New(rand.NewPCG(1, 2))
		var sum, square [h]float64
		for range paths {
			for k, v := range m.Path(h, func() float64 { return math.Sqrt(m.Variance) * r.NormFloat64() }) {
				sum[k] += v - f.Mean[k]
				square[k] += (v - f.Mean[k]) * (v - f.Mean[k])
			}
		}
		for k := range h {
			mean, sd := sum[k]/paths, math.Sqrt(square[k]/paths)
			if math.Abs(sd/math.Sqrt(f.Variance[k])-1) > 0.05 || math.Abs(mean) > 0.1*sd {
				t.Errorf("%s, %d ahead: the mean is off by %.3g, the deviation %.4g; by futures %.4g", name, k+1, mean, math.Sqrt(f.Variance[k]), sd)
				break
			}
		}
	}
}

// The choice and the forecasts are the same at any scale.
func TestAnyScale(t *testing.T) {
	y := sales(60)
	one, err := ets.Auto(y, 12)
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range []float64{1e-150, 1e-9, 1e12, 1e140} {
		x := slices.Clone(y)
		for i := range x {
			x[i] *= scale
		}
		m, err := ets.Auto(x, 12)
		if err != nil {
			t.Fatal(err)
		}
		a, b := one.Forecast(12), m.Forecast(12)
		for k := range a.Mean {
			if m.Form != one.Form || math.Abs(b.Mean[k]/scale/a.Mean[k]-1) > 1e-3 || math.Abs(math.Sqrt(b.Variance[k])/scale/math.Sqrt(a.Variance[k])-1) > 1e-2 {
				t.Errorf("× %v: %v %v ± %v; %v %v ± %v", scale, m.Form, b.Mean[k]/scale, math.Sqrt(b.Variance[k])/scale, one.Form, a.Mean[k], math.Sqrt(a.Variance[k]))
				break
			}
		}
	}
}

// A constant stays, an exact season goes on, a line goes on.
func TestExact(t *testing.T) {
	for name, f := range map[string]func(t int) float64{
		"constant": func(int) float64 { return 7 },
		"zero":     func(int) float64 { return 0 },
		"season":   func(t int) float64 { return 10 + float64(t%4) },
		"line":     func(t int) float64 { return 5 + 2*float64(t) },
	} {
		var y []float64
		for t := range 40 {
			y = append(y, f(t))
		}
		m, err := ets.Auto(y[:32], 4)
		if err != nil {
			t.Fatal(err)
		}
		ahead := m.Forecast(8)
		for k, v := range ahead.Mean {
			if want := y[32+k]; math.Abs(v-want) > 0.02*max(math.Abs(want), 1) || !(ahead.Variance[k] >= 0) {
				t.Errorf("%s, %v: %d ahead is %v ± %v, want %v", name, m.Form, k+1, v, ahead.Variance[k], want)
			}
		}
	}
}

// A model that runs on over new values is where it would be, and its parts add up.
func TestFilter(t *testing.T) {
	y := sales(84)
	for _, name := range []string{"AAdN", "ANA", "AAA", "MAM"} {
		form, err := ets.ParseForm(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := ets.Fit(y[:70], 12, form)
		if err != nil {
			t.Fatal(err)
		}
		same, err := m.Filter(y[:70])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(same.Forecast(14).Mean, m.Forecast(14).Mean) {
			t.Errorf("%s: the same values give another forecast", name)
		}
		long, err := m.Filter(y)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(long.Fitted[:70], m.Fitted) || len(long.States) != 84 {
			t.Errorf("%s: the fitted values of before are others", name)
		}
		// the forecast of the first new value is the fitted one
		if a, b := m.Forecast(1).Mean[0], long.Fitted[70]; math.Abs(a-b) > 1e-9*b {
			t.Errorf("%s: forecast %v, fitted %v", name, a, b)
		}
		if len(m.States) != 70 || m.States[69].Level <= m.States[9].Level {
			t.Errorf("%s: levels %v", name, m.States)
		}
	}
}

func TestRefused(t *testing.T) {
	y := sales(40)
	zero := append([]float64{0}, y...)
	hole := append([]float64{math.NaN()}, y...)
	form := func(name string) ets.Form {
		f, err := ets.ParseForm(name)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range []struct {
		name   string
		y      []float64
		period int
		form   ets.Form
		class  fault.Class
	}{
		{"no form", y, 12, ets.Form{}, fault.Usage},
		{"a season of 1", y, 1, form("ANA"), fault.Usage},
		{"a long season", y, 52, form("ANA"), fault.Usage},
		{"zeros", zero, 12, form("MNN"), fault.Data},
		{"a missing value", hole, 12, form("ANN"), fault.Data},
		{"few values", y[:15], 12, form("AAA"), fault.Data},
		{"none", nil, 12, form("ANN"), fault.Data},
	} {
		if _, err := ets.Fit(c.y, c.period, c.form); !errors.Is(err, c.class) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := ets.Auto(y[:3], 1); !errors.Is(err, fault.Data) {
		t.Errorf("three values: %v", err)
	}
	for _, name := range []string{"", "AA", "XNN", "ANdN", "AMN", "AAdNN"} {
		if _, err := ets.ParseForm(name); !errors.Is(err, fault.Usage) {
			t.Errorf("form %q: %v", name, err)
		}
	}
	for n := 4; n < 40; n++ { // every length from the least on
		if _, err := ets.Auto(y[:n], 12); err != nil {
			t.Errorf("%d values: %v", n, err)
		}
	}
}

// Whatever the values are, a fit ends with an error or with numbers.
func FuzzFit(f *testing.F) {
	f.Add(2, 1.0, 2.0, 3.0, uint64(1))
	f.Add(12, 1e300, -1e-300, 0.0, uint64(2))
	f.Add(4, 5e-324, 1e308, -1e308, uint64(3))
	f.Add(3, 0.0, 1e-320, 1e-310, uint64(4))
	f.Add(7, 1e12, 1e12+1, 1e12-1, uint64(5))
	f.Add(12, 5e-324, 7.0, 7.0, uint64(6))
	f.Add(12, 1.8e8, 1.79e308, 1e12, uint64(7))
	f.Fuzz(func(t *testing.T, period int, a, b, c float64, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		y := make([]float64, r.IntN(60))
		for i := range y {
			y[i] = [...]float64{a, b, c}[r.IntN(3)]
		}
		forms := []string{"ANN", "AAN", "AAdN", "ANA", "AAdA", "ANM", "MNN", "MAdN", "MNA", "MAM", "MAdM"}
		form, err := ets.ParseForm(forms[r.IntN(len(forms))])
		if err != nil {
			t.Fatal(err)
		}
		m, err := ets.Fit(y, period%30, form)
		if err != nil {
			return
		}
		for _, v := range m.Forecast(20).Mean {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%v of %v: %v", m.Form, y, m.Forecast(20))
			}
		}
	})
}

func ExampleAuto() {
	m, err := ets.Auto(sales(72), 12)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := m.Forecast(3)
	q := f.Quantiles(0.1, 0.9)
	fmt.Println(m.Form)
	for k, v := range f.Mean {
		fmt.Printf("%.0f (%.0f to %.0f)\n", v, q[0][k], q[1][k])
	}
	last := m.States[71]
	fmt.Printf("level %.0f, trend %.1f, season of this month %.2f\n", last.Level, last.Trend, last.Season)
	// Output:
	// MAM
	// 245 (234 to 255)
	// 289 (277 to 301)
	// 316 (302 to 329)
	// level 243, trend 2.0, season of this month 0.84
}

func ExampleModel_Filter() {
	y := sales(72)
	m, err := ets.Auto(y[:60], 12)
	if err != nil {
		fmt.Println(err)
		return
	}
	for n := 60; n < 72; n += 4 { // new values come, the model stays
		now, err := m.Filter(y[:n])
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.0f, it became %.0f\n", now.Forecast(1).Mean[0], y[n])
	}
	// Output:
	// 218, it became 221
	// 284, it became 289
	// 173, it became 176
}

func BenchmarkAuto(b *testing.B) {
	y := sales(144)
	for b.Loop() {
		if _, err := ets.Auto(y, 12); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFit(b *testing.B) {
	y := sales(144)
	for b.Loop() {
		if _, err := ets.Fit(y, 12, ets.Form{Error: 'M', Trend: 'A', Season: 'M'}); err != nil {
			b.Fatal(err)
		}
	}
}

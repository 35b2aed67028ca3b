package ets_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/task/forecast/ets"
)

// A golden is what statsforecast makes of a series; see testdata/golden.py.
type golden struct {
	Set, Name string
	Period    int
	Y         []float64 // if the series was made for this
	Fixed     map[string][3]float64
	Auto      struct {
		Form  string
		Mean  []float64
		AICc  float64
		Bands [4]float64 // of the last step: 95 and 80 % from below, then from above
	}
	next []float64
}

func goldens(t *testing.T) (all []golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// read gives the goldens of public series their values.
func read(t *testing.T) (all []golden) {
	t.Helper()
	series := fixture.Competitions(t)
	for i, g := range goldens(t) {
		if testing.Short() && i%5 > 0 || g.Y != nil {
			continue
		}
		of := series[g.Set+" "+g.Name]
		g.Y, g.next = of.Past, of.Next
		all = append(all, g)
	}
	return all
}

// apart is the largest difference, in shares of what is wanted.
func apart(got, want []float64) (worst float64) {
	for i, v := range want {
		worst = max(worst, math.Abs(got[i]-v)/math.Abs(v))
	}
	return worst
}

func TestFixedForms(t *testing.T) {
	least := 0.95
	if testing.Short() { // a fifth of the series
		least = 0.9
	}
	near, all := map[string]int{}, map[string]int{}
	for _, g := range read(t) {
		h := len(g.Auto.Mean)
		for name, want := range g.Fixed {
			form, err := ets.ParseForm(name)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ets.Fit(g.Y, g.Period, form)
			if err != nil {
				t.Errorf("%s %s: %v", g.Name, name, err)
				continue
			}
			f := m.Forecast(h).Mean
			all[name]++
			if apart([]float64{f[0], f[h/2], f[h-1]}, want[:]) < 0.01 {
				near[name]++
			}
		}
	}
	for name, n := range all {
		share := float64(near[name]) / float64(n)
		t.Logf("%s: forecasts within 1 %% of statsforecast's on %d of %d series, %.1f %%", name, near[name], n, 100*share)
		if share < least {
			t.Errorf("%s is within 1 %% on %.1f %% of series only", name, 100*share)
		}
	}
}

func TestAuto(t *testing.T) {
	same, close, n := 0, 0, 0
	var smape, theirs float64
	for _, g := range read(t) {
		m, err := ets.Auto(g.Y, g.Period)
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		f := m.Forecast(len(g.Auto.Mean))
		n++
		if m.Form.String() == g.Auto.Form {
			same++
		} else {
			t.Logf("%s: %v %.3f; statsforecast %s %.3f", g.Name, m.Form, m.AICc, g.Auto.Form, g.Auto.AICc)
		}
		if math.Abs(m.AICc-g.Auto.AICc) < 0.5 {
			close++
		}
		smape += sMAPE(g.next, f.Mean)
		theirs += sMAPE(g.next, g.Auto.Mean)
	}
	t.Logf("of %d series %d have the form that statsforecast chooses, %d its AICc within 0.5; sMAPE %.4f, statsforecast %.4f", n, same, close, smape/float64(n), theirs/float64(n))
	if float64(same) < 0.9*float64(n) {
		t.Errorf("the same form on %d of %d series only", same, n)
	}
	if math.Abs(smape-theirs) > 0.005*theirs {
		t.Errorf("sMAPE %.4f, statsforecast %.4f", smape/float64(n), theirs/float64(n))
	}
}

// The made series are here for all, with bands of what adds and of errors that multiply.
func TestMadeSeries(t *testing.T) {
	for _, g := range goldens(t) {
		if g.Y == nil {
			continue
		}
		h := len(g.Auto.Mean)
		m, err := ets.Auto(g.Y, g.Period)
		if err != nil {
			t.Fatal(err)
		}
		f := m.Forecast(h)
		if m.Form.String() != g.Auto.Form || math.Abs(m.AICc-g.Auto.AICc) > 0.3 || apart(f.Mean, g.Auto.Mean) > 0.01 {
			t.Errorf("%s: %v, AICc %.3f, forecasts within %.3f; statsforecast has %s, %.3f", g.Name, m.Form, m.AICc, apart(f.Mean, g.Auto.Mean), g.Auto.Form, g.Auto.AICc)
		}
		for name, want := range g.Fixed {
			form, err := ets.ParseForm(name)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ets.Fit(g.Y, g.Period, form)
			if err != nil {
				t.Fatal(err)
			}
			f := m.Forecast(h).Mean
			if d := apart([]float64{f[0], f[h/2], f[h-1]}, want[:]); d > 0.02 {
				t.Errorf("%s %s: %v, statsforecast %v", g.Name, name, f, want)
			}
		}
	}
}

// The bands of the last step are those of statsforecast, which has the same variances of these
// forms.
func TestBands(t *testing.T) {
	same := map[string]bool{"ANN": true, "AAN": true, "AAdN": true, "ANA": true, "AAA": true, "MNN": true, "MAN": true, "MAdN": true, "MNA": true}
	checked, near := 0, 0
	for _, g := range read(t) {
		if !same[g.Auto.Form] {
			continue
		}
		m, err := ets.Auto(g.Y, g.Period)
		if err != nil {
			t.Fatal(err)
		}
		if m.Form.String() != g.Auto.Form {
			continue
		}
		h := len(g.Auto.Mean)
		f := m.Forecast(h)
		q := f.Quantiles(0.025, 0.1, 0.9, 0.975)
		checked++
		width := g.Auto.Bands[3] - g.Auto.Bands[0]
		ok := true
		for i, want := range g.Auto.Bands {
			ok = ok && math.Abs(q[i][h-1]-want) < 0.03*width
		}
		if ok {
			near++
		} else {
			t.Logf("%s %s: width %.4g, statsforecast %.4g", g.Name, g.Auto.Form, q[3][h-1]-q[0][h-1], width)
		}
	}
	t.Logf("bands within 3 %% of their width on %d of %d series", near, checked)
	if float64(near) < 0.98*float64(checked) {
		t.Errorf("bands within 3 %% of their width on %d of %d series only", near, checked)
	}
}

func sMAPE(y, f []float64) (e float64) {
	for i, v := range y {
		e += 200 * math.Abs(v-f[i]) / (math.Abs(v) + math.Abs(f[i])) / float64(len(y))
	}
	return e
}

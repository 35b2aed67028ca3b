package forecast

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
)

// quick is a config that trains in a moment.
func quick(season, horizon int) Config {
	return Config{Job: Job{Season: season, Horizon: horizon, Seed: 1}, Hidden: 8, Nets: 2, Epochs: 2, Steps: 20}
}

// years is a series with a year and noise.
func years(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	y := make([]float64, n)
	for t := range y {
		y[t] = 100 + 30*math.Sin(2*math.Pi*float64(t)/12) + 5*r.NormFloat64()
	}
	return y
}

// Shares and widths at an origin are of what is known by then: other values afterwards change
// nothing of the rehearsed forecast.
func TestChooseIsHonest(t *testing.T) {
	y := years(96, 3)
	rehearsed := func(y []float64) map[int]Forecast {
		s := data.Series{Y: y}
		rep, err := Backtest(t.Context(), quick(12, 6), task.Options{}, Plan{Origins: 8, Refit: 8, Stride: 2}, s)
		if err != nil {
			t.Fatal(err)
		}
		c := rep.Choose(Blend, s)
		of := map[int]Forecast{}
		for _, f := range rep.Folds {
			if f.Model == "blend" {
				of[f.Origin] = f.Forecast
			}
		}
		if len(of) != 8 || rep.Scores[0].Model != "blend" || rep.Choice != c {
			t.Fatalf("%d folds, scores %v", len(of), rep.Scores)
		}
		return of
	}
	a := rehearsed(y)
	const from = 96 - 6 - 3*2 // the fifth origin
	other := slices.Clone(y)
	for i := from; i < len(y); i++ {
		other[i] += 50
	}
	b := rehearsed(other)
	changed := false
	for o, f := range a {
		same := fmt.Sprint(f) == fmt.Sprint(b[o])
		if o <= from && !same {
			t.Errorf("the forecast from %d knows what comes after %d", o, from)
		}
		changed = changed || !same
	}
	if !changed {
		t.Error("other values change no forecast at all")
	}
}

// madeReport is a back-test in which models have errors of the given sizes.
func madeReport(series int, errors map[string]float64) (*Report, []data.Series) {
	r := &Report{Plan: Plan{Origins: 12, Stride: 3}, Model: modelName, Horizon: 3, Season: 1, Levels: []float64{0.8, 0.95}}
	random := rand.New(rand.NewPCG(5, 6))
	var all []data.Series
	for s := range series {
		y := make([]float64, 100)
		for t := range y {
			y[t] = random.NormFloat64()
		}
		all = append(all, data.Series{ID: fmt.Sprint("s", s), Y: y})
		for _, name := range candidates(r.Model, 1) {
			for j := range r.Origins {
				o := r.origin(all[s], j)
				f := NewForecast(3, r.Levels)
				for k := range 3 {
					f.Point[k] = y[o+k] + errors[name]*random.NormFloat64()
					for i := range f.Bands {
						f.Bands[i].Lo[k], f.Bands[i].Hi[k] = f.Point[k]-1, f.Point[k]+1
					}
				}
				r.Folds = append(r.Folds, Fold{name, s, o, f, y[o : o+3]})
			}
		}
	}
	return r, all
}

func TestChoose(t *testing.T) {
	// every model but two is far off: these share the forecast
	far := func(but map[string]float64) map[string]float64 {
		errors := map[string]float64{}
		for _, name := range candidates(modelName, 1) {
			errors[name] = 10
		}
		for name, e := range but {
			errors[name] = e
		}
		return errors
	}
	share := func(c *Choice, s Shares, name string) float64 { return s.Of[slices.Index(c.Models, name)] }
	for _, series := range []int{1, 3} {
		r, all := madeReport(series, far(map[string]float64{modelName: 1, "dotm": 1}))
		c := r.Choose(Blend, all...)
		for id, s := range c.Series {
			if s.Why != Won || share(c, s, modelName) < 0.2 || share(c, s, "dotm") < 0.2 || share(c, s, modelName)+share(c, s, "dotm") < 0.999 {
				t.Errorf("%d series, %s: %s by %s", series, id, c.Text(s), s.Why)
			}
		}
		if len(c.Series) != series || share(c, c.Others, "dotm") < 0.2 {
			t.Errorf("%v", c)
		}
		if !(r.Scores[0].MASE < 1.5 && r.Scores[0].MASE > 0) {
			t.Errorf("the blend has %v", r.Scores[0])
		}

		// best is one of them; a single good one is left alone by both
		r, all = madeReport(series, far(map[string]float64{"drift": 0.5, "dotm": 3}))
		for _, how := range []Choose{Best, Blend} {
			c := r.Choose(how, all...)
			for _, s := range c.Series {
				if c.Text(s) != "drift" || s.Why != map[Choose]Why{Best: Least, Blend: Single}[how] {
					t.Errorf("%v: %s by %s", how, c.Text(s), s.Why)
				}
			}
		}
	}
	if r, all := madeReport(1, far(nil)); r.Choose(NetOnly, all...) != nil || r.Choice != nil {
		t.Error("the net alone is no choice")
	}
}

// Two names of the same forecasts have one share.
func TestSharesOfTheSame(t *testing.T) {
	got := shares([]float64{1, 1, 1}, []float64{0, 0.1, 0.1}, 5)
	want := shares([]float64{1, 1}, []float64{0, 0.1}, 5)
	if got[2] != 0 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%v, want %v and 0", got, want)
	}
}

func TestSharesWithoutBacktest(t *testing.T) {
	c := untested(modelName, 12, false)
	sum := 0.0
	for _, v := range c.Others.Of {
		sum += v
	}
	if math.Abs(sum-1) > 1e-9 || !strings.Contains(c.Summary(), "Without a back-test the forecast is a mean: ") {
		t.Errorf("%v: %s", c, c.Summary())
	}
	w := c.withoutNet(c.Others)
	if w.Of[0] != 0 || math.Abs(w.Of[1]/w.Of[3]-1) > 1e-9 {
		t.Errorf("%v", w)
	}
	if w := c.withoutNet(Shares{Of: append([]float64{1}, make([]float64, len(c.Models)-1)...)}); !(slices.Max(w.Of) > 0.3) {
		t.Errorf("%v", w)
	}
}

// A model that has been saved forecasts what it did: by its choice, constants as such, short
// series without the net.
func TestChosenModelIsKept(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("unique_id,ds,y\n")
	for i, v := range years(72, 9) {
		fmt.Fprintf(&b, "year,%d-%02d,%g\n", 2000+i/12, i%12+1, v)
	}
	for i := range 30 {
		fmt.Fprintf(&b, "still,%d-%02d,7\n", 2000+i/12, i%12+1)
	}
	for i := range 4 {
		fmt.Fprintf(&b, "short,2000-%02d,%d\n", i+1, i)
	}
	file := filepath.Join(dir, "all.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	by, err := task.Find(Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []Choose{Blend, Best, NetOnly} {
		c := quick(12, 6)
		c.Choose, c.Preset = how, Small
		var notes []string
		m, err := by.Fit(t.Context(), &c, task.Data{Train: []string{file}}, task.Options{OnNote: func(s string) { notes = append(notes, s) }})
		if err != nil {
			t.Fatal(err)
		}
		trained := m.(*Trained)
		if all := strings.Join(notes, "; "); !strings.Contains(all, "constant, and forecast as such: still") || !strings.Contains(all, "forecast by baselines: short") {
			t.Errorf("notes: %s", all)
		}
		want, err := trained.Predict(t.Context(), trained.Series...)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) != 3 || want[1].Point[5] != 7 || want[1].Bands[2].Hi[0] != 7 || !(want[2].Point[0] > 1) {
			t.Fatalf("%v: %v", how, want)
		}
		path := filepath.Join(dir, "m.safetensors")
		if err := trained.Save(path, model.Training{}); err != nil {
			t.Fatal(err)
		}
		again, err := LoadAny(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Predict(t.Context(), trained.Series...)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v: %v, want %v, %v", how, got, want, err)
		}
		if (again.Asked().Choice == nil) != (how == NetOnly) {
			t.Errorf("%v: choice %v", how, again.Asked().Choice)
		}
		if _, ok := NetOf(again).(*Model); !ok {
			t.Errorf("the net is a %T", NetOf(again))
		}
		wide := again.(WithLevels).WithLevels([]float64{0.3, 0.9})
		fs, err := wide.Predict(t.Context(), trained.Series...)
		if err != nil || len(fs[0].Bands) != 2 || fs[0].Point[0] != want[0].Point[0] || !(fs[0].Bands[0].Hi[0] <= fs[0].Bands[1].Hi[0]) {
			t.Errorf("%v, %v", fs, err)
		}
		rolled, err := again.(Roller).Roll(t.Context(), trained.Series[0], []int{60, 72})
		if err != nil || fmt.Sprint(rolled[1]) != fmt.Sprint(want[0]) {
			t.Errorf("%v: rolled %v, want %v, %v", how, rolled, want[0], err)
		}
	}
}

// Whatever the series, forecasts are finite, their bands nested, and no further off than the
// history can bear.
func TestForecastsOfOddSeries(t *testing.T) {
	for name, y := range oddSeries() {
		t.Run(name, func(t *testing.T) {
			s := data.Series{Y: y}
			c := quick(7, 7)
			rep, err := Backtest(t.Context(), c, task.Options{}, Plan{}, s)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Fit(t.Context(), c, task.Options{}, s)
			if err != nil {
				t.Fatal(err)
			}
			rep.Calibrate(m)
			lo, hi := slices.Min(fill(y)), slices.Max(fill(y))
			for _, how := range []Choose{NetOnly, Best, Blend} {
				m.Choice = rep.Choose(how, s)
				fs, err := choosing(m).Predict(context.Background(), s)
				if err != nil {
					t.Fatal(err)
				}
				f := fs[0]
				for k, p := range f.Point {
					below, above := p, p
					for _, b := range f.Bands {
						if !(b.Lo[k] <= below && b.Hi[k] >= above) || math.IsInf(b.Hi[k]-b.Lo[k], 0) {
							t.Fatalf("%v, step %d: bands %v", how, k, f.Bands)
						}
						below, above = b.Lo[k], b.Hi[k]
					}
					if how != NetOnly && (below < lo-(hi-lo)-1e-9*(hi-lo) || above > hi+(hi-lo)+1e-9*(hi-lo)) {
						t.Errorf("%v, step %d: %g … %g after a history of %g … %g", how, k, below, above, lo, hi)
					}
				}
			}
		})
	}
}

func oddSeries() map[string][]float64 {
	r := rand.New(rand.NewPCG(1, 2))
	make1 := func(f func(t int) float64) []float64 {
		y := make([]float64, 70)
		for t := range y {
			y[t] = f(t)
		}
		return y
	}
	week := func(t int) float64 { return 10 * math.Sin(2*math.Pi*float64(t)/7) }
	noisy := make1(func(t int) float64 { return 50 + week(t) + r.NormFloat64() })
	times := func(by float64) []float64 { return make1(func(t int) float64 { return by * noisy[t] }) }
	return map[string][]float64{
		"shift": make1(func(t int) float64 {
			if t >= 50 {
				return 600 + week(t)
			}
			return 100 + week(t)
		}),
		"shift at the end": make1(func(t int) float64 { return noisy[t] + 1000*float64(t/68) }),
		"spike":            make1(func(t int) float64 { return noisy[t] + map[int]float64{30: 1e4}[t] }),
		"spike at the end": make1(func(t int) float64 { return noisy[t] + map[int]float64{69: 1e4}[t] }),
		"trend that breaks": make1(func(t int) float64 {
			return float64(max(t, 45))*20 - float64(t)*5 + r.NormFloat64()
		}),
		"nearly constant":  make1(func(t int) float64 { return 5 + 1e-9*r.NormFloat64() }),
		"constant and out": make1(func(t int) float64 { return 5 + float64(t/40)*r.Float64() }),
		"many zeros":       make1(func(t int) float64 { return float64(max(0, r.IntN(10)-8)) }),
		"zeros and spikes": make1(func(t int) float64 { return 1e6 * float64(max(0, r.IntN(20)-18)) }),
		"tiny":             times(1e-9),
		"huge":             times(1e12),
		"negative":         times(-1e12),
		"periodic":         make1(func(t int) float64 { return float64(t % 7) }),
		"growing":          make1(func(t int) float64 { return math.Exp(float64(t) / 10) }),
	}
}

// A series that repeats its season exactly still has a scale, that of its steps.
func TestMASEOfPeriodic(t *testing.T) {
	y := oddSeries()["periodic"]
	if e := SeasonalError(y, 7); math.IsNaN(e) || e != SeasonalError(y, 1) {
		t.Errorf("scale %v", e)
	}
}

// Demand that comes now and then is scored by the error of means: one that forecasts nothing is
// the better by MASE, which is of no use to who keeps the store.
func TestIntermittent(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	y := make([]float64, 120)
	for t := range y {
		if r.Float64() < 0.3 {
			y[t] = float64(1 + r.IntN(9))
		}
	}
	if !Intermittent(y) || Intermittent(years(60, 1)) || Intermittent([]float64{0, 0, -1, 3}) || Intermittent(make([]float64, 9)) {
		t.Error("what is intermittent")
	}
	s := data.Series{Y: y}
	rep := &Report{Plan: Plan{Origins: 24, Stride: 1}, Model: modelName, Horizon: 4, Season: 1, Levels: []float64{0.8, 0.95}}
	if _, err := rep.usable([]data.Series{s}); err != nil || !rep.Intermittent || rep.Metric() != "RMSSE" {
		t.Fatal(err, rep.Metric())
	}
	for _, name := range candidates(modelName, 1) {
		for j := range rep.Origins {
			o := rep.origin(s, j)
			f := NewForecast(4, rep.Levels)
			if name == "theta" {
				f.hold(1.5) // its mean
			}
			rep.Folds = append(rep.Folds, Fold{name, 0, o, f, y[o : o+4]})
		}
	}
	c := rep.Choose(Best, s)
	if got := c.Text(c.Series[""]); got != "theta" {
		t.Errorf("chosen: %s, want the mean", got)
	}
}

// A summary is of the series that are forecast, whichever the back-test had.
func TestSummary(t *testing.T) {
	of := func(why Why, shares ...float64) Shares { return Shares{Of: shares, Why: why} }
	c := &Choice{Models: []string{"recur", "ets", "theta"}, Others: of(Untested, 0.4, 0.6, 0), Series: map[string]Shares{
		"a": of(Won, 0.5, 0.5, 0), "b": of(Single, 0, 1, 0), "c": of(Least, 0, 0, 1), "gone": of(Won, 0.5, 0.5, 0)}}
	series := []data.Series{{ID: "a", Y: years(20, 1)}, {ID: "b", Y: years(20, 2)}, {ID: "c", Y: years(20, 3)}, {ID: "new", Y: years(20, 4)}, {ID: "still", Y: make([]float64, 20)}, {ID: "a short one", Y: []float64{1, 2, 3}}}
	if got, want := c.Summary(series...), "What forecasts the 6 series: blend 1, constant 1, ets 2, theta 1, untested mean 1."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for i, want := range []string{
		"The forecast is a blend: 0.50 recur, 0.50 ets.",
		"The forecast is that of ets, which no blend beats in the back-test.",
		"The forecast is that of theta, which has the least error in the back-test.",
		"The series was in no back-test, so that the forecast is that of others: 0.60 ets, 0.40 recur.",
		"Every value is the same, and so is the forecast.",
		"The series was in no back-test, so that the forecast is that of others: ets.",
	} {
		if got := c.Summary(series[i]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if c = (&Choice{Models: c.Models, Others: c.Others}); c.Summary(series[:2]...) != "Without a back-test the forecast is a mean: 0.60 ets, 0.40 recur." {
		t.Error(c.Summary(series[:2]...))
	}
}

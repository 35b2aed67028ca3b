package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/task/forecast/residual"
)

// Of days with dates, holidays and columns, the holidays and the columns that matter have effects:
// dates are what seasons are of.
func TestComponentsOfDays(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 7))
	var text strings.Builder
	text.WriteString("ds,y,price,open,weather,luck\n")
	start, _ := data.ParseTime("2021-01-01")
	daily, _ := data.ParseFreq("D")
	plain := &data.Table{Name: "days", Series: []data.Series{{Start: start, Freq: daily, Y: make([]float64, 730)}}}
	source := Source{Past: []string{"weather", "luck"}, Known: []string{"price", "open"}, Calendar: true, Holidays: []string{"us"}}
	if err := (Source{Holidays: source.Holidays}).Prepare(plain, 0); err != nil {
		t.Fatal(err)
	}
	holiday := plain.Series[0].Known[0]
	for k := range 730 {
		price, open, weather := 5+float64(r.IntN(9)), r.IntN(2), r.IntN(3)
		y := 300 + 40*math.Sin(2*math.Pi*float64(k)/7) - 4*price + 8*float64(open) + 15*float64(weather%2) - 60*holiday[k] + 5*r.NormFloat64()
		fmt.Fprintf(&text, "%s,%v,%v,%d,%s,%v\n", daily.Add(start, k), y, price, open, []string{"sun", "rain", "snow"}[weather], r.NormFloat64())
	}
	table, err := source.Read(strings.NewReader(text.String()), "days.csv")
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Prepare(table, 0); err != nil {
		t.Fatal(err)
	}
	j := &Job{Season: 7, Source: source, Covariates: table.Covariates}
	j.Learn(table.Series...)
	m := fake{j, nil}
	if names := Effects(m); !slices.Equal(names, []string{Holidays, "weather", "luck", "price", "open"}) {
		t.Fatalf("%q", names)
	}
	s := table.Series[0]
	for _, from := range []int{0, 100} {
		d := Components(m, s, from)
		var names []string
		for _, e := range d.Effects {
			names = append(names, e.Name)
			var least, most float64
			for _, v := range e.Y {
				least, most = min(least, v), max(most, v)
			}
			if want := map[string]float64{Holidays: 60, "weather": 15, "price": 32, "open": 8}[e.Name]; math.Abs(most-least-want) > 0.2*want {
				t.Errorf("from %d: the effect of %s is %v, want %v", from, e.Name, most-least, want)
			}
		}
		if fmt.Sprint(names) != "[holidays weather price open]" {
			t.Errorf("from %d: effects of %q", from, names)
		}
		for k := range d.Trend {
			sum := d.Trend[k] + d.Seasons[0][k] + d.Rest[k]
			for _, e := range d.Effects {
				sum += e.Y[k]
			}
			if math.Abs(sum-s.Y[from+k]) > 1e-9 {
				t.Fatalf("the parts of value %d add up to %v", from+k, sum)
			}
		}
	}
	if d := Components(fake{&Job{Season: 1}, nil}, data.Series{Y: []float64{1, 2, 3, 5, 4, 3, 5, 6, 7}}, 0); d != nil {
		t.Errorf("%+v of a series with nothing beside it and no season", d)
	}
}

// Spikes of six deviations are found in seasons of every kind, by and large also where the season
// grows, and next to nothing else is, nor where a level shifts.
func TestOutliersOfSeasons(t *testing.T) {
	wave := func(i, m int) float64 { return math.Sin(2 * math.Pi * float64(i) / float64(m)) }
	for _, c := range []struct {
		name        string
		season, n   int
		follow      float64 // of the noise
		least, most float64 // shares of spikes that are found, and of others
		at          func(i int) float64
	}{
		{"year", 12, 120, 0, 0.95, 0.003, func(i int) float64 { return 20*wave(i, 12) + float64(i)/10 }},
		{"year, noise that follows itself", 12, 120, 0.5, 0.95, 0.003, func(i int) float64 { return 20*wave(i, 12) + float64(i)/10 }},
		{"season that grows", 12, 144, 0, 0.75, 0.003, func(i int) float64 { return (100 + float64(i)) * (1 + wave(i, 12)/5) / 5 }},
		{"week", 7, 210, 0, 0.95, 0.003, func(i int) float64 { return 20 * float64(i%7/6) }},
		{"day and week", 24, 24 * 7 * 6, 0, 0.93, 0.003, func(i int) float64 { return 10*wave(i, 24) - 8*float64(i/24%7/5) }},
		{"shift", 12, 120, 0, 0.4, 0.003, func(i int) float64 { return 20*wave(i, 12) + 40*float64(i/61) }},
	} {
		r := rand.New(rand.NewPCG(9, uint64(c.n)))
		m := fake{&Job{Season: c.season}, nil}
		spikes, found, others, values := 0, 0, 0, 0
		for range 20 {
			y, noise := make([]float64, c.n), 0.0
			for i := range y {
				noise = c.follow*noise + r.NormFloat64()
				y[i] = c.at(i) + noise
			}
			flagged := func(y []float64) []residual.Outlier {
				s := data.Series{Y: y}
				return Outliers(m, s, 0, Components(m, s, 0))
			}
			values += 2 * len(y)
			others += len(flagged(y)) // of a clean one
			y = slices.Clone(y)
			was := map[int]float64{}
			for range c.n / 60 {
				at := r.IntN(c.n)
				if _, twice := was[at]; twice {
					continue
				}
				was[at] = y[at]
				y[at] += math.Copysign(6/math.Sqrt(1-c.follow*c.follow), r.Float64()-0.5)
			}
			spikes += len(was)
			for _, o := range flagged(y) {
				if _, ok := was[o.At]; !ok {
					others++
					continue
				}
				found++
				if far := math.Abs(o.Usual - was[o.At]); far > 6 {
					t.Errorf("%s: usual at %d is %v, %v off", c.name, o.At, o.Usual, far)
				}
			}
		}
		t.Logf("%s: %d of %d found, %d others of %d", c.name, found, spikes, others, values)
		if float64(found) < c.least*float64(spikes) || float64(others) > c.most*float64(values) {
			t.Errorf("%s: %d of %d found, %d others of %d", c.name, found, spikes, others, values)
		}
	}
}

// A season that grows with the level has no outliers of its own.
func TestOutliersOfGrowth(t *testing.T) {
	table, err := Source{}.table("airline")
	if err != nil {
		t.Fatal(err)
	}
	s, m := table.Series[0], fake{&Job{Season: 12}, nil}
	if found := Outliers(m, s, 0, Components(m, s, 0)); len(found) > 1 {
		t.Errorf("%+v", found)
	}
	s.Y[70] *= 2
	if found := Outliers(m, s, 0, Components(m, s, 0)); len(found) == 0 || len(found) > 2 || found[0].At != 70 {
		t.Errorf("%+v", found)
	}
}

// A value that holidays explain is no outlier.
func TestOutliersOfEffects(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	s := data.Series{Known: [][]float64{make([]float64, 200)}}
	for k := range 200 {
		if k%37 == 11 {
			s.Known[0][k] = 1
		}
		s.Y = append(s.Y, 50+10*math.Sin(2*math.Pi*float64(k)/7)+25*s.Known[0][k]+r.NormFloat64())
	}
	s.Y[100] += 12
	m := fake{&Job{Season: 7, Covariates: []data.Covariate{{Name: "fair", Role: data.Known}}}, nil}
	found := Outliers(m, s, 7, Components(m, s, 7))
	if len(found) != 1 || found[0].At != 100 {
		t.Errorf("%+v", found)
	}
	s.Y[48] += 12 // a fair
	if found := Outliers(m, s, 7, Components(m, s, 7)); len(found) != 2 || found[0].At != 48 || math.Abs(found[0].Usual-s.Y[48]+12) > 6 {
		t.Errorf("%+v", found)
	}
}

package season_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/recur-go/recur/task/forecast/season"
)

// follows is noise that follows itself as AR(1).
func follows(r *rand.Rand, n int, phi float64) []float64 {
	y := make([]float64, n)
	for t := range y {
		y[t] = r.NormFloat64()
		if t > 0 {
			y[t] += phi * y[t-1]
		}
	}
	return y
}

func deviation(y []float64) float64 {
	var mean, square float64
	for _, v := range y {
		mean += v / float64(len(y))
	}
	for _, v := range y {
		square += (v - mean) * (v - mean)
	}
	return math.Sqrt(square / float64(len(y)))
}

// apartBy is how far two series are from each other, but for a constant, in deviations of the second.
func apartBy(a, b []float64) float64 {
	d := slices.Clone(a)
	for t, v := range b {
		d[t] -= v
	}
	return deviation(d) / deviation(b)
}

// A known effect of a season of its own, of one that bends, of days and of categories is found
// within the noise, also where values are missing; all parts add up to the series.
func TestExplain(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 7))
	const n = 730
	warmth, wind, noise := follows(r, n, 0.7), follows(r, n, 0.3), follows(r, n, 0.6)
	useless := follows(r, n, 0.5)
	days, weather := make([]float64, n), make([]float64, n)
	known := slices.Repeat([]bool{true}, n)
	y := make([]float64, n)
	want := map[string][]float64{}
	for k := range n {
		warmth[k] += 3 * math.Sin(2*math.Pi*float64(k)/7)
		if k%61 == 13 {
			days[k] = 1
		}
		if r.IntN(3) == 0 {
			weather[k] = 1
		}
		bent := math.Abs(wind[k]) * 4
		for name, v := range map[string]float64{"warmth": 5 * warmth[k], "wind": bent, "holidays": -30 * days[k], "weather": 6 * weather[k]} {
			want[name] = append(want[name], v)
		}
		y[k] = 100 + 0.1*float64(k) + 12*math.Cos(2*math.Pi*float64(k)/7) + 5*warmth[k] + bent - 30*days[k] + 6*weather[k] + 2*noise[k]
		if k%10 == 3 { // not known: filled with anything near
			known[k], y[k] = false, y[k-1]
		}
	}
	for _, scale := range []float64{1, -1e-9, 1e12} {
		x := slices.Clone(y)
		for k := range x {
			x[k] *= scale
		}
		gap := slices.Clone(warmth)
		gap[100] = math.NaN()
		d, err := season.Explain(x, known, []float64{7}, []season.Beside{
			{Name: "useless", Columns: [][]float64{useless}, Bends: true},
			{Name: "warmth", Columns: [][]float64{gap}, Bends: true},
			{Name: "wind", Columns: [][]float64{wind}, Bends: true},
			{Name: "weather", Columns: [][]float64{weather}},
			{Name: "holidays", Columns: [][]float64{days, make([]float64, n)}, Days: true},
			{Name: "constant", Columns: [][]float64{slices.Repeat([]float64{3}, n)}, Bends: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range d.Effects {
			names = append(names, f.Name)
			truth := slices.Clone(want[f.Name])
			for k := range truth {
				truth[k] *= scale
			}
			if far := apartBy(f.Y, truth); f.Name == "warmth" && far > 0.05 || far > 0.25 || !(f.Share > 0.05 && f.Share < 1) {
				t.Errorf("times %g: the effect of %s is off by %.3f of it, its share %.3f", scale, f.Name, far, f.Share)
			}
			if f.Name == "holidays" && (f.Y[0] != 0 || math.Abs(f.Y[13]/scale+30) > 3) {
				t.Errorf("times %g: holidays %v and %v", scale, f.Y[0], f.Y[13]/scale)
			}
		}
		if fmt.Sprint(names) != "[warmth wind weather holidays]" {
			t.Errorf("times %g: effects of %v", scale, names)
		}
		for k, v := range x {
			sum := d.Trend[k] + d.Seasons[0][k] + d.Rest[k]
			for _, f := range d.Effects {
				sum += f.Y[k]
			}
			if math.Abs(sum-v) > 1e-10*math.Abs(scale)*200 {
				t.Fatalf("times %g: the parts at %d add up to %v, not to %v", scale, k, sum, v)
			}
		}
	}
}

// What has nothing to do with a series is hardly ever found to have an effect, with and without a season,
// also if both wander.
func TestExplainByChance(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	const trials, n = 200, 156
	for _, phi := range []float64{0, 0.7, 1} {
		for _, periods := range [][]float64{nil, {12}} {
			found := 0
			for range trials {
				d, err := season.Explain(follows(r, n, phi), nil, periods, []season.Beside{
					{Name: "a", Columns: [][]float64{follows(r, n, phi)}, Bends: true},
					{Name: "b", Columns: [][]float64{follows(r, n, 0)}, Bends: true},
				})
				if err != nil {
					t.Fatal(err)
				}
				if d.Effects != nil {
					found++
				}
			}
			t.Logf("φ %v, seasons %v: %d of %d", phi, periods, found, trials)
			if found > trials*3/100 {
				t.Errorf("φ %v, seasons %v: %d of %d", phi, periods, found, trials)
			}
		}
	}
}

// What a trend and a season of its own make up cannot be told from those of the series.
func TestExplainTellsNothingOfTrends(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	const n = 120
	line, wave, y := make([]float64, n), make([]float64, n), follows(r, n, 0)
	for k := range n {
		line[k], wave[k] = float64(k), math.Sin(2*math.Pi*float64(k)/12)
		y[k] += line[k] + 10*wave[k]
	}
	d, err := season.Explain(y, nil, []float64{12}, []season.Beside{{Name: "line", Columns: [][]float64{line}}, {Name: "wave", Columns: [][]float64{wave}}})
	if err != nil || d.Effects != nil {
		t.Errorf("%v: %+v", err, d.Effects)
	}
	for _, bad := range [][]float64{{1, math.NaN(), 2}, {1, math.Inf(1)}} {
		if _, err := season.Explain(bad, nil, nil, nil); err == nil {
			t.Errorf("%v is explained", bad)
		}
	}
	if d, err := season.Explain(nil, nil, nil, nil); err != nil || len(d.Trend) != 0 {
		t.Errorf("%v: %+v", err, d)
	}
}

// What goes with a fair, which is held now and then, is told from the season.
func ExampleExplain() {
	fair := make([]float64, 60)
	for _, t := range []int{4, 15, 27, 38, 50, 59} {
		fair[t] = 1
	}
	visits := make([]float64, 60)
	for t := range visits {
		visits[t] = 100 + 10*math.Sin(2*math.Pi*float64(t)/12) + float64(t*t%7)/7 + 40*fair[t]
	}
	d, err := season.Explain(visits, nil, []float64{12}, []season.Beside{{Name: "fair", Columns: [][]float64{fair}, Days: true}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range d.Effects {
		fmt.Printf("%s: %.0f, on other days %.0f\n", e.Name, e.Y[4], e.Y[5])
	}
	// Output: fair: 40, on other days 0
}

package season_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task/forecast/season"
)

// made is the series of testdata/golden.py.
func made(n int, periods []float64) []float64 {
	state := 12345
	return series(n, func(t int) float64 {
		state = (state*1103515245 + 12345) % 2147483648
		v := 50 + 0.02*float64(t) + 3*(float64(state)/2147483648-0.5)
		for i, p := range periods {
			v += float64(10+5*i) * math.Sin(2*math.Pi*float64(t)/p) * (1 + float64(t)/float64(n)/2)
		}
		if t%97 == 50 {
			v += 40
		}
		return v
	})
}

// The parts are those of statsmodels' STL, in the loop of statsforecast's MSTL.
func TestDecomposeGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		N       int
		Periods []float64
		Robust  bool
		At      []int
		Trend   []float64
		Seasons [][]float64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		y := made(c.N, c.Periods)
		d, err := season.Decompose(y, c.Periods, c.Robust)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range c.At {
			if math.Abs(d.Trend[at]-c.Trend[i]) > 1e-6 {
				t.Errorf("%d values, seasons %v, robust %v: trend at %d is %v, want %v", c.N, c.Periods, c.Robust, at, d.Trend[at], c.Trend[i])
			}
			for j, s := range c.Seasons {
				if math.Abs(d.Seasons[j][at]-s[i]) > 1e-6 {
					t.Errorf("%d values, seasons %v, robust %v: season %d at %d is %v, want %v", c.N, c.Periods, c.Robust, j, at, d.Seasons[j][at], s[i])
				}
			}
		}
		for at, v := range y { // parts add up
			for _, s := range d.Seasons {
				v -= s[at]
			}
			if math.Abs(v-d.Trend[at]-d.Rest[at]) > 1e-9 || math.Abs(v-d.Adjusted()[at]) > 1e-9 {
				t.Fatalf("the parts at %d do not add up", at)
			}
		}
	}
}

// Seasons of hours and of whole and broken periods are found, and nothing else.
func TestFind(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	wave := func(p float64, t int) float64 { return 10 * math.Sin(2*math.Pi*float64(t)/p) }
	for _, c := range []struct {
		name string
		n, m int
		f    func(t int) float64
		want []float64
	}{
		{"day", 24 * 20, 24, func(t int) float64 { return wave(24, t) }, []float64{24}},
		{"day and week", 24 * 20, 24, func(t int) float64 { return wave(24, t) + wave(168, t) }, []float64{24, 168}},
		{"weekends", 24 * 20, 24, func(t int) float64 { return wave(24, t) + 10*float64(t/24%7/5) }, []float64{24, 168}},
		{"week of hours only", 24 * 20, 24, func(t int) float64 { return wave(168, t) }, []float64{168}},
		{"quarters of an hour", 96 * 20, 96, func(t int) float64 { return wave(96, t) + wave(672, t) }, []float64{96, 672}},
		{"week and year", 800, 7, func(t int) float64 { return wave(7, t) + wave(365.25, t) }, []float64{7, 365.25}},
		{"less than two years", 700, 7, func(t int) float64 { return wave(7, t) + wave(365.25, t) }, []float64{7}},
		{"year of weeks", 160, 52, func(t int) float64 { return wave(365.25/7, t) }, []float64{365.25 / 7}},
		{"noise", 160, 52, func(t int) float64 { return 0 }, nil},
	} {
		y := series(c.n, func(t int) float64 { return 100 + c.f(t) + 2*r.NormFloat64() })
		if got := season.Find(y, season.Candidates(c.m)); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v, want %v", c.name, got, c.want)
		}
	}
}

// What goes on for ever is carried ahead, also by periods that are not whole.
func TestAhead(t *testing.T) {
	for _, periods := range [][]float64{{12}, {24, 168}, {365.25 / 7}} {
		n, h := int(periods[len(periods)-1]*8), 100
		f := func(t int) (v float64) {
			for _, p := range periods {
				v += 10 * math.Sin(2*math.Pi*float64(t)/p)
			}
			return v
		}
		d, err := season.Decompose(series(n, f), periods, false)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range d.Ahead(h) {
			if math.Abs(v-f(n+k)) > 1.5 {
				t.Errorf("seasons of %v: %d ahead is %.2f, want %.2f", periods, k+1, v, f(n+k))
				break
			}
		}
	}
}

func TestDecomposeRefused(t *testing.T) {
	for _, c := range []struct {
		y       []float64
		periods []float64
		class   fault.Class
	}{
		{make([]float64, 23), []float64{12}, fault.Data},
		{make([]float64, 24), []float64{1}, fault.Data},
		{make([]float64, 24), []float64{math.NaN()}, fault.Data},
		{append(make([]float64, 24), math.NaN()), []float64{12}, fault.Data},
		{make([]float64, 24), nil, fault.Usage},
	} {
		if _, err := season.Decompose(c.y, c.periods, false); !errors.Is(err, c.class) {
			t.Errorf("%d values, seasons %v: %v", len(c.y), c.periods, err)
		}
	}
}

func FuzzDecompose(f *testing.F) {
	f.Add(12, 1.0, 2.0, 3.0, uint64(1), true)
	f.Add(2, 1e300, -1e300, 0.0, uint64(2), true)
	f.Fuzz(func(t *testing.T, m int, a, b, c float64, seed uint64, robust bool) {
		r := rand.New(rand.NewPCG(seed, 0))
		y := series(r.IntN(100), func(int) float64 { return [...]float64{a, b, c}[r.IntN(3)] })
		if d, err := season.Decompose(y, []float64{float64(m % 50), 2.5}, robust); err == nil {
			d.Ahead(30)
		}
	})
}

func ExampleDecompose() {
	var load []float64 // hours of four weeks
	for t := range 24 * 28 {
		v := 100 + 30*math.Sin(2*math.Pi*float64(t)/24)
		if t/24%7 >= 5 {
			v -= 20
		}
		load = append(load, v)
	}
	periods := season.Find(load, season.Candidates(24))
	d, err := season.Decompose(load, periods, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("seasons of", d.Periods, "steps")
	fmt.Printf("on Monday at six %+.0f, on Saturday %+.0f\n", d.Ahead(168)[6], d.Ahead(168)[5*24+6])
	// Output:
	// seasons of [24 168] steps
	// on Monday at six +36, on Saturday +16
}

func BenchmarkDecompose(b *testing.B) {
	y := made(20000, []float64{24, 168})
	for b.Loop() {
		if _, err := season.Decompose(y, []float64{24, 168}, false); err != nil {
			b.Fatal(err)
		}
	}
}

package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestStrays(t *testing.T) {
	base := func(n int) []float64 {
		r := rand.New(rand.NewPCG(4, 2))
		y := make([]float64, n)
		for i := range y {
			y[i] = 100 + 10*math.Sin(float64(i)/2) + r.NormFloat64()
		}
		return y
	}
	with := func(y []float64, put map[int]float64) []float64 {
		for i, v := range put {
			y[i] = v
		}
		return y
	}
	growth, tail, counts := base(60), base(1000), base(80)
	for i := range growth {
		growth[i] = math.Pow(1.2, float64(i))
	}
	r := rand.New(rand.NewPCG(4, 3))
	for i := range tail {
		tail[i] = math.Exp(1.2 * r.NormFloat64())
	}
	for i := range counts {
		counts[i] = 0
		if i%9 == 0 {
			counts[i] = 1
		}
	}
	shift := base(60)
	for i := 57; i < 60; i++ {
		shift[i] += 1000
	}
	for name, c := range map[string]struct {
		y    []float64
		want []int
	}{
		"none":              {base(60), nil},
		"one too large":     {with(base(60), map[int]float64{30: 5095}), []int{30}},
		"two, both sides":   {with(base(200), map[int]float64{30: 9000, 80: -9999}), []int{30, 80}},
		"the last":          {with(base(60), map[int]float64{59: 5095}), []int{59}},
		"two in a row":      {with(base(300), map[int]float64{100: 5095, 101: 5100}), []int{100, 101}},
		"a new level":       {shift, nil},
		"growth":            {growth, nil},
		"a long tail":       {tail, nil},
		"intermittent":      {with(counts, map[int]float64{40: 100}), nil},
		"missing beside it": {with(base(60), map[int]float64{29: math.NaN(), 30: 5095}), []int{30}},
		"too few values":    {with(base(19), map[int]float64{5: 5095}), nil},
		"a constant":        {with(slices.Repeat([]float64{3}, 40), map[int]float64{5: 5095}), nil},
	} {
		if got := strays(c.y); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestStraysOfFiles reads a file with one, which is a missing value unless it is to be kept.
func TestStraysOfFiles(t *testing.T) {
	var b strings.Builder
	b.WriteString("ds,y\n")
	for i := range 40 {
		v := 100 + i%7
		if i == 12 {
			v = 10400
		}
		fmt.Fprintf(&b, "%d-%02d-01,%d\n", 2000+i/12, i%12+1, v)
	}
	file := filepath.Join(t.TempDir(), "sales.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, keep := range []bool{false, true} {
		table, err := Source{KeepOutliers: keep}.readAll([]string{file})
		if err != nil {
			t.Fatal(err)
		}
		note := strings.Join(table.Notes, "\n")
		if gone := math.IsNaN(table.Series[0].Y[12]); gone == keep || strings.Contains(note, "10400 at 2001-01-01 (--keep-outliers keeps") == keep {
			t.Errorf("kept %v: missing %v, notes %q", keep, gone, note)
		}
	}
}

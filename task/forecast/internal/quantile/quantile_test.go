package quantile

import (
	"math"
	"slices"
	"testing"
)

func TestLadder(t *testing.T) {
	const n = 5
	l := Ladder(n)
	in, want := []float64{10, 1, 2, 3, 4}, []float64{7, 9, 10, 13, 17}
	for j, w := range want {
		got := 0.0
		for i, v := range in {
			got += v * float64(l.Data[i*n+j])
		}
		if got != w {
			t.Errorf("quantile %d is %v, want %v", j, got, w)
		}
	}
}

func TestSamples(t *testing.T) {
	if got := At([]float64{1, 2, 4}, 0.75); got != 3 {
		t.Errorf("At 0.75 is %v, want 3", got)
	}
	if got := At([]float64{1, 2, 4}, 1); got != 4 {
		t.Errorf("At 1 is %v, want 4", got)
	}
	if got := Median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("Median is %v, want 2.5", got)
	}
	if got := Normal(0.975); math.Abs(got-1.959964) > 1e-6 {
		t.Errorf("Normal(0.975) is %v, want 1.959964", got)
	}
}

func TestDefaults(t *testing.T) {
	asked := []float64{0.9, 0.5}
	if got := Levels(asked); !slices.Equal(got, []float64{0.5, 0.9}) || asked[0] != 0.9 {
		t.Errorf("levels %v of %v", got, asked)
	}
	if got := Levels(nil); !slices.Equal(got, []float64{0.5, 0.8, 0.95}) {
		t.Errorf("levels %v", got)
	}
	for _, c := range [][3]int{{0, 1, 12}, {0, 7, 7}, {3, 7, 3}, {3, 1, 3}} {
		if got := Horizon(c[0], c[1]); got != c[2] {
			t.Errorf("horizon %d of %v", got, c)
		}
	}
	if got := Params(3, 5); got != 15 {
		t.Errorf("3 nets of 5 have %d parameters", got)
	}
	if got := Params(math.MaxInt/2+1, 4); got != math.MaxInt {
		t.Errorf("the most nets of 4 have %d parameters", got)
	}
}

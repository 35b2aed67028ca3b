package metrics

import (
	"fmt"
	"math"
)

// A Confusion counts labels: [label that is right][label that was predicted].
type Confusion [][]int

// NewConfusion counts the labels got by those want, both from 0 to n-1.
func NewConfusion(n int, want, got []int) Confusion {
	if len(want) != len(got) {
		panic(fmt.Sprintf("metrics.NewConfusion: %d labels and %d answers", len(want), len(got)))
	}
	c := make(Confusion, n)
	for i := range c {
		c[i] = make([]int, n)
	}
	for i := range want {
		c[want[i]][got[i]]++
	}
	return c
}

// Accuracy is the share of right answers.
func (c Confusion) Accuracy() float64 {
	right, total := 0, 0
	for i, row := range c {
		right += row[i]
		for _, n := range row {
			total += n
		}
	}
	return float64(right) / float64(total)
}

// F1 is the harmonic mean of precision and recall of each label, NaN for one that
// was neither right nor predicted.
func (c Confusion) F1() []float64 {
	f := make([]float64, len(c))
	for i := range c {
		want, got := 0, 0
		for j := range c {
			want += c[i][j]
			got += c[j][i]
		}
		f[i] = 2 * float64(c[i][i]) / float64(want+got)
	}
	return f
}

// MacroF1 is the mean of F1 over the labels that have one.
func (c Confusion) MacroF1() float64 { return mean(c.F1()) }

func mean(v []float64) float64 {
	sum, n := 0.0, 0
	for _, x := range v {
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	return sum / float64(n)
}

// A Sets scores answers of any number of labels each.
type Sets struct {
	Exact   float64   // share of items of which all labels are right
	MicroF1 float64   // F1 of all labels together
	MacroF1 float64   // mean of F1 over labels
	F1      []float64 // F1 of each label; NaN if it was neither right nor predicted
}

// ScoreSets scores got against want: for each item, whether each label holds.
func ScoreSets(want, got [][]bool) (s Sets) {
	if len(want) != len(got) || len(want) == 0 {
		panic(fmt.Sprintf("metrics.ScoreSets: %d items and %d answers", len(want), len(got)))
	}
	right, all := make([]int, len(want[0])), make([]int, len(want[0]))
	exact := 0
	for i := range want {
		same := true
		for l, holds := range want[i] {
			same = same && holds == got[i][l]
			if holds {
				all[l]++
			}
			if got[i][l] {
				all[l]++
			}
			if holds && got[i][l] {
				right[l]++
			}
		}
		if same {
			exact++
		}
	}
	r, a := 0, 0
	for l := range right {
		s.F1 = append(s.F1, 2*float64(right[l])/float64(all[l]))
		r, a = r+right[l], a+all[l]
	}
	s.Exact, s.MicroF1, s.MacroF1 = float64(exact)/float64(len(want)), 2*float64(r)/float64(a), mean(s.F1)
	return s
}

// A Bin is the answers that were given with about the same confidence.
type Bin struct {
	N          int
	Confidence float64 // mean, 0 to 1
	Accuracy   float64
}

// Calibration sorts answers into n bins of equal width by their confidence (the
// probability of the label that was predicted), and gives the expected calibration error:
// the mean distance of a bin's accuracy from its confidence (Guo et al. 2017).
func Calibration(n int, confidence []float64, right []bool) (bins []Bin, ece float64) {
	bins = make([]Bin, n)
	for i, p := range confidence {
		b := &bins[min(int(p*float64(n)), n-1)]
		b.N++
		b.Confidence += p
		if right[i] {
			b.Accuracy++
		}
	}
	for i := range bins {
		b := &bins[i]
		if b.N == 0 {
			continue
		}
		ece += math.Abs(b.Accuracy-b.Confidence) / float64(len(confidence))
		b.Confidence /= float64(b.N)
		b.Accuracy /= float64(b.N)
	}
	return bins, ece
}

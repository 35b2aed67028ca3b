package metrics

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

// The golden file is of sacreBLEU itself: testdata/make_sacrebleu.py.
func TestSacreBLEU(t *testing.T) {
	b, err := os.ReadFile("testdata/sacrebleu.json")
	if err != nil {
		t.Fatal(err)
	}
	type bleu struct {
		Score      float64
		Precisions [4]float64
		BP         float64
		Words      int
		Refs       int
	}
	var cases []struct {
		Hyps      []string
		Refs      [][]string
		ChrF      float64 `json:"chrf"`
		ChrFPlus  float64 `json:"chrf++"`
		Tok13a    bleu    `json:"13a"`
		None      bleu    `json:"none"`
		Char      bleu    `json:"char"`
		Sentence  bleu    `json:"sentence 13a"`
		SentNone  bleu    `json:"sentence none"`
		SentChars bleu    `json:"sentence char"`
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 40 {
		t.Fatalf("%d cases", len(cases))
	}
	same := func(i int, what string, got BLEUScore, want bleu) {
		t.Helper()
		ok := near(got.Score, want.Score) && near(got.Brevity, want.BP) && got.Words == want.Words && got.References == want.Refs
		for n := range 4 {
			ok = ok && near(got.Precisions[n], want.Precisions[n])
		}
		if !ok {
			t.Errorf("case %d, %s: %+v, sacreBLEU says %+v", i, what, got, want)
		}
	}
	for i, c := range cases {
		var firsts []string
		for _, r := range c.Refs {
			firsts = append(firsts, r[0])
		}
		same(i, "13a", BLEU(c.Hyps, Tok13a, c.Refs...), c.Tok13a)
		same(i, "none", BLEU(c.Hyps, TokNone, c.Refs...), c.None)
		same(i, "char", BLEU(c.Hyps, TokChar, c.Refs...), c.Char)
		same(i, "sentence", SentenceBLEU(c.Hyps[0], "", firsts...), c.Sentence)
		same(i, "sentence none", SentenceBLEU(c.Hyps[0], TokNone, firsts...), c.SentNone)
		same(i, "sentence char", SentenceBLEU(c.Hyps[0], TokChar, firsts...), c.SentChars)
		if got := ChrF(c.Hyps, c.Refs...); !near(got, c.ChrF) {
			t.Errorf("case %d: chrF %v, sacreBLEU says %v", i, got, c.ChrF)
		}
		if got := ChrFPlus(c.Hyps, c.Refs...); !near(got, c.ChrFPlus) {
			t.Errorf("case %d: chrF++ %v, sacreBLEU says %v", i, got, c.ChrFPlus)
		}
	}
}

func TestConfusion(t *testing.T) {
	c := NewConfusion(4, []int{0, 0, 0, 1, 1, 2}, []int{0, 0, 1, 1, 2, 2})
	if want := (Confusion{{2, 1, 0, 0}, {0, 1, 1, 0}, {0, 0, 1, 0}, {0, 0, 0, 0}}); !reflect.DeepEqual(c, want) {
		t.Errorf("%v", c)
	}
	f := c.F1() // 2·2/(3+2), 2·1/(2+2), 2·1/(1+2); label 3 never stands
	if !near(c.Accuracy(), 4.0/6) || !near(f[0], 0.8) || !near(f[1], 0.5) || !near(f[2], 2.0/3) || !math.IsNaN(f[3]) {
		t.Errorf("accuracy %v, F1 %v", c.Accuracy(), f)
	}
	if got := c.MacroF1(); !near(got, (0.8+0.5+2.0/3)/3) {
		t.Errorf("macro F1 %v", got)
	}
}

func TestSets(t *testing.T) {
	so := [][]bool{{true, false, false}, {true, true, false}, {false, true, false}}
	said := [][]bool{{true, false, false}, {true, false, false}, {true, true, false}}
	s := ScoreSets(so, said) // label 0: 2 of 2+3, label 1: 1 of 2+1
	if !near(s.Exact, 1.0/3) || !near(s.F1[0], 0.8) || !near(s.F1[1], 2.0/3) || !near(s.MicroF1, 6.0/8) || !near(s.MacroF1, (0.8+2.0/3)/2) {
		t.Errorf("%+v", s)
	}
}

func TestCalibration(t *testing.T) {
	bins, ece := Calibration(2, []float64{0.2, 0.4, 0.9, 1}, []bool{true, false, true, true})
	// 0.3 sure and 0.5 right, 0.95 sure and all right: (0.2 + 0.05)/2
	if !near(ece, 0.125) || bins[0].N != 2 || !near(bins[0].Accuracy, 0.5) || !near(bins[1].Confidence, 0.95) {
		t.Errorf("%v %+v", ece, bins)
	}
}

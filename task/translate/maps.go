package translate

import (
	"math"

	"github.com/recur-go/recur/task"
)

// Heat is the attention of t in hundredths, nil without one: a row for each token that was
// written, with its weights of the source's tokens.
func (t Translation) Heat() *task.Heat {
	if t.Weights == nil {
		return nil
	}
	h := &task.Heat{Rows: t.Tokens, Cols: t.Source}
	for _, row := range t.Weights {
		var values []float64
		for _, v := range row {
			values = append(values, math.Round(100*float64(v))/100)
		}
		h.Values = append(h.Values, values)
	}
	return h
}

// maps adds to r the attention over the first sentences that are not long.
func (m *Model) maps(r *task.Result, pairs []Pair, written [][]Translation) {
	if m.Attention == None {
		return
	}
	file := "attention"
	for i := range pairs {
		t := written[i][0]
		if len(t.Source) == 0 || max(len(t.Source), len(t.Tokens)) > 30 {
			continue
		}
		r.Parts = append(r.Parts, task.Part{
			Title: "Attention: " + t.Text, Note: "Each row is a token that was written, with its weights of the source's tokens.",
			Heat: t.Heat(), File: file,
		})
		file = "" // the first one only
		if len(r.Parts) >= 7 {
			break
		}
	}
}

package translate

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/task"
)

// Draw draws where a model looked as it wrote each token, down, at each of the source,
// across: as "html" a page of all translations, as "svg" or "png" the first one. (A PNG
// has letters of Latin, Greek and Cyrillic; other tokens are numbered.)
func Draw(w io.Writer, format string, all ...Translation) error {
	if len(all) == 0 {
		return fmt.Errorf("translate: there is no translation to draw")
	}
	if format != "html" {
		return all[0].heat().Write(w, all[0].Text, format)
	}
	page := &chart.Page{Title: "Where the model looked", Subtitle: "Each row is a token that was written, with its weights of the source's tokens.", Footer: "Made by recur."}
	for _, t := range all {
		page.Tables = append(page.Tables, chart.Table{Title: t.Text, Best: -1, Heat: t.heat()})
	}
	return page.Write(w)
}

// heat is the attention of t in hundredths.
func (t Translation) heat() *chart.Heat {
	h := &chart.Heat{Rows: t.Tokens, Cols: t.Source}
	for _, row := range t.Weights {
		var values []float64
		for _, v := range row {
			values = append(values, math.Round(100*float64(v))/100)
		}
		h.Values = append(h.Values, values)
	}
	return h
}

// maps adds to r where the model looked in the first sentences that are not long, and of
// one of them as pictures.
func (m *Model) maps(r *task.Result, pairs []Pair, said [][]Translation) error {
	if m.Attention == None {
		return nil
	}
	for i := range pairs {
		t := said[i][0]
		if len(t.Source) == 0 || max(len(t.Source), len(t.Tokens)) > 30 {
			continue
		}
		heat := t.heat()
		r.Parts = append(r.Parts, task.Part{
			Title: "Where it looked: " + t.Text, Note: "Each row is a token that was written, with its weights of the source's tokens.",
			Heat: &task.Heat{Rows: heat.Rows, Cols: heat.Cols, Values: heat.Values},
		})
		if len(r.Files) == 0 {
			for _, format := range []string{"svg", "png"} {
				var b bytes.Buffer
				if err := Draw(&b, format, t); err != nil {
					return err
				}
				r.Files = append(r.Files, task.Named{Name: "attention." + format, Data: b.Bytes()})
			}
		}
		if len(r.Files) > 0 && len(r.Parts) >= 7 {
			break
		}
	}
	return nil
}

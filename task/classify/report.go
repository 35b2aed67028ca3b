package classify

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/recur-go/recur/data/labelled"
	"github.com/recur-go/recur/internal/columns"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/metrics"
)

// A shownExample is an example in a report.
type shownExample struct {
	text, want, got string
	p               float64 // confidence of the model
	right           bool
	it              item
}

// A extremes keeps the examples that are worth a look: wrong answers that the model was
// most sure of, and right ones that it was most and least sure of.
type extremes struct{ wrong, sure, unsure []shownExample }

const extremeRows = 10

func (g *extremes) add(s shownExample) {
	if !s.right {
		g.wrong = keep(g.wrong, s, 1)
		return
	}
	g.sure = keep(g.sure, s, 1)
	g.unsure = keep(g.unsure, s, -1)
}

// keep adds s to the list, in order of p times sign, the greatest first, if it is among
// the first.
func keep(list []shownExample, s shownExample, sign float64) []shownExample {
	at, _ := slices.BinarySearchFunc(list, s, func(a, b shownExample) int { return cmp.Compare(sign*b.p, sign*a.p) })
	if at == extremeRows {
		return list
	}
	list = slices.Insert(list, at, s)
	return list[:min(len(list), extremeRows)]
}

// class is the name of a label by its id.
func (m *Model) class(id int32) string {
	switch {
	case id == foreign:
		return "(unknown)"
	case id < 0:
		return "-"
	}
	return m.Classes[id]
}

func (m *Model) names(ids []int32) string {
	var names []string
	for _, id := range ids {
		names = append(names, m.class(id))
	}
	return joined(names)
}

func joined(labels []string) string {
	if len(labels) == 0 {
		return "(none)"
	}
	return cut(strings.Join(labels, " "), showChars)
}

// Evaluate scores the model on files of labelled examples, which are read as they are
// scored.
func (m *Model) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	t, err := m.scoreFiles(ctx, labelled.Read(files, m.Reading()))
	if err != nil {
		return nil, err
	}
	return t.result(ctx)
}

// Report implements task.Reporter.
func (m *Model) Report(ctx context.Context) (*task.Result, error) {
	t, err := m.score(ctx, m.valid)
	if err != nil {
		return nil, err
	}
	return t.result(ctx)
}

func (t *tally) result(ctx context.Context) (*task.Result, error) {
	scores := t.scores()
	if scores == nil {
		return nil, fmt.Errorf("classify: no example has a label to score against")
	}
	r := &task.Result{Scores: scores}
	labels := t.labelTable()
	r.Text = table(labels)
	r.Parts = append(r.Parts, labels)
	if t.m.Target != Many {
		r.Parts = append(r.Parts, t.heat())
	}
	r.Parts = append(r.Parts, t.calibration())
	for _, g := range []struct {
		title, note string
		list        []shownExample
	}{
		{"Wrong answers", "Those that the model was most sure of.\nThey may be wrong labels too.", t.extremes.wrong},
		{"Right answers, unsure", "Those that the model was least sure of.", t.extremes.unsure},
		{"Right answers, sure", "Those that the model was most sure of.", t.extremes.sure},
	} {
		if len(g.list) == 0 {
			continue
		}
		p, err := t.m.examples(ctx, g.list)
		if err != nil {
			return nil, err
		}
		p.Title, p.Note = g.title, strings.TrimSpace(g.note+"\n"+p.Note)
		r.Parts = append(r.Parts, p)
	}
	return r, nil
}

func (m *Model) examples(ctx context.Context, list []shownExample) (p task.Part, err error) {
	p.Head = []string{"example", "label", "answer", "probability"}
	explained := m.Input == Text && m.Target == One
	if explained {
		p.Head = append(p.Head, "because of")
		p.Note = "Because of: the tokens without which it would be least sure."
	}
	for _, s := range list {
		row := []string{s.text, s.want, s.got, fmt.Sprintf("%.3f", s.p)}
		if explained {
			because, err := m.attribution(ctx, &s.it)
			if err != nil {
				return p, err
			}
			row = append(row, because)
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// labelTable is precision, recall and F1 of each label.
func (t *tally) labelTable() task.Part {
	p := task.Part{Title: "By label", Head: []string{"label", "examples", "precision", "recall", "F1"}}
	row := func(name string, want, got, right int, f1 float64) {
		p.Rows = append(p.Rows, []string{name, fmt.Sprint(want), ratio(right, got), ratio(right, want), number(f1)})
	}
	if t.m.Target == Many {
		f1 := metrics.ScoreSets(t.wantSets, t.gotSets).F1
		for l, name := range t.m.Classes {
			want, got, right := 0, 0, 0
			for i := range t.wantSets {
				want, got = want+count(t.wantSets[i][l]), got+count(t.gotSets[i][l])
				right += count(t.wantSets[i][l] && t.gotSets[i][l])
			}
			row(name, want, got, right, f1[l])
		}
		return p
	}
	c := t.confusion()
	f1 := c.F1()
	for l, name := range t.m.Classes {
		want, got := 0, 0
		for j := range c {
			want, got = want+c[l][j], got+c[j][l]
		}
		row(name, want, got, c[l][l], f1[l])
	}
	return p
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func ratio(a, b int) string {
	if b == 0 {
		return "-"
	}
	return number(float64(a) / float64(b))
}

func number(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.3f", x)
}

// mostHeat is how many labels a confusion matrix shows.
const mostHeat = 40

// heat is the confusion matrix, of the most frequent labels if there are too many.
func (t *tally) heat() task.Part {
	c := t.confusion()
	at := make([]int, len(c))
	often := make([]int, len(c))
	for i, row := range c {
		at[i] = i
		for _, n := range row {
			often[i] += n
		}
	}
	p := task.Part{Title: "Confusion", Note: "Rows are labels, columns predictions."}
	if len(at) > mostHeat {
		slices.SortStableFunc(at, func(i, j int) int { return cmp.Compare(often[j], often[i]) })
		p.Note += fmt.Sprintf("\nThe %d most frequent of %d labels.", mostHeat, len(at))
		at = at[:mostHeat]
		slices.Sort(at)
	}
	h := &task.Heat{}
	for _, i := range at {
		name := "(unknown)"
		if i < len(t.m.Classes) {
			name = t.m.Classes[i]
		}
		h.Rows, h.Cols = append(h.Rows, name), append(h.Cols, name)
		row := make([]float64, len(at))
		for k, j := range at {
			row[k] = float64(c[i][j])
		}
		h.Values = append(h.Values, row)
	}
	p.Heat = h
	return p
}

// calibration is how often the model is right by how sure it is.
func (t *tally) calibration() task.Part {
	all, ece := metrics.Calibration(bins, t.confidence, t.right)
	p := task.Part{
		Title: "Calibration",
		Note:  fmt.Sprintf("If a model is calibrated, 8 in 10 of the answers it gives with probability 0.8 are right.\nThe expected calibration error is %.3f; scores are divided by a temperature of %.2f, found in validation (Guo et al. 2017).", ece, cmp.Or(t.m.Temperature, 1)),
		Head:  []string{"probability", "answers", "mean probability", "right"},
	}
	ideal := task.Line{Name: "calibrated", X: []float64{0, 1}, Y: []float64{0, 1}, Dashed: true}
	own := task.Line{Name: "this model"}
	for i, b := range all {
		if b.N == 0 {
			continue
		}
		p.Rows = append(p.Rows, []string{fmt.Sprintf("%.1f … %.1f", float64(i)/bins, float64(i+1)/bins), fmt.Sprint(b.N), number(b.Confidence), number(b.Accuracy)})
		own.X, own.Y = append(own.X, b.Confidence), append(own.Y, b.Accuracy)
	}
	p.File, p.Chart = "reliability", &task.Chart{
		Title: "Reliability", XLabel: "probability that the model gives", YLabel: "share that is right",
		Lines: []task.Line{ideal, own},
	}
	return p
}

// table writes a part as text.
func table(p task.Part) string {
	width := make([]int, len(p.Head))
	var rows [][]string
	for _, row := range append([][]string{p.Head}, p.Rows[:min(len(p.Rows), 40)]...) {
		var cells []string
		for i, cell := range row {
			cells = append(cells, norm.NFC.String(cell))
			width[i] = max(width[i], columns.Width(cells[i]))
		}
		rows = append(rows, cells)
	}
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if i == 0 {
				b.WriteString("  " + columns.Pad(cell, width[i]))
			} else {
				b.WriteString("  " + columns.PadLeft(cell, width[i]))
			}
		}
		b.WriteByte('\n')
	}
	if n := len(p.Rows) - 40; n > 0 {
		fmt.Fprintf(&b, "  and %d more\n", n)
	}
	return b.String()
}

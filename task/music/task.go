package music

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
)

func init() {
	task.Register(task.Of[Config, *Model]{
		Name: Name, Presets: Presets, About: about, Preset: Preset, Read: (*Config).tryFiles, Fit: Fit, Load: Load,
		Metric: func(*Config) task.Metric { return task.Metric{Name: "nll"} }, Space: func(*Config) map[string]task.Range {
			return map[string]task.Range{
				"rate":          {Min: 5e-4, Max: 8e-3, Log: true},
				"dropout":       {Min: 0, Max: 0.7},
				"dropout_input": {Min: 0, Max: 0.4},
				"hidden":        {Values: []any{100, 150, 200, 256}},
				"cell":          {Values: []any{"lstm", "gru"}},
			}
		},
	}.Task())
}

// Evaluate scores the model on files of pieces; on the part to test on of those that are
// parted.
func (m *Model) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	pieces, err := testPieces(files)
	if err != nil {
		return nil, err
	}
	return m.result(ctx, pieces)
}

// testPieces reads the pieces to test on of files: all, or of parted ones that part.
func testPieces(files []string) (pieces []Piece, err error) {
	for _, file := range files {
		b, err := ReadFile(file)
		if err != nil {
			return nil, err
		}
		pieces = append(append(pieces, b.All...), b.Test...)
	}
	if !slices.ContainsFunc(pieces, usable) {
		return nil, &data.Error{File: strings.Join(files, ", "), Reason: "has no piece of two steps or more to test on", Hint: "give more pieces"}
	}
	return pieces, nil
}

// tryFiles reads files as Evaluate does.
func (c *Config) tryFiles(files []string) error {
	_, err := testPieces(files)
	return err
}

// Report implements task.Reporter.
func (m *Model) Report(ctx context.Context) (*task.Result, error) { return m.result(ctx, m.valid) }

// shown is how many steps of a piece a report shows.
const shown = 48

func (m *Model) result(ctx context.Context, pieces []Piece) (*task.Result, error) {
	scores, err := m.score(ctx, pieces)
	if err != nil {
		return nil, err
	}
	r := &task.Result{Scores: scores}
	r.Text = fmt.Sprintf("%.3f nats for each step; pieces: %d\n", scores["nll"], len(pieces))
	of := pieces[0]
	for _, p := range pieces {
		if len(p) >= shown {
			of = p
			break
		}
	}
	of = of[:min(len(of), shown)]
	var played Piece
	err = m.Play(ctx, nil, seq2seq.Sampling{Temperature: 0.8, Limit: 2 * shown, Seed: m.Seed}, func(keys []int) bool {
		played = append(played, keys)
		return true
	})
	if err != nil {
		return nil, err
	}
	low, high := of.span()
	from, to := played.span()
	for _, p := range []struct {
		title, note string
		roll        roll
		low, high   int
	}{
		{"A piece as it is", "", of.roll(), low, high},
		{"What was expected of it", "How likely each key was to sound, by what had sounded before and what sounds below it.", m.expected(of), low, high},
		{"What it plays", "The beginning of sample.mid, at temperature 0.8.", played[:shown].roll(), from, to},
	} {
		part, err := p.roll.part(p.title, p.note, p.low, p.high)
		if err != nil {
			return nil, err
		}
		r.Parts = append(r.Parts, part)
	}
	var midi bytes.Buffer
	if err := played.WriteMIDI(&midi, 120); err != nil {
		return nil, err
	}
	list, err := json.Marshal(played)
	if err != nil {
		return nil, err
	}
	r.Files = []task.Named{{Name: "sample.mid", Data: midi.Bytes()}, {Name: "sample.json", Data: list}}
	return r, nil
}

// expected are the probabilities of the keys at each step of a piece [step][key].
func (m *Model) expected(p Piece) roll {
	g := grad.Eval()
	b := lay([]stretch{{p, 0, len(p), 0}}, false)
	y := g.Sigmoid(m.net.scores(g, rnn.Input(g, b.x, b.lengths), g.Const(b.next))).Value.Data
	all := make(roll, len(p))
	for t := range p {
		all[t] = make([]float64, Keys)
		for k := range all[t] {
			all[t][k] = float64(y[t*Keys+k])
		}
	}
	return all
}

package tasks

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/classify"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/music"
	"github.com/recur-go/recur/task/translate"
	"github.com/recur-go/recur/tensor"
)

// A modelJSON tells of a model in GET /v1/models.
type modelJSON struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Task     string `json:"task,omitempty"` // forecast, classify, …
	URL      string `json:"url,omitempty"`  // where the task is asked for
	Sessions bool   `json:"sessions"`
	Why      string `json:"why,omitempty"` // there are no sessions
}

// models is for GET /v1/models.
func (h *handler) models(w http.ResponseWriter, _ *http.Request) error {
	list := []modelJSON{}
	for _, m := range h.s.Models() {
		of := modelJSON{Name: m.Name, Version: m.Version, Sessions: m.Sessions != nil, Why: m.Stateless}
		switch m.Task.(type) {
		case *forecast.Trained:
			of.Task = "forecast"
		case *classify.Model:
			of.Task = "classify"
		case *lm.Model:
			of.Task = "generate"
		case *translate.Model:
			of.Task = "translate"
		case *caption.Model:
			of.Task = "caption"
		case *music.Model:
			of.Task = "music"
		}
		if of.Task != "" {
			of.URL = "/v1/" + of.Task
		}
		list = append(list, of)
	}
	return tell(w, map[string]any{"models": list})
}

type classifyQuery struct {
	Model  string          `json:"model"`
	Text   *string         `json:"text"`
	Texts  []string        `json:"texts"`
	Series json.RawMessage `json:"series"` // steps of numbers: [1, 2] or [[1, 0.5], [2, 0.7]]
}

type labelJSON struct {
	Label         *string            `json:"label,omitempty"`
	Labels        []string           `json:"labels,omitempty"`
	Probability   []float64          `json:"probability,omitempty"` // of each of the labels of steps
	Probabilities map[string]float64 `json:"probabilities,omitempty"`
}

// classify is for POST /v1/classify.
func (h *handler) classify(ctx context.Context, q *classifyQuery) (any, error) {
	series := q.Series != nil
	m, t, err := find(h, q.Model, "classify", func(t *classify.Model) bool {
		return q.Model != "" || (t.Input == classify.Series) == series
	})
	if err != nil {
		return nil, err
	}
	var all []classify.Answer
	switch {
	case q.Text != nil && q.Texts != nil || series && (q.Text != nil || q.Texts != nil):
		return nil, invalid("give one of text, texts and series")
	case series:
		steps, err := stepsOf(q.Series)
		if err != nil {
			return nil, err
		}
		all, err = t.PredictSeries(ctx, steps)
		if err != nil {
			return nil, refused(ctx, err)
		}
	case q.Text != nil:
		all, err = t.Predict(ctx, *q.Text)
	case len(q.Texts) > maxRows:
		return nil, invalid("there are %d texts, want at most %d", len(q.Texts), maxRows)
	case len(q.Texts) > 0:
		all, err = t.Predict(ctx, q.Texts...)
	default:
		return nil, invalid(`there is nothing to classify: {"text": "a lovely film"}`)
	}
	if err != nil {
		return nil, refused(ctx, err)
	}
	made := make([]labelJSON, len(all))
	for i := range all {
		made[i] = tellLabel(t, &all[i])
	}
	if q.Texts == nil {
		return struct {
			Model string `json:"model"`
			labelJSON
		}{m.Name, made[0]}, nil
	}
	return struct {
		Model   string      `json:"model"`
		Answers []labelJSON `json:"answers"`
	}{m.Name, made}, nil
}

func tellLabel(t *classify.Model, a *classify.Answer) (out labelJSON) {
	if t.Target == classify.Steps {
		return labelJSON{Labels: a.Labels, Probability: a.Probabilities}
	}
	if t.Target == classify.One {
		out.Label = &a.Label
	}
	out.Labels = a.Labels
	out.Probabilities = map[string]float64{}
	for i, c := range t.Classes {
		out.Probabilities[c] = a.Probabilities[i]
	}
	return out
}

// stepsOf reads a series of numbers, or of lists of them.
func stepsOf(b json.RawMessage) ([][]float32, error) {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) != nil || len(list) == 0 {
		return nil, invalid("series is a list of steps, each a number or a list of numbers")
	}
	steps := make([][]float32, len(list))
	for i, s := range list {
		var one float32
		if json.Unmarshal(s, &steps[i]) == nil && steps[i] != nil {
			continue
		}
		if json.Unmarshal(s, &one) != nil || string(s) == "null" {
			return nil, invalid("step %d of series is no number of 32 bits and no list of such", i+1)
		}
		steps[i] = []float32{one}
	}
	return steps, nil
}

type translateQuery struct {
	Model string   `json:"model"`
	Text  *string  `json:"text"`
	Texts []string `json:"texts"`
	Beam  int      `json:"beam"`
	N     int      `json:"n"`
}

type writtenJSON struct {
	Text    string  `json:"text"`
	LogProb float64 `json:"log_prob"`
}

// decodingOf is how a beam searches.
func decodingOf(beam, n int) (d seq2seq.Decoding, err error) {
	if beam < 0 || beam > 64 || n < 0 || n > 64 {
		return d, invalid("beam is %d and n %d, want at most 64", beam, n)
	}
	if d.Beam.Width, d.Beam.N = beam, n; n > beam && beam > 0 {
		return d, invalid("the n best (%d) are more than the beam (%d) has", n, beam)
	}
	return d, nil
}

// translate is for POST /v1/translate.
func (h *handler) translate(ctx context.Context, q *translateQuery) (any, error) {
	m, t, err := find[*translate.Model](h, q.Model, "translate", nil)
	if err != nil {
		return nil, err
	}
	how, err := decodingOf(q.Beam, q.N)
	if err != nil {
		return nil, err
	}
	list := q.Texts
	switch {
	case q.Text != nil && q.Texts != nil:
		return nil, invalid("give text, or several as texts, not both")
	case q.Text != nil:
		list = []string{*q.Text}
	case len(list) == 0 || len(list) > maxRows:
		return nil, invalid(`there are %d texts, want 1 to %d: {"text": "good morning"}`, len(list), maxRows)
	}
	found, err := t.Translate(ctx, list, how)
	if err != nil {
		return nil, refused(ctx, err)
	}
	all := make([][]writtenJSON, len(found))
	for i, best := range found {
		all[i] = []writtenJSON{}
		for _, b := range best {
			all[i] = append(all[i], writtenJSON{b.Text, b.LogProb})
		}
	}
	return tellWritten(m, "translations", all, q.Text != nil), nil
}

// tellWritten tells the best texts of one thing, or of several.
func tellWritten(m *serve.Model, name string, all [][]writtenJSON, one bool) any {
	if !one {
		return map[string]any{"model": m.Name, name: all}
	}
	text := ""
	if len(all[0]) > 0 {
		text = all[0][0].Text
	}
	return map[string]any{"model": m.Name, "text": text, name: all[0]}
}

type captionQuery struct {
	Model    string           `json:"model"`
	Meaning  *caption.Meaning `json:"meaning"`  // an object, or its text
	Features [][]tensor.Float `json:"features"` // one list for each region
	Language string           `json:"language"`
	Beam     int              `json:"beam"`
	N        int              `json:"n"`
}

// caption is for POST /v1/caption.
func (h *handler) caption(ctx context.Context, q *captionQuery) (any, error) {
	m, t, err := find(h, q.Model, "caption", func(t *caption.Model) bool {
		return q.Model != "" || (t.Width == 0) == (q.Features == nil)
	})
	if err != nil {
		return nil, err
	}
	how, err := decodingOf(q.Beam, q.N)
	if err != nil {
		return nil, err
	}
	e := caption.Example{Meaning: q.Meaning, Row: 1}
	switch {
	case (q.Meaning == nil) == (q.Features == nil):
		return nil, invalid(`give a meaning or features: {"meaning": "name[Aromi], food[Thai]"}`)
	case (t.Width == 0) != (q.Meaning != nil):
		return nil, invalid("model '%s' puts %s into words", m.Name, map[bool]string{true: "meanings", false: "features"}[t.Width == 0])
	case q.Features != nil:
		if slices.ContainsFunc(q.Features, func(f []tensor.Float) bool { return len(f) != t.Width }) || len(q.Features) == 0 {
			return nil, invalid("features are lists of %d numbers, one list for each region", t.Width)
		}
		e.Features, e.Width = slices.Concat(q.Features...), t.Width
	}
	examples, err := inLanguage(t, q.Language, []caption.Example{e})
	if err != nil {
		return nil, refused(ctx, err)
	}
	found, err := t.Caption(ctx, examples, how)
	if err != nil {
		return nil, refused(ctx, err)
	}
	best := []writtenJSON{}
	for _, c := range found[0] {
		best = append(best, writtenJSON{c.Text, c.LogProb})
	}
	return tellWritten(m, "captions", [][]writtenJSON{best}, true), nil
}

type musicQuery struct {
	Model       string      `json:"model"`
	Piece       music.Piece `json:"piece"`
	Steps       int         `json:"steps"`
	Temperature float64     `json:"temperature"`
	Seed        uint64      `json:"seed"`
}

// music is for POST /v1/music.
func (h *handler) music(ctx context.Context, q *musicQuery) (any, error) {
	m, t, err := find[*music.Model](h, q.Model, "play", nil)
	if err != nil {
		return nil, err
	}
	if q.Steps < 0 || q.Steps > 10_000 {
		return nil, invalid("steps is %d, want 1 to 10000", q.Steps)
	}
	played := music.Piece{}
	err = t.Play(ctx, q.Piece, seq2seq.Sampling{Temperature: q.Temperature, Seed: q.Seed, Limit: q.Steps}, func(keys []int) bool {
		played = append(played, slices.Clone(keys))
		return true
	})
	if err != nil {
		return nil, refused(ctx, err)
	}
	return map[string]any{"model": m.Name, "piece": played}, nil
}

package labelled

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/tensor"
)

// lines reads the formats of an example a line: JSON, Lines and Plain.
func (r *reader) lines(s *source, format Format) error {
	n := 0
	return s.endsWith(&n, s.rows(func(row int, line string) error {
		if strings.TrimSpace(line) == "" && format != Plain {
			return nil
		}
		n++
		e := Example{File: s.name, Row: row}
		switch format {
		case Plain:
			e.Text = line
		case Lines:
			label, text, _ := strings.Cut(strings.TrimSpace(line), " ")
			e.Text = strings.TrimSpace(text)
			var bad *data.Error
			if e.Labels, bad = r.labels(label); bad != nil {
				bad.File, bad.Row = s.name, row
				return bad
			}
			if e.Text == "" {
				return s.wrong(row, "has a label but no text", "a line is a label, a space and the text; for other formats pass --format table, json, conll, trees or text")
			}
		default:
			if bad := r.object(line, &e); bad != nil {
				bad.File, bad.Row = s.name, row
				return bad
			}
		}
		return r.add(e)
	}))
}

// endsWith is err, or an error if there were no rows.
func (s *source) endsWith(n *int, err error) error {
	if err == nil && *n == 0 {
		return s.wrong(0, "has no examples", "it needs a row for each, with its label")
	}
	return err
}

// Keys that are looked for if none is named, the first that is there.
var (
	textNames  = []string{"text", "sentence", "document", "review", "content", "question", "comment", "message", "tweet", "utterance", "body", "title"}
	labelNames = []string{"label", "labels", "class", "category", "sentiment", "target", "tags", "ner_tags", "tag", "intent", "polarity", "y"}
	idNames    = []string{"id", "unique_id", "series", "series_id", "case_id"}
	timeNames  = []string{"t", "time", "timestamp", "ds", "date", "step"}
)

// object reads an example from a JSON object: its text, tokens, or series x, and its
// label or labels.
func (r *reader) object(line string, e *Example) *data.Error {
	row, err := data.Object([]byte(line))
	if err != nil {
		return &data.Error{Reason: "is not a JSON object: " + err.Error(), Hint: `write a line such as {"text": "so good", "label": "good"} for each example`}
	}
	find := func(named string, usual []string) (string, json.RawMessage) {
		if named != "" {
			return named, row[named]
		}
		for _, k := range usual {
			if v, ok := row[k]; ok {
				return k, v
			}
		}
		return usual[0], nil
	}
	textKey := ""
	if r.Series {
		key, raw := find(r.Text, []string{"x", "values", "series"})
		if bad := series(raw, e); bad != nil {
			bad.Column = key
			return bad
		}
		textKey = key
	} else {
		key, raw := find(r.Text, append([]string{"tokens", "words"}, textNames...))
		textKey = key
		switch {
		case raw == nil:
			return &data.Error{Column: key, Reason: "is missing", Hint: "every line needs a text; name its key if it is not text (--text)"}
		case json.Unmarshal(raw, &e.Tokens) == nil && e.Tokens != nil:
		case json.Unmarshal(raw, &e.Text) != nil:
			return &data.Error{Column: key, Value: string(raw), Reason: "is neither a text nor a list of tokens", Hint: `write "text" in quotation marks, or ["the", "tokens"]`}
		}
	}
	key, raw := find(r.Label, labelNames)
	if raw != nil && key == textKey {
		if r.Label != "" || !r.Unlabelled {
			return &data.Error{Column: key, Reason: "is named both as the text column and as the label column", Hint: "name a different key for each (--text, --label)"}
		}
		return nil
	}
	if raw == nil || string(raw) == "null" {
		if r.Unlabelled {
			return nil
		}
		return &data.Error{Column: key, Reason: "is missing", Hint: "every line needs a label; name its key if it is not label (--label)"}
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		var one any
		if err := json.Unmarshal(raw, &one); err != nil {
			return &data.Error{Column: key, Value: string(raw), Reason: err.Error()}
		}
		if s, ok := one.(string); ok && r.PerStep {
			e.Labels = strings.Fields(s)
			return nil
		}
		list = []any{one}
	}
	e.Labels = make([]string, len(list))
	for i, l := range list {
		switch l := l.(type) {
		case string:
			e.Labels[i] = l
		case float64, bool:
			e.Labels[i] = fmt.Sprint(l)
		default:
			return &data.Error{Column: key, Value: string(raw), Reason: "is neither a label nor a list of labels", Hint: `write "label": "good", or "label": ["good", "long"]`}
		}
	}
	if !r.PerStep && !r.Many && len(e.Labels) != 1 {
		return &data.Error{Column: key, Value: string(raw), Reason: fmt.Sprintf("has %d labels, not one", len(e.Labels)), Hint: "for several labels pass --target many, for one per step --target steps"}
	}
	return nil
}

// series reads [[…], …], a list for each step, or […] of steps of one value.
func series(raw json.RawMessage, e *Example) *data.Error {
	if raw == nil {
		return &data.Error{Reason: "is missing", Hint: `every line needs a series, such as "x": [[0.1, 2], [0.3, 4]] with a list for each step`}
	}
	var steps [][]*float64
	if json.Unmarshal(raw, &steps) != nil {
		var flat []*float64
		if err := json.Unmarshal(raw, &flat); err != nil {
			return &data.Error{Value: string(raw), Reason: "is not a list of numbers or of lists of numbers", Hint: `write "x": [[0.1, 2], [0.3, 4]] with a list for each step, and null for an unknown value`}
		}
		steps = nil
		for i := range flat {
			steps = append(steps, flat[i:i+1])
		}
	}
	for i, step := range steps {
		if i == 0 {
			e.Width = len(step)
		}
		if len(step) != e.Width || len(step) == 0 {
			return &data.Error{Reason: fmt.Sprintf("step %d has %d values, the first has %d", i+1, len(step), e.Width), Hint: "give every step the same number of values, null for unknown ones"}
		}
		for _, v := range step {
			if v == nil {
				e.X = append(e.X, tensor.Float(math.NaN()))
				continue
			}
			if math.Abs(*v) > largest {
				return &data.Error{Value: fmt.Sprint(*v), Reason: "is larger than 1e30", Hint: "use a larger unit"}
			}
			e.X = append(e.X, tensor.Float(*v))
		}
	}
	return nil
}

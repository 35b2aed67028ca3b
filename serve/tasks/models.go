package tasks

import (
	"context"
	"errors"
	"strings"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/classify"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/music"
	"github.com/recur-go/recur/task/translate"
	"github.com/recur-go/recur/tensor"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/seq2seq"
)

// maxRows is the most sequences of a request to a model without sessions.
const maxRows = 1024

// refused makes an error of a model one that a client is told, since it is about what it sent.
func refused(ctx context.Context, err error) error {
	var own *serve.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return &serve.Error{Class: serve.Invalid, Text: err.Error(), Err: err}
}

// texts are the texts of a value of BYTES.
func texts(v *serve.Value) ([]string, error) {
	all, err := v.Strings()
	if err != nil {
		return nil, err
	}
	list := make([]string, len(all))
	for i, b := range all {
		list[i] = string(b)
	}
	return list, nil
}

// textValue is a value of BYTES with the shape of a list.
func textValue(name string, list []string) serve.Value {
	v := serve.Value{Name: name, Datatype: serve.BYTES, Shape: []int64{int64(len(list))}}
	for _, s := range list {
		v.Data = serve.AppendString(v.Data, s)
	}
	return v
}

// openTexts fills m by a function from texts to texts.
func openTexts(m *serve.Model, out string, do func(ctx context.Context, in []string) ([]string, error)) {
	m.Inputs = []serve.Tensor{{Name: "text", Datatype: serve.BYTES, Shape: []int64{-1}}}
	m.Outputs = []serve.Tensor{{Name: out, Datatype: serve.BYTES, Shape: []int64{-1}}}
	m.MaxBatch = maxRows
	m.Infer = func(ctx context.Context, in []serve.Value) ([]serve.Value, error) {
		list, err := texts(&in[0])
		if err != nil {
			return nil, err
		}
		leave, err := cores.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		made, err := do(ctx, list)
		if err != nil {
			return nil, refused(ctx, err)
		}
		return []serve.Value{textValue(out, made)}, nil
	}
	m.Generate = func(ctx context.Context, g serve.Generation, emit func(serve.Piece) error) error {
		leave, err := cores.enter(ctx)
		if err != nil {
			return err
		}
		made, err := do(ctx, []string{g.Text})
		leave()
		if err != nil {
			return refused(ctx, err)
		}
		return emit(serve.Piece{Text: made[0]})
	}
}

func openTranslator(m *serve.Model, t *translate.Model) {
	openTexts(m, "translation", func(ctx context.Context, in []string) ([]string, error) {
		all, err := t.Translate(ctx, in, seq2seq.Decoding{})
		if err != nil {
			return nil, err
		}
		out := make([]string, len(all))
		for i, found := range all {
			if len(found) > 0 {
				out[i] = found[0].Text
			}
		}
		return out, nil
	})
}

func openCaptioner(m *serve.Model, t *caption.Model) {
	if t.Width == 0 {
		openTexts(m, "caption", func(ctx context.Context, in []string) ([]string, error) {
			examples := make([]caption.Example, len(in))
			for i, s := range in {
				meaning, err := caption.ParseMeaning(s)
				if err != nil {
					return nil, err
				}
				examples[i] = caption.Example{Meaning: meaning, Row: i + 1}
			}
			return captions(ctx, t, examples)
		})
		return
	}
	m.Inputs = []serve.Tensor{{Name: "features", Datatype: serve.FP32, Shape: []int64{-1, -1, int64(t.Width)}}}
	m.Outputs = []serve.Tensor{{Name: "caption", Datatype: serve.BYTES, Shape: []int64{-1}}}
	m.MaxBatch = maxRows
	m.Infer = func(ctx context.Context, in []serve.Value) ([]serve.Value, error) {
		x, rows := in[0].Floats(nil), int(in[0].Shape[0])
		if rows == 0 || len(x) == 0 {
			return nil, &serve.Error{Class: serve.Invalid, Text: "there are no features"}
		}
		n := len(x) / rows
		examples := make([]caption.Example, rows)
		for i := range examples {
			examples[i] = caption.Example{Features: x[i*n : (i+1)*n], Width: t.Width, Row: i + 1}
		}
		leave, err := cores.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		made, err := captions(ctx, t, examples)
		if err != nil {
			return nil, refused(ctx, err)
		}
		return []serve.Value{textValue("caption", made)}, nil
	}
}

// captions are the best of each example, in the model's first language.
func captions(ctx context.Context, t *caption.Model, examples []caption.Example) ([]string, error) {
	examples, err := inLanguage(t, "", examples)
	if err != nil {
		return nil, err
	}
	all, err := t.Caption(ctx, examples, seq2seq.Decoding{})
	if err != nil {
		return nil, err
	}
	out := make([]string, len(all))
	for i, found := range all {
		if len(found) > 0 {
			out[i] = found[0].Text
		}
	}
	return out, nil
}

// inLanguage gives each example once: in a language, or in the first of the model if it is "".
func inLanguage(t *caption.Model, language string, examples []caption.Example) ([]caption.Example, error) {
	all, err := t.In(language, examples)
	if err != nil || len(all) == len(examples) || len(examples) == 0 {
		return all, err
	}
	first := all[0].Language
	if all, err = t.In(first, examples); err == nil && len(all) != len(examples) {
		err = errors.New("tasks: the model has several languages: name one")
	}
	return all, err
}

// openClassifier fills m by a classifier that reads whole sequences: texts, or series of the
// shape [batch, steps, channels].
func openClassifier(m *serve.Model, t *classify.Model) {
	m.MaxBatch = maxRows
	if t.Input == classify.Text {
		m.Inputs = []serve.Tensor{{Name: "text", Datatype: serve.BYTES, Shape: []int64{-1}}}
	} else {
		m.Inputs = []serve.Tensor{{Name: "x", Datatype: serve.FP32, Shape: []int64{-1, -1, int64(t.Width)}}}
	}
	m.Outputs = []serve.Tensor{{Name: "label", Datatype: serve.BYTES, Shape: []int64{-1}}, row("probabilities", serve.FP32, len(t.Classes))}
	if t.Target == classify.Steps {
		m.Outputs[1].Shape[1] = -1
	}
	m.Infer = func(ctx context.Context, in []serve.Value) ([]serve.Value, error) {
		leave, err := cores.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		var all []classify.Answer
		if t.Input == classify.Text {
			var list []string
			if list, err = texts(&in[0]); err == nil {
				all, err = t.Predict(ctx, list...)
			}
		} else {
			all, err = t.PredictSeries(ctx, seriesOf(&in[0])...)
		}
		if err != nil {
			return nil, refused(ctx, err)
		}
		return answersOf(all, len(t.Classes)), nil
	}
}

// seriesOf cuts a value [batch, steps, channels].
func seriesOf(v *serve.Value) [][][]float32 {
	x := v.Floats(nil)
	all := make([][][]float32, v.Shape[0])
	width := int(v.Shape[2])
	for i := range all {
		all[i] = make([][]float32, v.Shape[1])
		for t := range all[i] {
			for _, f := range x[:width] {
				all[i][t] = append(all[i][t], float32(f))
			}
			x = x[width:]
		}
	}
	return all
}

// answersOf are the labels, several joined by |, and the probabilities: of all labels, or of the
// steps, with 0 behind those of a shorter sequence.
func answersOf(all []classify.Answer, classes int) []serve.Value {
	var labels []string
	width := 0
	for _, a := range all {
		width = max(width, len(a.Probabilities))
		if a.Labels != nil {
			labels = append(labels, strings.Join(a.Labels, "|"))
			continue
		}
		labels = append(labels, a.Label)
	}
	if len(all) == 0 {
		width = classes
	}
	p := make([]tensor.Float, len(all)*width)
	for i, a := range all {
		for k, v := range a.Probabilities {
			p[i*width+k] = tensor.Float(v)
		}
	}
	return []serve.Value{textValue("label", labels), serve.FloatValue("probabilities", []int64{int64(len(all)), int64(width)}, p)}
}

// openForecaster fills m by a forecaster: a session takes the values of a series one by one and
// gives the forecast after each. One that needs more than these takes the whole values of series
// [batch, steps], if that is enough.
func openForecaster(m *serve.Model, t *forecast.Trained, o Options) error {
	j := t.Asked()
	width := int64(1 + 2*len(j.Levels))
	m.Outputs = []serve.Tensor{{Name: "forecast", Datatype: serve.FP32, Shape: []int64{-1, int64(j.Horizon), width}}}
	r, err := t.Runner(o.Window)
	if err == nil {
		m.Inputs = []serve.Tensor{row("value", serve.FP32, 1)}
		sessions(m, r, o)
		return nil
	}
	if o.Window < 0 {
		return err
	}
	m.Stateless = err.Error()
	m.MaxBatch = maxRows
	m.Inputs = []serve.Tensor{{Name: "values", Datatype: serve.FP32, Shape: []int64{-1, -1}}}
	m.Infer = func(ctx context.Context, in []serve.Value) ([]serve.Value, error) {
		if len(j.Covariates) > 0 {
			return nil, &serve.Error{Class: serve.Unsupported, Text: err.Error()}
		}
		leave, err := cores.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		x, n := in[0].Floats(nil), int(in[0].Shape[1])
		series := make([]data.Series, in[0].Shape[0])
		for i := range series {
			for _, v := range x[i*n : (i+1)*n] {
				series[i].Y = append(series[i].Y, float64(v))
			}
		}
		all, err := t.Predict(ctx, series...)
		if err != nil {
			return nil, refused(ctx, err)
		}
		var y []tensor.Float
		for _, f := range all {
			for k, v := range f.Point {
				y = append(y, tensor.Float(v))
				for _, b := range f.Bands {
					y = append(y, tensor.Float(b.Lo[k]), tensor.Float(b.Hi[k]))
				}
			}
		}
		return []serve.Value{serve.FloatValue("forecast", []int64{int64(len(all)), int64(j.Horizon), width}, y)}, nil
	}
	return nil
}

// openPlayer fills m by a model of music: the keys of a piece [steps, 88], 1 where one sounds, and
// 64 steps after it.
func openPlayer(m *serve.Model, t *music.Model) {
	m.Inputs = []serve.Tensor{{Name: "keys", Datatype: serve.FP32, Shape: []int64{-1, music.Keys}}}
	m.Outputs = []serve.Tensor{{Name: "next", Datatype: serve.FP32, Shape: []int64{-1, music.Keys}}}
	m.Infer = func(ctx context.Context, in []serve.Value) ([]serve.Value, error) {
		leave, err := cores.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
		x := in[0].Floats(nil)
		piece := make(music.Piece, len(x)/music.Keys)
		for i := range piece {
			for k, v := range x[i*music.Keys : (i+1)*music.Keys] {
				if v > 0.5 {
					piece[i] = append(piece[i], k)
				}
			}
		}
		var y []tensor.Float
		err = t.Play(ctx, piece, seq2seq.Sampling{}, func(keys []int) bool {
			step := make([]tensor.Float, music.Keys)
			for _, k := range keys {
				step[k] = 1
			}
			y = append(y, step...)
			return true
		})
		if err != nil {
			return nil, refused(ctx, err)
		}
		return []serve.Value{serve.FloatValue("next", []int64{int64(len(y) / music.Keys), music.Keys}, y)}, nil
	}
}

// Package tasks serves model files: Open makes a file of any format a model of package serve,
// with sessions if it can go step by step, and Handle adds what people ask the models of tasks
// for, in plain JSON: forecasts, labels, texts, translations.
//
//	m, err := tasks.Open("sales.safetensors", tasks.Options{})
//	s := serve.New(serve.Options{})
//	err = s.Add(m)
//	tasks.Handle(s)
//	err = s.HTTP().ListenAndServe()
package tasks

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/classify"
	"github.com/recur-go/recur/task/forecast"
	_ "github.com/recur-go/recur/task/forecast/esrnn" // for its models, as the next ones
	_ "github.com/recur-go/recur/task/forecast/probabilistic"
	_ "github.com/recur-go/recur/task/forecast/segrnn"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/music"
	"github.com/recur-go/recur/task/translate"
)

// Options are how a file is opened.
type Options struct {
	Name    string // default that of the file without its ending
	Version string // default "1"

	Table session.TableOptions // of its sessions
	Batch session.Options      // of their steps

	Precision rnn.Precision // of the weights of sessions; models of ONNX have their own

	Spec []byte             // what a file of PyTorch or TensorFlow lacks: see interchange.Import
	ONNX onnx.RunnerOptions // what a model of ONNX does not tell of its steps

	// Window is how many of the last values the session of a forecaster keeps, and forecasts
	// from; default as that of forecast.Trained.Runner.
	Window int
}

// Open opens the model at path, of any format that package interchange reads or of a task. If it
// can go step by step it has sessions; if not, it answers requests with whole sequences, and its
// Stateless tells why. Task is the model of the task: a *lm.Model, *classify.Model,
// *forecast.Trained, *translate.Model, *caption.Model or *music.Model.
func Open(path string, o Options) (*serve.Model, error) {
	m := &serve.Model{Name: o.Name, Version: o.Version}
	if m.Name == "" {
		m.Name = nameOf(path)
	}
	var err error
	switch t := taskOf(path).(type) {
	case nil:
		err = openNet(m, path, o)
	default:
		var opened any
		if opened, err = t.Load(path); err == nil {
			m.Task = opened
			if err = openTask(m, o); errors.Is(err, errNoTask) {
				m.Task = nil
				err = openNet(m, path, o)
			} else if err != nil {
				err = fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

var errNoTask = errors.New("that is no model of a task")

// New serves a model of a task that was opened already, such as a *forecast.Trained.
func New(task any, o Options) (*serve.Model, error) {
	m := &serve.Model{Name: o.Name, Version: o.Version, Task: task}
	if err := openTask(m, o); err != nil {
		return nil, err
	}
	return m, nil
}

// nameOf is the name of a model from that of its file, or of the folder if the file has none
// of its own.
func nameOf(path string) string {
	base := func(p string) string {
		b := filepath.Base(p)
		return strings.TrimSuffix(b, filepath.Ext(b))
	}
	name := base(filepath.Clean(path))
	if name == "model" || name == "saved_model" {
		if full, err := filepath.Abs(path); err == nil {
			if dir := filepath.Base(filepath.Dir(full)); dir != "/" && dir != "." {
				return dir
			}
		}
	}
	return name
}

// taskOf is the task whose models the file is of, nil for another file.
func taskOf(path string) task.Task {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil // Open of package interchange tells why, if that is wrong
	}
	defer f.Close()
	var kind string
	if f.Doc["kind"] == nil || f.Doc.Decode("kind", &kind) != nil {
		return nil
	}
	t, err := task.ForKind(kind)
	if err != nil {
		return nil
	}
	return t
}

// openTask fills m by the model of a task.
func openTask(m *serve.Model, o Options) error {
	switch t := m.Task.(type) {
	case *lm.Model:
		r, err := t.Runner(o.Precision)
		if err != nil {
			return err
		}
		m.Inputs, m.Outputs = []serve.Tensor{row("ids", serve.INT64, 1)}, []serve.Tensor{row("scores", serve.FP32, r.Out())}
		m.Generate = generator(m, t)
		sessions(m, r, o)
	case *classify.Model:
		r, err := t.Runner(o.Precision)
		if err != nil {
			m.Stateless = err.Error()
			openClassifier(m, t)
			return nil
		}
		m.Outputs = []serve.Tensor{row("probabilities", serve.FP32, r.Out())}
		switch {
		case t.Input == classify.Series:
			m.Inputs = []serve.Tensor{row("x", serve.FP32, r.In())}
		case r.Cased():
			m.Inputs = []serve.Tensor{row("ids", serve.INT64, 1), row("cases", serve.INT64, 1)}
		default:
			m.Inputs = []serve.Tensor{row("ids", serve.INT64, 1)}
		}
		sessions(m, r, o)
	case *forecast.Trained:
		return openForecaster(m, t, o)
	case *translate.Model:
		m.Stateless = "a translation needs the whole sentence first"
		openTranslator(m, t)
	case *caption.Model:
		m.Stateless = "a caption is of all that it describes at once"
		openCaptioner(m, t)
	case *music.Model:
		m.Stateless = "a step of music is drawn key by key: give it a piece, and it plays on"
		openPlayer(m, t)
	default:
		return errNoTask
	}
	return nil
}

// openNet fills m by a network of layers or a model of ONNX.
func openNet(m *serve.Model, path string, o Options) error {
	steps, err := interchange.Steps(path, o.Spec, interchange.StepOptions{Precision: o.Precision, ONNX: o.ONNX})
	if err == nil {
		in, ok := tensors(steps.Inputs)
		out, also := tensors(steps.Outputs)
		if ok && also {
			m.Inputs, m.Outputs = in, out
			sessions(m, steps.Runner, o)
			return nil
		}
		err = errors.New("a tensor of its steps has a type that sessions do not have")
	}
	why := err
	whole, err := interchange.Open(path, o.Spec)
	if err != nil {
		return err // it is no model at all
	}
	m.Stateless = strings.TrimPrefix(why.Error(), path+": ")
	return openWhole(m, whole, path)
}

// sessions gives m sessions that r steps.
func sessions(m *serve.Model, r session.Runner, o Options) {
	batch := o.Batch
	if told := batch.OnBatch; told != nil {
		batch.OnBatch = func(b session.Batch) { m.OnBatch(b); told(b) }
	} else {
		batch.OnBatch = m.OnBatch
	}
	m.Sessions = session.NewTable(session.New(r, batch), o.Table)
}

// row is a tensor whose first dimension is that of a batch.
func row(name string, d serve.Datatype, width int) serve.Tensor {
	return serve.Tensor{Name: name, Datatype: d, Shape: []int64{-1, int64(width)}}
}

// datatypes are the types of package interchange by the names of the protocol.
var datatypes = map[interchange.DType]serve.Datatype{
	interchange.Float32: serve.FP32, interchange.Float64: serve.FP64, interchange.Float16: serve.FP16, interchange.BFloat16: serve.BF16,
	interchange.Int8: serve.INT8, interchange.Int16: serve.INT16, interchange.Int32: serve.INT32, interchange.Int64: serve.INT64,
	interchange.Uint8: serve.UINT8, interchange.Uint16: serve.UINT16, interchange.Uint32: serve.UINT32, interchange.Uint64: serve.UINT64,
	interchange.Bool: serve.BOOL, interchange.String: serve.BYTES,
}

// tensors are the tensors of a step, and false if one has no numbers or no fixed shape.
func tensors(list []interchange.TensorInfo) ([]serve.Tensor, bool) {
	var all []serve.Tensor
	for _, v := range list {
		t := serve.Tensor{Name: v.Name, Datatype: datatypes[v.DType]}
		for i, d := range v.Shape {
			if d.Size < 0 && i > 0 || d.Size > math.MaxInt32 {
				return nil, false
			}
			t.Shape = append(t.Shape, int64(d.Size))
		}
		if t.Datatype == "" || t.Datatype == serve.BYTES || len(t.Shape) == 0 {
			return nil, false
		}
		all = append(all, t)
	}
	return all, len(all) > 0
}

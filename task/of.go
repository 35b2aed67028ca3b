package task

import (
	"context"
	"fmt"

	"github.com/recur-go/recur/internal/fault"
)

// Of makes a Task of a package's functions. C is its config, M its model.
type Of[C any, M Model] struct {
	Name    string                        // also the kind of the models' files, unless there are Kinds
	Kinds   func() []string               // kinds of the models' files; nil for Name alone
	Presets func() []string               // names for Preset, the default first
	About   func(preset string) string    // description of a preset, in a line; nil for none
	Preset  func(name string) (*C, error) // config of a preset
	Metric  func(cfg *C) Metric           // score to select models by
	Space   func(cfg *C) map[string]Range // settings that a search varies
	Load    func(path string) (M, error)  // reads a model that M.Save wrote

	// Read reads files as M.Evaluate does, and reports what is wrong with them. Those to test
	// on are read so before Fit is called. It may be nil.
	Read func(cfg *C, files []string) error
	Fit  func(ctx context.Context, cfg C, d Data, o Options) (M, error)
}

// Task is o as a Task, for Register.
func (o Of[C, M]) Task() Task { return adapter[C, M]{o} }

// About describes a preset of a task in a line, if the task does by a method
// About(preset string) string, as those that Of makes do.
func About(t Task, preset string) string {
	if by, ok := t.(interface{ About(preset string) string }); ok {
		return by.About(preset)
	}
	return ""
}

type adapter[C any, M Model] struct{ of Of[C, M] }

func (a adapter[C, M]) Name() string { return a.of.Name }

func (a adapter[C, M]) Kinds() []string {
	if a.of.Kinds == nil {
		return []string{a.of.Name}
	}
	return a.of.Kinds()
}

func (a adapter[C, M]) Presets() []string { return a.of.Presets() }

func (a adapter[C, M]) About(preset string) string {
	if a.of.About == nil {
		return ""
	}
	return a.of.About(preset)
}

func (a adapter[C, M]) Config(preset string) (any, error) {
	if preset == "" {
		preset = a.of.Presets()[0]
	}
	c, err := a.of.Preset(preset)
	if err != nil {
		return nil, fault.As(fault.Usage, err)
	}
	return c, nil
}

func (a adapter[C, M]) Metric(cfg any) Metric { return a.of.Metric(a.must(cfg)) }

func (a adapter[C, M]) Space(cfg any) map[string]Range { return a.of.Space(a.must(cfg)) }

func (a adapter[C, M]) Fit(ctx context.Context, cfg any, d Data, o Options) (Model, error) {
	c, err := a.config(cfg)
	if err != nil {
		return nil, err
	}
	if a.of.Read != nil && len(d.Test) > 0 {
		if err := a.of.Read(c, d.Test); err != nil {
			return nil, err
		}
	}
	m, err := a.of.Fit(ctx, *c, d, o)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (a adapter[C, M]) Load(path string) (Model, error) {
	m, err := a.of.Load(path)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (a adapter[C, M]) config(cfg any) (*C, error) {
	c, ok := cfg.(*C)
	if !ok || c == nil {
		return nil, fmt.Errorf("%s: a config is a %T, not a %T", a.of.Name, c, cfg)
	}
	return c, nil
}

// must is config for methods that cannot fail.
func (a adapter[C, M]) must(cfg any) *C {
	c, err := a.config(cfg)
	if err != nil {
		panic(err)
	}
	return c
}

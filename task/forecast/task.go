package forecast

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/recur-go/recur/task"
)

// Name is that of the task, and of the kind of this package's own models' files.
const Name = "forecast"

// Preset returns the settings of the task for a method, to begin with.
func Preset(name string) (Settings, error) {
	m, err := FindMethod(name)
	if err != nil {
		return nil, err
	}
	s := m.New()
	s.Asked().Seed = 1
	return s, nil
}

// PresetFor is the preset that is taken if none is named: the default or, for covariates, the
// one to begin with of those that use them.
func PresetFor(covariates bool) string {
	if covariates && slices.Contains(Presets(), "qrnn") {
		return "qrnn"
	}
	return Presets()[0]
}

func init() { task.Register(forecasting{}) }

// forecasting is the task. Its config is a pointer to that of a method.
type forecasting struct{}

func (forecasting) Name() string { return Name }

func (forecasting) Kinds() (kinds []string) {
	for _, m := range sorted() {
		kinds = append(kinds, m.Kind)
	}
	return kinds
}

func (forecasting) Presets() []string { return Presets() }

func (forecasting) About(preset string) string {
	m, _ := FindMethod(preset)
	return m.About
}

func (forecasting) Config(preset string) (any, error) {
	return Preset(preset)
}

func (forecasting) Metric(any) task.Metric { return task.Metric{Name: "mase"} }

func (forecasting) Space(cfg any) map[string]task.Range {
	space := map[string]task.Range{
		"rate":   {Min: 5e-4, Max: 2e-2, Log: true},
		"hidden": {Values: []any{16, 32, 64, 128}},
	}
	if _, layered := reflect.Indirect(reflect.ValueOf(cfg)).Type().FieldByName("Layers"); layered {
		space["layers"] = task.Range{Min: 1, Max: 3, Whole: true}
		space["dropout"] = task.Range{Min: 0.01, Max: 0.5}
	}
	return space
}

func (forecasting) Load(path string) (task.Model, error) {
	m, err := LoadAny(path)
	if err != nil {
		return nil, err
	}
	return &Trained{Forecaster: m}, nil
}

func (forecasting) Fit(ctx context.Context, cfg any, d task.Data, o task.Options) (task.Model, error) {
	s, ok := cfg.(Settings)
	if !ok {
		return nil, fmt.Errorf("forecast: a config is that of a method, not a %T", cfg)
	}
	r := &run{settings: copyOf(s), files: d, options: o}
	m, err := r.fit(ctx)
	if err == nil {
		return m, nil
	}
	return nil, AsData(err, r.name())
}

// copyOf is a copy of settings.
func copyOf(s Settings) Settings {
	v := reflect.New(reflect.TypeOf(s).Elem())
	v.Elem().Set(reflect.ValueOf(s).Elem())
	return v.Interface().(Settings)
}

package forecast

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
)

// A Forecaster is a trained model of any preset. It is only read, so goroutines may
// share it.
type Forecaster interface {
	// Predict forecasts the Horizon steps after each of the series.
	Predict(ctx context.Context, series ...Series) ([]Forecast, error)
	// Save replaces the file at path by the model, whole or not at all. about says how
	// it came to be.
	Save(path string, about model.Training) error
	// Spec is what the model was made for, with defaults filled in.
	Spec() Spec
}

// A WithLevels is a Forecaster that can give bands of other levels than those it was
// trained with.
type WithLevels interface {
	Forecaster
	WithLevels(levels []float64) Forecaster
}

// A Spec is what one asks of a preset. The zero value of each field means the preset's
// default. Not every preset has all of the settings after Seed; one that it does not have
// and that is set is an error of its Fit.
type Spec struct {
	Horizon int       `json:"horizon"` // steps to forecast
	Season  int       `json:"season"`  // steps of a season, such as 12 for months; 1 for none
	Levels  []float64 `json:"levels"`  // of the bands, such as 0.8
	Seed    uint64    `json:"seed"`    // the same seed gives the same bits

	Source     Source           `json:"-"`       // how the series were read, which the model keeps
	Covariates []data.Covariate `json:"-"`       // of the series: past, known and static ones, in this order
	Output     string           `json:"output"`  // what is said of a step: quantile, point, normal, student or negbin
	Paths      int              `json:"paths"`   // to sample
	Window     int              `json:"window"`  // steps that the model reads before it forecasts
	Cell       rnn.Kind         `json:"cell"`    // such as lstm
	Hidden     int              `json:"hidden"`  // width of the cell
	Layers     int              `json:"layers"`  // cells, one on another
	Dropout    float64          `json:"dropout"` // negative for none
	Nets       int              `json:"nets"`    // models whose forecasts are put together
	Epochs     int              `json:"epochs"`  // at most
	Steps      int              `json:"steps"`   // of the optimiser, in all or in an epoch, as the preset says
	Batch      int              `json:"batch"`   // windows in a step
	LR         float64          `json:"lr"`      // learning rate
}

// A Preset is a kind of model with its settings.
type Preset struct {
	Name  string
	About string // in a line, for help
	Kind  string // of its model files
	// Covariates tells whether the preset uses covariates, and has several outputs.
	Covariates bool
	// Valid reports settings that make no sense to the preset, if it is not nil.
	Valid func(s Spec) error
	// Default are those of its settings that do not depend on the series.
	Default Spec
	Fit     func(ctx context.Context, s Spec, o task.Options, series ...Series) (Forecaster, error)
	Load    func(path string) (Forecaster, error) // reads a file of Kind
}

// Check reports what s asks for that makes no sense to the preset.
func (p Preset) Check(s Spec) error {
	if p.Covariates || len(s.Covariates) == 0 && s.Output == "" {
		if p.Valid == nil {
			return nil
		}
		return p.Valid(s)
	}
	var names []string
	for _, other := range Presets() {
		if other.Covariates {
			names = append(names, other.Name)
		}
	}
	return fmt.Errorf("forecast: preset %s uses no covariates and has one output; those that do more: %s", p.Name, strings.Join(names, ", "))
}

var presets struct {
	sync.Mutex
	list []Preset
}

// Register makes a preset known by its name; several may share a Kind. Packages of
// presets call it from init. It panics if the name is taken.
func Register(p Preset) {
	presets.Lock()
	defer presets.Unlock()
	for _, have := range presets.list {
		if have.Name == p.Name {
			panic(fmt.Sprintf("forecast: preset %q is registered twice", p.Name))
		}
	}
	presets.list = append(presets.list, p)
}

// Presets lists the presets that are registered by name, after the first, which is that
// of this package and the default.
func Presets() []Preset {
	presets.Lock()
	defer presets.Unlock()
	list := slices.Clone(presets.list)
	slices.SortFunc(list, func(a, b Preset) int {
		if a.Name == Small || b.Name == Small {
			return map[bool]int{true: -1, false: 1}[a.Name == Small]
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// FindPreset returns the preset of a name, "" being the default.
func FindPreset(name string) (Preset, error) {
	var names []string
	for i, p := range Presets() {
		if p.Name == name || name == "" && i == 0 {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, fmt.Errorf("forecast: there is no preset %q; there are %s", name, strings.Join(names, ", "))
}

// AsForecaster is what a preset's Fit and Load give, from those of its package. (A nil
// pointer made a Forecaster would not be nil.)
func AsForecaster[M Forecaster](m M, err error) (Forecaster, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// LoadAny reads a model of any preset that is registered.
func LoadAny(path string) (Forecaster, error) {
	info, err := model.Describe(path)
	if err != nil {
		return nil, err
	}
	for _, p := range Presets() {
		if p.Kind == info.Kind {
			return p.Load(path)
		}
	}
	return nil, fmt.Errorf("%s: %w: it holds a model of kind %s, not a forecaster", path, model.ErrKind, info.Kind)
}

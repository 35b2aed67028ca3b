package forecast

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/task"
)

// A Forecaster is a trained model of any method. It is only read, so goroutines may
// share it.
type Forecaster interface {
	// Predict forecasts the Horizon steps after each of the series.
	Predict(ctx context.Context, series ...data.Series) ([]Forecast, error)
	// Save replaces the file at path by the model, whole or not at all. about sums up its
	// training.
	Save(path string, about model.Training) error
	// Asked is what the model was made for, with defaults filled in.
	Asked() *Job
}

// WithLevels is a Forecaster that can give bands of other levels than those it was
// trained with.
type WithLevels interface {
	Forecaster
	// WithLevels returns the model with bands of these levels, which rise.
	WithLevels(levels []float64) Forecaster
}

// Settings are a pointer to the config of a method, a struct that embeds Job.
type Settings interface {
	Asked() *Job
}

// A Method trains and reads models of one kind, by the name of its preset.
type Method struct {
	Name       string // name of its preset
	About      string // description, in a line for help
	Kind       string // kind of its model files
	Covariates bool   // it uses covariates

	New   func() Settings        // settings of the preset
	Valid func(s Settings) error // reports invalid settings; nil for none
	Fit   func(ctx context.Context, s Settings, o task.Options, series ...data.Series) (Forecaster, error)
	Read  func(r io.ReaderAt, size int64) (Forecaster, error) // reads a file of Kind
}

// NetName is what reports call the net of a model.
func NetName(m Forecaster) string { return Method{Name: cmp.Or(m.Asked().Preset, Small)}.netName() }

// netName is what reports call the net of the method.
func (by Method) netName() string {
	if by.Name == Small {
		return modelName
	}
	return by.Name
}

// Check reports what s asks for that the method cannot do.
func (by Method) Check(s Settings) error {
	if err := cmp.Or(s.Asked().checkLimits(), s.Asked().checkTree()); err != nil {
		return err
	}
	if by.Covariates || len(s.Asked().Covariates) == 0 {
		if by.Valid == nil {
			return nil
		}
		return by.Valid(s)
	}
	var names []string
	for _, m := range sorted() {
		if m.Covariates {
			names = append(names, m.Name)
		}
	}
	return fault.Errorf(fault.Usage, "forecast: preset %s uses no covariates; presets that do: %s", by.Name, strings.Join(names, ", "))
}

var methods struct {
	sync.Mutex
	list []Method
}

// Register makes a method known by its name; several may share a Kind. Packages of
// methods call it from init. It panics if the name is taken.
func Register(m Method) {
	methods.Lock()
	defer methods.Unlock()
	for _, have := range methods.list {
		if have.Name == m.Name {
			panic(fmt.Sprintf("forecast: preset %q is registered twice", m.Name))
		}
	}
	methods.list = append(methods.list, m)
}

// sorted lists the methods by name, after this package's own.
func sorted() []Method {
	methods.Lock()
	defer methods.Unlock()
	list := slices.Clone(methods.list)
	slices.SortFunc(list, func(a, b Method) int {
		if a.Name == Small || b.Name == Small {
			return map[bool]int{true: -1, false: 1}[a.Name == Small]
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// Presets lists the names that Preset and FindMethod know, those of the methods that are
// registered, the default first.
func Presets() (names []string) {
	for _, m := range sorted() {
		names = append(names, m.Name)
	}
	return names
}

// FindMethod returns the method of a preset, "" being the default.
func FindMethod(name string) (Method, error) {
	for i, m := range sorted() {
		if m.Name == name || name == "" && i == 0 {
			return m, nil
		}
	}
	return Method{}, setting.Unknown("preset", name, Presets())
}

// MethodOf is by with New, Valid, Fit and Read made of the functions of a method's package:
// preset makes the config of the preset, check reports what is invalid in one.
func MethodOf[C any, P interface {
	*C
	Settings
}, M Forecaster](
	by Method,
	preset func() C,
	check func(c C) error,
	fit func(ctx context.Context, c C, o task.Options, series ...data.Series) (M, error),
	read func(r io.ReaderAt, size int64) (M, error),
) Method {
	config := func(s Settings) (C, error) {
		p, ok := s.(P)
		if !ok {
			return *new(C), fmt.Errorf("forecast: the settings of preset %s are a %T, not a %T", by.Name, p, s)
		}
		return *p, nil
	}
	by.New = func() Settings {
		c := preset()
		p := P(&c)
		p.Asked().Preset = by.Name
		return p
	}
	by.Valid = func(s Settings) error {
		c, err := config(s)
		if err == nil {
			err = fault.As(fault.Usage, check(c))
		}
		return err
	}
	by.Fit = func(ctx context.Context, s Settings, o task.Options, series ...data.Series) (Forecaster, error) {
		c, err := config(s)
		if err != nil {
			return nil, err
		}
		return asForecaster(fit(ctx, c, o, series...))
	}
	by.Read = func(r io.ReaderAt, size int64) (Forecaster, error) { return asForecaster(read(r, size)) }
	return by
}

// asForecaster is m as an interface, nil with an error. (A nil pointer made a Forecaster
// would not be nil.)
func asForecaster[M Forecaster](m M, err error) (Forecaster, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// LoadAny reads a model of any method that is registered. The error of a file of a method
// whose package the program lacks names what to import. If a back-test chose what series are
// forecast by, the model forecasts by that; NetOf gives what is inside.
func LoadAny(path string) (Forecaster, error) { return model.LoadFile(path, ReadAny) }

// ReadAny reads what LoadAny does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, forecast.ReadAny).
func ReadAny(r io.ReaderAt, size int64) (Forecaster, error) {
	f, err := checkpoint.NewFile(r, size)
	if err != nil {
		return nil, err
	}
	var kind string
	if f.Doc["kind"] == nil {
		return nil, fmt.Errorf("%w: the file has only weights, no model", model.ErrKind)
	}
	if err := f.Doc.Decode("kind", &kind); err != nil {
		return nil, fmt.Errorf("%w: its metadata: %w", model.ErrCorrupt, err)
	}
	for _, m := range sorted() {
		if m.Kind == kind {
			net, err := m.Read(r, size)
			if err != nil {
				return nil, err
			}
			return choosing(net), nil
		}
	}
	if slices.Contains(kindsBeside, kind) {
		return nil, fmt.Errorf("%w %q: it is a forecaster whose package is not imported; add import _ %q", model.ErrKind, kind, "github.com/recur-go/recur/task/forecast/"+kind)
	}
	return nil, fmt.Errorf("%w: it is a model of kind %s, not a forecaster", model.ErrKind, kind)
}

// kindsBeside are the kinds of the methods of recur's other packages, each of which has
// its kind as its name.
var kindsBeside = []string{"esrnn", "probabilistic", "segrnn"}

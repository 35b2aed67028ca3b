// Package model keeps a model in one safetensors file: its parameters by dotted
// name, and in the metadata, as JSON, its kind, its configuration, what else it
// needs (a vocabulary, a scaler) and a summary of its training. Any program that
// reads safetensors finds the weights; recur finds a model that is ready to use.
//
// A kind is registered by the package that implements it, as image formats are:
//
//	func init() { model.Register("forecast", func() model.Config { return new(Config) }) }
//
// Reading a file runs no code from it. Checksums find any bit that flipped, and
// files are replaced at one stroke, so that a crash leaves the old or the new.
package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// A Config describes a network: a plain struct, or a pointer to one, that
// goes to JSON and back without loss. Each struct type stands for one kind.
type Config interface {
	// New builds the network, whose parameters nn.Params lists, with initial
	// values drawn from r, or none if r is nil, as it is when they will be read
	// from a file; the initialisers of package nn heed that. It returns an error
	// for an invalid config.
	New(r *rand.Rand) (net any, err error)
}

// A Counter is a Config that counts, without making them, the values of all
// parameters that New would make. Load compares the count with the file
// before it calls New, so that a file cannot ask for memory that it does not
// itself fill. The New of a config that is no Counter must refuse sizes that the
// machine could not bear.
type Counter interface {
	CountParams() int
}

// CountParams counts for a Counter whose New takes nn.Shapes too, as the initialisers of
// package nn do: it makes the network without the values. An invalid config has 0.
func CountParams(c Config) int {
	net, err := build(c, nn.Shapes)
	if err != nil {
		return 0
	}
	return nn.Count(nn.Params(net))
}

// Errors of loading, besides *MismatchError and *safetensors.FormatError.
var (
	ErrCorrupt = checkpoint.ErrCorrupt                          // a checksum does not agree
	ErrVersion = checkpoint.ErrVersion                          // of a version that this recur does not read
	ErrKind    = fault.Errorf(fault.Model, "model: wrong kind") // not registered, another, or no kind at all
)

// A MismatchError lists all parameters in which a file and a model differ: those
// missing in the file, those that it has over, and those of another shape.
type MismatchError = checkpoint.MismatchError

// optimPrefix begins the names of the tensors of a checkpoint that belong to the
// optimiser. Loading a model passes them over.
const optimPrefix = "optim."

// A Model is what a model file holds.
type Model struct {
	Config   Config
	Net      any                        // network that Config.New makes; its parameters are saved
	Extras   map[string]json.RawMessage // further data that the model needs, by name: see SetExtra
	Training Training
}

// Training is how a model came to be, for people to read. Fields may be empty.
type Training struct {
	Data   string             `json:"data,omitempty"` // name of the data that it was trained on
	Epochs int                `json:"epochs,omitempty"`
	Steps  int                `json:"steps,omitempty"` // number of steps of the optimiser
	Seed   uint64             `json:"seed,omitempty"`
	Scores map[string]float64 `json:"scores,omitempty"` // scores by name: loss, accuracy, mase…
}

// New builds the model that c describes.
func New(c Config, r *rand.Rand) (*Model, error) {
	net, err := build(c, r)
	if err != nil {
		return nil, fault.As(fault.Usage, err)
	}
	return &Model{Config: c, Net: net}, nil
}

func build(c Config, r *rand.Rand) (net any, err error) {
	defer tensor.Catch(&err)
	return c.New(r)
}

// Kind is the name under which the type of m.Config is registered, "" if it is not.
func (m *Model) Kind() string { return kindOf(m.Config) }

// SetExtra keeps v, as JSON, under name.
func (m *Model) SetExtra(name string, v any) error {
	if m.Extras == nil {
		m.Extras = map[string]json.RawMessage{}
	}
	if err := checkpoint.Doc(m.Extras).Set(name, v); err != nil {
		return fmt.Errorf("model: extra %w", err)
	}
	return nil
}

// Extra reads into v what SetExtra kept under name.
func (m *Model) Extra(name string, v any) error {
	if err := checkpoint.Doc(m.Extras).Decode(name, v); err != nil {
		return fmt.Errorf("model: extra %w", err)
	}
	return nil
}

// Header is all that the file of m holds besides its parameters, by key. A
// checkpoint that holds it too can be loaded as a model.
func (m *Model) Header() (map[string]json.RawMessage, error) {
	kind := m.Kind()
	if kind == "" {
		return nil, fmt.Errorf("%w: %T is not registered", ErrKind, m.Config)
	}
	doc := checkpoint.Doc{}
	for _, part := range []struct {
		key   string
		value any
		skip  bool
	}{
		{"kind", kind, false},
		{"config", m.Config, false},
		{"extras", m.Extras, len(m.Extras) == 0},
		{"training", m.Training, reflect.ValueOf(m.Training).IsZero()},
	} {
		if part.skip {
			continue
		}
		if err := doc.Set(part.key, part.value); err != nil {
			return nil, fmt.Errorf("model: %w", err)
		}
	}
	return doc, nil
}

// Save replaces the file at path by m, whole or not at all.
func (m *Model) Save(path string) error {
	return atomicfile.WriteFile(path, m.Write)
}

// Write writes the file of m to w.
func (m *Model) Write(w io.Writer) error {
	doc, err := m.Header()
	if err != nil {
		return err
	}
	params, err := tensors(m.Net)
	if err != nil {
		return err
	}
	if c, ok := m.Config.(Counter); ok {
		if n := nn.Count(nn.Params(m.Net)); n != c.CountParams() {
			return fmt.Errorf("model: %T counts %d values of parameters, the network has %d", m.Config, c.CountParams(), n)
		}
	}
	return checkpoint.Write(w, doc, params)
}

// tensors lists the parameters of net as they are saved.
func tensors(net any) ([]checkpoint.Tensor, error) {
	var list []checkpoint.Tensor
	for _, p := range nn.Params(net) {
		if p.Name == "" || strings.HasPrefix(p.Name, optimPrefix) {
			return nil, fmt.Errorf("model: a parameter of %T cannot have the name %q", net, p.Name)
		}
		list = append(list, checkpoint.Of(p.Name, p.Value.Data, p.Value.Shape.Dims()...))
	}
	return list, nil
}

var kinds = struct {
	sync.RWMutex
	blank map[string]func() Config
	name  map[reflect.Type]string
}{blank: map[string]func() Config{}, name: map[reflect.Type]string{}}

// Register makes a kind known by name. blank returns a pointer to a config to
// unmarshal JSON into, which is what a loaded model has; fields that a file lacks
// keep what blank gives them. Register panics if the name or the type of the
// config is taken. Call it from init.
func Register(kind string, blank func() Config) {
	t := reflect.TypeOf(blank())
	if kind == "" || t == nil || t.Kind() != reflect.Pointer {
		panic(fmt.Sprintf("model: cannot register %v as %q: want a name and a pointer", t, kind))
	}
	kinds.Lock()
	defer kinds.Unlock()
	if kinds.blank[kind] != nil || kinds.name[t.Elem()] != "" {
		panic(fmt.Sprintf("model: kind %q or its config %v is registered already", kind, t.Elem()))
	}
	kinds.blank[kind], kinds.name[t.Elem()] = blank, kind
}

// Kinds lists the registered kinds in order.
func Kinds() []string {
	kinds.RLock()
	defer kinds.RUnlock()
	return slices.Sorted(maps.Keys(kinds.blank))
}

func kindOf(c Config) string {
	t := reflect.TypeOf(c)
	if t == nil {
		return ""
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kinds.RLock()
	defer kinds.RUnlock()
	return kinds.name[t]
}

// configOf makes the config of a kind from its JSON.
func configOf(kind string, text json.RawMessage) (Config, error) {
	kinds.RLock()
	blank := kinds.blank[kind]
	kinds.RUnlock()
	if blank == nil {
		return nil, fmt.Errorf("%w %q: known kinds are %s; import the package that registers it", ErrKind, kind, setting.Quoted(Kinds()))
	}
	c := blank()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, fault.Errorf(fault.Model, "model: config of kind %q: %w (was it made by a newer recur?)", kind, err)
	}
	return c, nil
}

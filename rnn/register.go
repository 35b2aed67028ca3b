package rnn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/nn"
)

// A Config is all that makes a cell but the width of its input, and goes to JSON and back:
// {"lstm": {"hidden": 128, "peepholes": true}} is Config{128, LSTMOptions{Peepholes: true}}.
type Config struct {
	Hidden  int // number of units, which most cells have as the width of their state
	Options any // options of a registered kind of cell, such as LSTMOptions{}
}

// A Spec is how the cells of one kind are made and described, for Register. O is the type
// of their options, a plain struct that goes to JSON and back.
type Spec[O any, C Cell] struct {
	// New makes a cell. It makes its parameters by the initialisers of package nn, and
	// of nn.Shapes the shapes of them alone.
	New func(o O, r *rand.Rand, in, hidden int) C

	// Options are what New makes a cell like c of.
	Options func(c C) (o O, hidden int)

	// Check refuses invalid options, or for which New would make very many
	// parameters. Hidden is at least 1. It may be nil.
	Check func(o O, in, hidden int) error

	// Hidden is the name of Config.Hidden in JSON, default "hidden".
	Hidden string

	// Kind makes the name a Kind as well, with options of zero; see RegisterKind.
	Kind bool
}

// A kind is a Spec of any types.
type kind struct {
	name, hidden string
	options      reflect.Type
	make         func(o any, r *rand.Rand, in, hidden int) Cell
	check        func(o any, in, hidden int) error
	describe     func(c Cell) Config
}

var (
	kinds     = map[string]*kind{}
	byOptions = map[reflect.Type]*kind{}
	byCell    = map[reflect.Type]*kind{}
)

// Register makes a kind of cell known by a name: to configs and files, to package graph,
// and by that to the exporters. The cell is a Sizer, or wraps one. Register panics if the
// name or a type is taken. Call it from init in the file of the cell.
func Register[O any, C Cell](name string, s Spec[O, C]) {
	options, cell := reflect.TypeFor[O](), reflect.TypeFor[C]()
	if kinds[name] != nil || byOptions[options] != nil || byCell[cell] != nil || name == "" {
		panic(fmt.Sprintf("rnn: the kind %q, its options %v or its cell %v are taken", name, options, cell))
	}
	k := &kind{
		name: name, hidden: s.Hidden, options: options,
		make: func(o any, r *rand.Rand, in, hidden int) Cell { return s.New(o.(O), r, in, hidden) },
		check: func(o any, in, hidden int) error {
			if s.Check == nil {
				return nil
			}
			return s.Check(o.(O), in, hidden)
		},
		describe: func(c Cell) Config {
			o, hidden := s.Options(c.(C))
			return Config{hidden, o}
		},
	}
	if k.hidden == "" {
		k.hidden = "hidden"
	}
	kinds[name], byOptions[options], byCell[cell] = k, k, k
	if s.Kind {
		RegisterKind(Kind(name), *new(O))
	}
}

// ConfigOf describes a cell. It is an error if its type, or that of a cell inside it, is not
// registered.
func ConfigOf(c Cell) (Config, error) {
	k := byCell[reflect.TypeOf(c)]
	if k == nil {
		return Config{}, fmt.Errorf("rnn: a cell %T is not of a registered kind", c)
	}
	if w, ok := c.(Wrapper); ok {
		if _, err := ConfigsOf(w.Unwrap()); err != nil {
			return Config{}, err
		}
	}
	return k.describe(c), nil
}

func (c Config) kind() (*kind, error) {
	k := byOptions[reflect.TypeOf(c.Options)]
	if k == nil {
		return nil, fmt.Errorf("rnn: %T are not the options of a registered kind of cell", c.Options)
	}
	return k, nil
}

// String is the name of the cell, such as LSTM for LSTMOptions.
func (c Config) String() string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", c.Options), ".")
	return strings.TrimSuffix(name, "Options")
}

// maxHidden is the largest number of units, so that sizes cannot overflow.
const maxHidden = 1 << 22

// Check refuses an invalid config for inputs in wide. It makes nothing.
func (c Config) Check(in int) error {
	k, err := c.kind()
	if err != nil {
		return err
	}
	if err := CheckSize(k.hidden, c.Hidden); err != nil {
		return err
	}
	return k.check(c.Options, in, c.Hidden)
}

// CheckSize is an error unless n, a size of the given name, is from 1 to 4 million.
func CheckSize(name string, n int) error {
	if n < 1 || n > maxHidden {
		return fmt.Errorf("%s is %d, want 1 to %d", name, n, maxHidden)
	}
	return nil
}

// New makes the cell, for a config that Check has passed. Of nn.Shapes it makes one to
// count and to ask for widths, without memory for its parameters; of nil one of zeros.
func (c Config) New(r *rand.Rand, in int) Cell {
	k, err := c.kind()
	if err != nil {
		panic(err)
	}
	return k.make(c.Options, r, in, c.Hidden)
}

// Plan is Check, and gives the widths of the output and of the entries of the state.
func (c Config) Plan(in int) (out int, state []int, err error) {
	cell, err := c.blank(in)
	if err != nil {
		return 0, nil, err
	}
	_, out, _ = Widths(cell)
	return out, cell.StateSize(), nil
}

// blank is the cell of nn.Shapes, if Check passes c and the width of its output is known.
func (c Config) blank(in int) (Cell, error) {
	if err := c.Check(in); err != nil {
		return nil, err
	}
	cell := c.New(nn.Shapes, in)
	if _, out, _ := Widths(cell); out < 1 {
		return nil, fmt.Errorf("a cell %T does not give the width of its output: it must be a Sizer", cell)
	}
	return cell, nil
}

// CountParams is the number of values in the parameters of the cell that New makes.
func (c Config) CountParams(in int) int { return nn.Count(nn.Params(c.New(nn.Shapes, in))) }

// MarshalJSON writes the kind with its options.
func (c Config) MarshalJSON() ([]byte, error) {
	k, err := c.kind()
	if err != nil {
		return nil, err
	}
	options, err := json.Marshal(c.Options)
	if err != nil {
		return nil, err
	}
	rest := append([]byte(","), options[1:]...)
	if len(options) == 2 {
		rest = []byte("}")
	}
	return fmt.Appendf(nil, "{%q:{%q:%d%s}", k.name, k.hidden, c.Hidden, rest), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and refuses options that are not known.
func (c *Config) UnmarshalJSON(b []byte) error {
	var doc map[string]map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return err
	}
	if len(doc) != 1 {
		return fmt.Errorf("rnn: a cell is one name with its options, not %d", len(doc))
	}
	for name, fields := range doc {
		k := kinds[name]
		if k == nil {
			return setting.Unknown("cell", name, slices.Sorted(maps.Keys(kinds)))
		}
		hidden := 0
		if raw := fields[k.hidden]; raw != nil {
			if err := json.Unmarshal(raw, &hidden); err != nil {
				return fmt.Errorf("rnn: %s of cell %s: %w", k.hidden, name, err)
			}
			delete(fields, k.hidden)
		}
		rest, err := json.Marshal(fields)
		if err != nil {
			return err
		}
		o := reflect.New(k.options)
		d := json.NewDecoder(bytes.NewReader(rest))
		d.DisallowUnknownFields()
		if err := d.Decode(o.Interface()); err != nil {
			return fmt.Errorf("rnn: cell %s: %w", name, err)
		}
		*c = Config{hidden, o.Elem().Interface()}
	}
	return nil
}

// notNegative checks limits of clips.
func notNegative(what string, values ...float64) error {
	for _, v := range values {
		if !(v >= 0) {
			return fmt.Errorf("%s is %v, want at least 0", what, v)
		}
	}
	return nil
}

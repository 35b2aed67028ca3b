package probabilistic

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// kind is the name of this package's models in model files.
const kind = "probabilistic"

func init() { model.Register(kind, func() model.Config { return new(Config) }) }

// nets are what a file keeps of a model, with the scales beside them.
type nets struct {
	Nets []*Net `recur:"nets"`
}

// New builds the nets that c describes, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	full := c.withDefaults()
	if err := full.check(); err != nil {
		return nil, err
	}
	n := &nets{}
	for range full.Nets {
		n.Nets = append(n.Nets, newNet(r, &full))
	}
	return n, nil
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int {
	one := c.withDefaults()
	n := one.Nets
	one.Nets = 1
	return quantile.Params(n, model.CountParams(&one))
}

// scales are what a file keeps beside the nets.
type scales struct {
	IDs    []string `json:"ids"`
	Scales []Scale  `json:"scales"`
	Units  []Scale  `json:"units"`
	Bands  Bands    `json:"bands"`
}

// Save replaces the file at path by m, whole or not at all. about sums up its
// training.
func (m *Model) Save(path string, about model.Training) error {
	return task.SaveWith(path, &model.Model{Config: &m.Config, Net: &nets{m.Nets}, Training: about}, "scales", scales{m.IDs, m.Scales, m.Units, m.Bands})
}

// Load reads a model that Save wrote.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, probabilistic.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	c, n, s, err := task.Read[*Config, *nets, scales](r, size, "a forecaster of kind "+kind, "scales")
	if err != nil {
		return nil, err
	}
	c.Adjust = cmp.Or(c.Adjust, AdjustNone) // a file of recur before there was any
	m := &Model{Config: c.withDefaults(), Nets: n.Nets, IDs: s.IDs, Scales: s.Scales, Units: s.Units, Bands: s.Bands}
	m.shape = m.layout()
	if err := m.whole(); err != nil {
		return nil, fmt.Errorf("%w: %w", model.ErrCorrupt, err)
	}
	return m, nil
}

// whole reports what in a file does not fit together.
func (m *Model) whole() error {
	switch {
	case len(m.IDs) != len(m.Scales):
		return fmt.Errorf("%d series have %d scales", len(m.IDs), len(m.Scales))
	case len(m.Units) != len(m.Covariates):
		return fmt.Errorf("%d covariates have %d scales", len(m.Covariates), len(m.Units))
	case m.Bands.Widen != nil && len(m.Bands.Widen) != middle:
		return fmt.Errorf("%d bands are widened, not %d", len(m.Bands.Widen), middle)
	case m.Bands.Errors != nil && len(m.Bands.Errors) != m.Horizon:
		return fmt.Errorf("errors of %d steps, the horizon is %d", len(m.Bands.Errors), m.Horizon)
	}
	for _, e := range m.Bands.Errors {
		if len(e) != len(knots) {
			return fmt.Errorf("errors at %d quantiles, not %d", len(e), len(knots))
		}
	}
	for _, s := range append(m.Scales[:len(m.Scales):len(m.Scales)], m.Units...) {
		if !(s.Std > 0 && s.Unit > 0) {
			return fmt.Errorf("a scale of %v and %v", s.Std, s.Unit)
		}
	}
	return nil
}

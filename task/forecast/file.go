package forecast

import (
	"io"
	"math/rand/v2"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

func init() { model.Register(Name, func() model.Config { return new(Config) }) }

// nets are what a file keeps of a model, with the widening beside them.
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
		n.Nets = append(n.Nets, newNet(r, full.Hidden))
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

// Save replaces the file at path by m, whole or not at all. about sums up
// its training.
func (m *Model) Save(path string, about model.Training) error {
	return task.SaveWith(path, &model.Model{Config: &m.Config, Net: &nets{m.Nets}, Training: about}, "widen", m.Widen)
}

// Load reads a model that Save wrote.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, forecast.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	c, n, widen, err := task.Read[*Config, *nets, []float64](r, size, "a forecaster of preset "+Small, "widen")
	if err != nil {
		return nil, err
	}
	return &Model{Config: c.withDefaults(), Nets: n.Nets, Widen: widen}, nil
}

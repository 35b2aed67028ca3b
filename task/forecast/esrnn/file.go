package esrnn

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast/internal/quantile"
)

// kind is the name of this package's models in model files.
const kind = "esrnn"

func init() { model.Register(kind, func() model.Config { return new(Config) }) }

// nets are what a file keeps of a model, with the rest beside them.
type nets struct {
	Nets []*Net `recur:"nets"`
}

// rest is what a file keeps beside the nets.
type rest struct {
	IDs            []string  `json:"ids"`
	BaselineWeight float64   `json:"baseline_weight"`
	Widen          []float64 `json:"widen"`
}

// New builds the nets that c describes, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	full := c.withDefaults()
	if err := full.check(); err != nil {
		return nil, err
	}
	if full.Series < 1 {
		return nil, fmt.Errorf("esrnn: series is %d, want at least 1", full.Series)
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

// Save replaces the file at path by m, whole or not at all. about sums up its
// training.
func (m *Model) Save(path string, about model.Training) error {
	return task.SaveWith(path, &model.Model{Config: &m.Config, Net: &nets{m.Nets}, Training: about}, "esrnn", rest{m.IDs, m.BaselineWeight, m.Widen})
}

// Load reads a model that Save wrote.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, esrnn.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	c, n, x, err := task.Read[*Config, *nets, rest](r, size, "a forecaster of kind "+kind, "esrnn")
	if err != nil {
		return nil, err
	}
	full := c.withDefaults()
	if len(x.IDs) != full.Series || len(x.Widen) != len(full.Levels) || !(x.BaselineWeight >= 0 && x.BaselineWeight <= 1) {
		return nil, fmt.Errorf("%w: its data beside the nets do not fit %d series and %d levels", model.ErrCorrupt, full.Series, len(full.Levels))
	}
	return &Model{Config: full, Nets: n.Nets, IDs: x.IDs, BaselineWeight: x.BaselineWeight, Widen: x.Widen}, nil
}

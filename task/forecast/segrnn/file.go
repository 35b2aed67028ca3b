package segrnn

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/task"
)

// kind is the name of this package's models in model files.
const kind = "segrnn"

func init() { model.Register(kind, func() model.Config { return new(Config) }) }

// New builds the net that c describes, as model.Config asks.
func (c *Config) New(r *rand.Rand) (any, error) {
	full := c.withDefaults()
	if err := full.check(); err != nil {
		return nil, err
	}
	if full.Channels < 1 {
		return nil, fmt.Errorf("segrnn: channels is %d, want at least 1", full.Channels)
	}
	return newNet(r, &full), nil
}

// CountParams implements model.Counter.
func (c *Config) CountParams() int { return model.CountParams(c) }

// scales are what a file keeps beside the net.
type scales struct {
	IDs    []string    `json:"ids"`
	Scales []Scale     `json:"scales"`
	Widths [][]float64 `json:"widths"`
	Epochs int         `json:"epochs"`
	Mixer  *Mixer      `json:"mixer,omitempty"`
}

// Save replaces the file at path by m, whole or not at all. about sums up its
// training.
func (m *Model) Save(path string, about model.Training) error {
	return task.SaveWith(path, &model.Model{Config: &m.Config, Net: m.Net, Training: about}, "scales", scales{m.IDs, m.Scales, m.Widths, m.Epochs, m.Mixer})
}

// Load reads a model that Save wrote.
func Load(path string) (*Model, error) { return model.LoadFile(path, Read) }

// Read reads what Load does from the size bytes of r. For a file of an fs.FS, such as an
// embed.FS, call model.LoadFS(fsys, name, segrnn.Read).
func Read(r io.ReaderAt, size int64) (*Model, error) {
	c, n, s, err := task.Read[*Config, *Net, scales](r, size, "a forecaster of kind "+kind, "scales")
	if err != nil {
		return nil, err
	}
	full := c.withDefaults()
	if len(s.IDs) != full.Channels || len(s.Scales) != full.Channels || !full.Mix && len(s.Widths) != len(full.Levels) || full.Mix != (s.Mixer != nil) {
		return nil, fmt.Errorf("%w: the scales are not those of %d channels and %d levels", model.ErrCorrupt, full.Channels, len(full.Levels))
	}
	for _, w := range s.Widths {
		if len(w) != full.Horizon {
			return nil, fmt.Errorf("%w: a band has %d widths for %d steps of the horizon", model.ErrCorrupt, len(w), full.Horizon)
		}
	}
	if s.Mixer != nil && !s.Mixer.fits(&full) {
		return nil, fmt.Errorf("%w: the mix is not one of %d steps and %d quantiles", model.ErrCorrupt, full.Horizon, full.outputs())
	}
	return &Model{Config: full, Net: n, IDs: s.IDs, Scales: s.Scales, Widths: s.Widths, Epochs: s.Epochs, Mixer: s.Mixer}, nil
}

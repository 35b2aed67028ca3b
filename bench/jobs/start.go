package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A small model for the time from the start of a process to its first prediction:
// two layers of LSTM, 1 MB of weights.
type smallConfig struct {
	In     int `json:"in"`
	Hidden int `json:"hidden"`
}

type smallNet struct{ Cells rnn.Stack }

func (c *smallConfig) New(r *rand.Rand) (any, error) {
	if c.In < 1 || c.Hidden < 1 || c.In > 1<<12 || c.Hidden > 1<<12 {
		return nil, fmt.Errorf("in %d and hidden %d are not in 1..4096", c.In, c.Hidden)
	}
	return &smallNet{rnn.Stack{rnn.NewLSTM(r, c.In, c.Hidden), rnn.NewLSTM(r, c.Hidden, c.Hidden)}}, nil
}

func init() { model.Register("bench", func() model.Config { return new(smallConfig) }) }

func save(o options) (any, error) {
	r := rand.New(rand.NewPCG(1, 2))
	m, err := model.New(&smallConfig{In: 64, Hidden: 136}, r)
	if err != nil {
		return nil, err
	}
	return map[string]int{"bytes": 4 * nn.Count(nn.Params(m.Net))}, m.Save(o.model)
}

// predict loads the model and pushes one step.
func predict(o options) (any, error) {
	m, err := model.Load(o.model)
	if err != nil {
		return nil, err
	}
	net, ok := m.Net.(*smallNet)
	if !ok {
		return nil, fmt.Errorf("%s is no model of this program", o.model)
	}
	x := make([]tensor.Float, m.Config.(*smallConfig).In)
	x[0] = 1
	y := rnn.NewStream(net.Cells).Push(x)
	return map[string]tensor.Float{"first": y[0]}, nil
}

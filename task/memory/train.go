package memory

import (
	"context"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/kernel"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// Result is how a net does on sequences that it has not seen.
type Result struct {
	Loss     float64 `json:"loss"`     // mean squared error of sums; nats a step of copies
	Accuracy float64 `json:"accuracy"` // share of sums within 0.04, as in Hochreiter & Schmidhuber 1997; of symbols that are right
	Steps    int     `json:"steps"`
}

// Net is the net of a problem: a cell, and an output from its last or from all steps.
type Net struct {
	Cell rnn.Cell   `recur:"cell"`
	Out  *nn.Linear `recur:"out"`

	config Config
}

// New makes a net with weights drawn from r.
func (c Config) New(r *rand.Rand) (*Net, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	n := &Net{Cell: c.Cell.New(r, c.width(), c.Hidden), Out: nn.NewLinear(r, c.Hidden, c.outputs()), config: c}
	if c.Chrono {
		chrono(r, n.Cell, c.Length)
	}
	return n, nil
}

// chrono sets the biases of the gates so that the units remember for times that are
// spread between 1 and most (Tallec & Ollivier 2018): of an LSTM
//
//	b_f = ln u,  b_i = -b_f,  u ~ U(1, most-1)
//
// and of a GRU b_z = ln u.
func chrono(r *rand.Rand, cell rnn.Cell, most int) {
	draw := func() tensor.Float { return tensor.Float(math.Log(1 + r.Float64()*float64(max(most-2, 1)))) }
	switch c := cell.(type) {
	case *rnn.LSTM: // gates i, f, u, o
		h := len(c.B.Value.Data) / 4
		for k := range h {
			c.B.Value.Data[h+k] = draw()
			c.B.Value.Data[k] = -c.B.Value.Data[h+k]
		}
	case *rnn.GRU: // gates r, z, n
		h := len(c.B.Value.Data) / 3
		for k := range h {
			c.B.Value.Data[h+k] = draw()
		}
	}
}

// forward gives the sums [batch, 1], or scores of letters [steps, batch, letters].
func (n *Net) forward(g *grad.Tape, b batch) *grad.Var {
	x := rnn.Input(g, b.x, nil)
	if n.config.Problem == Adding {
		return n.Out.Forward(g, rnn.SequenceToVector(g, n.Cell, x))
	}
	y, _ := rnn.Dynamic(g, n.Cell, x, nil)
	return n.Out.Forward(g, y.X)
}

func (n *Net) loss(g *grad.Tape, b batch) *grad.Var {
	y := n.forward(g, b)
	if n.config.Problem == Adding {
		return nn.MSE(g, y, b.sums)
	}
	return nn.CrossEntropy(g, y, b.ids)
}

// Test scores the net on n new sequences drawn with seed.
func (n *Net) Test(ctx context.Context, sequences int, seed uint64) (Result, error) {
	var res Result
	right, of := 0, 0
	loss, err := train.Evaluate(ctx, n.config.batches(rand.New(rand.NewPCG(seed, 2)), (sequences+99)/100, 100), func(g *grad.Tape, b batch) *grad.Var {
		y := n.forward(g, b)
		if n.config.Problem == Adding {
			for i, v := range y.Value.Data {
				if math.Abs(float64(v-b.sums.Data[i])) < 0.04 {
					right++
				}
			}
			of += len(y.Value.Data)
			return nn.MSE(g, y, b.sums)
		}
		rows := len(b.ids) / (n.config.Length + 2*recall)
		for at := len(b.ids) - recall*rows; at < len(b.ids); at++ {
			if kernel.ArgMax(y.Value.Data[at*letters:(at+1)*letters]) == b.ids[at] {
				right++
			}
			of++
		}
		return nn.CrossEntropy(g, y, b.ids)
	})
	if err != nil {
		return res, err
	}
	res.Loss, res.Accuracy = loss, float64(right)/float64(of)
	return res, nil
}

func (c Config) batches(r *rand.Rand, count, size int) iter.Seq[batch] {
	return func(yield func(batch) bool) {
		for range count {
			if !yield(c.draw(r, size)) {
				return
			}
		}
	}
}

// Train trains a net on sequences that are drawn anew for each step, and tests it on 1,000
// others. An epoch is 100 steps, after which the net is tested on 200 others.
func Train(ctx context.Context, c Config, o task.Options) (*Net, Result, error) {
	n, err := c.New(rand.New(rand.NewPCG(c.Seed, 0)))
	if err != nil {
		return nil, Result{}, err
	}
	every := min(100, c.Steps)
	end, err := task.Train(ctx, n, func(epoch int) iter.Seq[batch] {
		return c.batches(rand.New(rand.NewPCG(c.Seed, uint64(epoch)+16)), every, c.Batch)
	}, n.loss, task.Course{
		Run: o, Steps: c.Steps, WeightAverage: c.WeightAverage,
		Options: train.Options{
			Epochs: (c.Steps + every - 1) / every, MaxSteps: c.Steps, Seed: c.Seed,
			Optimizer: &optim.Adam{LR: c.Rate}, Schedule: optim.Cosine{Steps: c.Steps, Floor: 0.02},
			OnEpoch: func(e train.Epoch) bool { return e.Score > c.Enough },
		},
		Score: func(ctx context.Context) (task.Scores, float64, error) {
			r, err := n.Test(ctx, 200, c.Seed)
			return task.Scores{"loss": r.Loss, "accuracy": r.Accuracy}, r.Loss, err
		},
	})
	if err != nil {
		return nil, Result{}, err
	}
	res, err := n.Test(ctx, 1000, c.Seed+1)
	res.Steps = end.Steps
	return n, res, err
}

// Command mnist reads handwritten digits row by row: an image of 28×28 is a
// sequence of 28 steps of 28 inputs. A basic cell of 150 neurons reads it, and a
// dense layer turns its last output into ten scores. It trains with Adam at 1e-3 and
// batches of 150, and scores a running average of the weights over about a hundred
// steps, because Adam's last step is noisy; --average=0 scores the last step.
//
//	go run ./examples/mnist --data DIR
//
// DIR holds the four files of MNIST (train-images-idx3-ubyte.gz and so on). The
// first 5,000 training images are held out for validation, as TensorFlow's reader does.
package main

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

const (
	side      = 28
	neurons   = 150
	batchSize = 150
	held      = 5000 // training images held out for validation
)

// images are digits with their labels.
type images struct {
	pixels []byte // [n, side, side]
	labels []byte
}

func load(dir, part string) (images, error) {
	read := func(name string) (*data.IDX, error) {
		f, err := data.Open(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return data.ReadIDX(f, 0)
	}
	x, err := read(part + "-images-idx3-ubyte.gz")
	if err != nil {
		return images{}, err
	}
	y, err := read(part + "-labels-idx1-ubyte.gz")
	if err != nil {
		return images{}, err
	}
	if len(x.Dims) != 3 || x.Dims[1] != side || x.Dims[2] != side || len(y.Dims) != 1 || x.Dims[0] != y.Dims[0] {
		return images{}, fmt.Errorf("%s: images %v and labels %v are not those of MNIST", dir, x.Dims, y.Dims)
	}
	return images{x.Data, y.Data}, nil
}

func (m images) slice(lo, hi int) images {
	return images{m.pixels[lo*side*side : hi*side*side], m.labels[lo:hi]}
}

type batch struct {
	x    *tensor.Tensor // [side, batch, side]: time is the row
	want []int
}

// take makes a batch of the images at the given places.
func (m images) take(at []int) batch {
	b := batch{tensor.New(side, len(at), side), make([]int, len(at))}
	for i, k := range at {
		b.want[i] = int(m.labels[k])
		for row := range side {
			for col, v := range m.pixels[(k*side+row)*side : (k*side+row+1)*side] {
				b.x.Data[(row*len(at)+i)*side+col] = tensor.Float(v) / 255
			}
		}
	}
	return b
}

// epoch is the images in the order of its shuffle.
func (m images) epoch(seed uint64, n int) iter.Seq[batch] {
	order := rand.New(rand.NewPCG(seed, uint64(n))).Perm(len(m.labels))
	return func(yield func(batch) bool) {
		for lo := 0; lo+batchSize <= len(order); lo += batchSize {
			if !yield(m.take(order[lo : lo+batchSize])) {
				return
			}
		}
	}
}

// model is a basic cell and ten scores of its last output.
type model struct {
	Cell *rnn.Basic
	Out  *nn.Linear
}

// newModel draws recurrent weights a little larger than orthogonal ones, since
// tanh shrinks what they keep.
func newModel(seed uint64) *model {
	r := rand.New(rand.NewPCG(seed, 0))
	m := &model{rnn.NewBasic(r, side, neurons), nn.NewLinear(r, neurons, 10)}
	m.Cell.Wh = nn.Orthogonal(r, 1.25, neurons, neurons)
	return m
}

func (m *model) scores(g *grad.Tape, cell rnn.Cell, x *tensor.Tensor) *grad.Var {
	return m.Out.Forward(g, rnn.SequenceToVector(g, cell, rnn.Input(g, x, nil)))
}

// accuracy is the share of images that get their own highest score, with the cell's
// weights in the given precision.
func (m *model) accuracy(of images, weights rnn.Precision) float64 {
	cell, _ := rnn.Freeze(m.Cell, weights) // a Basic always has a frozen form
	right, g := 0, grad.Eval()
	at := make([]int, 0, 500)
	for lo := 0; lo < len(of.labels); lo += cap(at) {
		at = at[:0]
		for k := lo; k < min(lo+cap(at), len(of.labels)); k++ {
			at = append(at, k)
		}
		g.Reset()
		b := of.take(at)
		scores := m.scores(g, cell, b.x).Value
		for i, want := range b.want {
			if row := scores.At(i).Data; slices.Index(row, slices.Max(row)) == want {
				right++
			}
		}
	}
	return float64(right) / float64(len(of.labels))
}

// learn trains a model and returns its accuracy on the held images after each
// epoch. average is the decay of the running average of the weights, 0 for none.
func learn(training, valid images, seed uint64, epochs int, average float64, report func(train.Epoch)) (m *model, accuracy []float64, err error) {
	m = newModel(seed)
	var o optim.Optimizer = &optim.Adam{LR: 1e-3}
	if average > 0 {
		o = &optim.Average{Of: o, Decay: average}
	}
	_, err = train.FitEpochs(context.Background(), m,
		func(n int) iter.Seq[batch] { return training.epoch(seed, n) },
		func(g *grad.Tape, b batch) *grad.Var { return nn.CrossEntropy(g, m.scores(g, m.Cell, b.x), b.want) },
		train.Options{
			Epochs: epochs, Optimizer: o, ClipNorm: -1, KeepLast: true, Maximise: true,
			Validate: func(context.Context) (float64, error) { return m.accuracy(valid, rnn.Single), nil },
			OnEpoch: func(e train.Epoch) bool {
				accuracy = append(accuracy, e.Score)
				if report != nil {
					report(e)
				}
				return true
			},
		})
	return m, accuracy, err
}

func main() {
	dir := flag.String("data", "", "folder with the files of MNIST")
	seed := flag.Uint64("seed", 1, "seed of weights and shuffles")
	epochs := flag.Int("epochs", 5, "epochs to train")
	average := flag.Float64("average", 0.99, "decay of the running average of the weights, 0 for none")
	flag.Parse()
	if err := run(*dir, *seed, *epochs, *average); err != nil {
		fmt.Fprintln(os.Stderr, "mnist:", err)
		os.Exit(1)
	}
}

func run(dir string, seed uint64, epochs int, average float64) error {
	all, err := load(dir, "train")
	if err != nil {
		return err
	}
	test, err := load(dir, "t10k")
	if err != nil {
		return err
	}
	m, _, err := learn(all.slice(held, len(all.labels)), all.slice(0, held), seed, epochs, average, func(e train.Epoch) {
		fmt.Printf("epoch %d: loss %.4f, validation accuracy %.4f (%.1f s)\n", e.N, e.Loss, e.Score, e.Elapsed.Seconds())
	})
	if err != nil {
		return err
	}
	for p := rnn.Single; p <= rnn.Int8; p++ {
		fmt.Printf("test accuracy %.4f with %v weights\n", m.accuracy(test, p), p)
	}
	return nil
}

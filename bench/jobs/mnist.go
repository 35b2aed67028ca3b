package main

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"path/filepath"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Handwritten digits read row by row: an LSTM of 128 over 28 steps of 28 pixels, a
// dense layer on its last output, batches of 150, Adam at 1e-3.
const (
	side       = 28
	digitWidth = 128
	digitBatch = 150
)

type digitModel struct {
	Cell *rnn.LSTM
	Out  *nn.Linear
}

func newDigitModel(width int) *digitModel {
	m := &digitModel{emptyLSTM(side, width), &nn.Linear{W: nn.Zeros(width, 10), B: nn.Zeros(10)}}
	var w weights
	w.fill(1/math.Sqrt(float64(width)), m.Cell.Wx, m.Cell.Wh, m.Cell.B, m.Out.W, m.Out.B)
	return m
}

type digits struct{ pixels, labels []byte }

type digitBatchOf struct {
	x    *tensor.Tensor // [side, batch, side]: time is the row
	want []int
}

func (m *digitModel) scores(g *grad.Tape, x *tensor.Tensor) *grad.Var {
	_, last := rnn.Dynamic(g, m.Cell, rnn.Input(g, x, nil), nil)
	return m.Out.Forward(g, last[0])
}

func (d digits) take(at []int) digitBatchOf {
	b := digitBatchOf{tensor.New(side, len(at), side), make([]int, len(at))}
	for i, k := range at {
		b.want[i] = int(d.labels[k])
		for row := range side {
			to := b.x.Data[(row*len(at)+i)*side:][:side]
			for col, v := range d.pixels[(k*side+row)*side:][:side] {
				to[col] = tensor.Float(v) / 255
			}
		}
	}
	return b
}

// shuffled is [0, n) in the order of the hashes.
func shuffled(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(hash(uint32(i)), hash(uint32(j))) })
	return order
}

func (d digits) batches() iter.Seq[digitBatchOf] {
	return func(yield func(digitBatchOf) bool) {
		for at := range slices.Chunk(shuffled(len(d.labels)), digitBatch) {
			if !yield(d.take(at)) {
				return
			}
		}
	}
}

func (m *digitModel) accuracy(d digits) float64 {
	right := 0
	g := grad.Eval()
	for b := range d.batches() {
		g.Reset()
		right += hits(m.scores(g, b.x).Value, b.want)
	}
	return float64(right) / float64(len(d.labels))
}

// hits counts the rows whose highest score is the wanted one.
func hits(scores *tensor.Tensor, want []int) (n int) {
	for i, id := range want {
		if row := scores.At(i).Data; row[id] == slices.Max(row) {
			n++
		}
	}
	return n
}

func mnist(o options) (result, error) {
	training, err := readDigits(o.data, "train")
	if err != nil {
		return result{}, err
	}
	test, err := readDigits(o.data, "t10k")
	if err != nil {
		return result{}, err
	}
	m := newDigitModel(o.wide(digitWidth))
	n := (len(training.labels) + digitBatch - 1) / digitBatch
	return epoch(o, "mnist", m, n, training.batches(), func(g *grad.Tape, b digitBatchOf) *grad.Var {
		return nn.CrossEntropy(g, m.scores(g, b.x), b.want)
	}, &optim.Adam{LR: 1e-3}, -1, func() float64 { return m.accuracy(test) })
}

func readDigits(dir, part string) (digits, error) {
	var parts [2][]byte
	for i, name := range []string{"images-idx3", "labels-idx1"} {
		f, err := data.Open(filepath.Join(dir, "images", "mnist", part+"-"+name+"-ubyte.gz"))
		if err != nil {
			return digits{}, err
		}
		idx, err := data.ReadIDX(f, 0)
		f.Close()
		if err != nil {
			return digits{}, err
		}
		parts[i] = idx.Data
	}
	if len(parts[0]) != side*side*len(parts[1]) {
		return digits{}, fmt.Errorf("%s: %d pixels and %d labels are not those of MNIST", dir, len(parts[0]), len(parts[1]))
	}
	return digits{parts[0], parts[1]}, nil
}

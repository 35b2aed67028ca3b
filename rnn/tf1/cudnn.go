package tf1

import (
	"fmt"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Cudnn is the layout of the one opaque vector of parameters of CudnnLSTM, CudnnGRU,
// CudnnRNNTanh or CudnnRNNRelu: for each layer, and within it each direction, the
// matrices [hidden, in] of the gates for the input and then those [hidden, hidden] for
// the state; after all matrices, in the same order, two biases [hidden] for each gate.
// Gates come as i, f, u, o and r, z, n, as in recur.
type Cudnn struct {
	Kind          rnn.Kind `json:"kind"` // lstm, gru, basic or relu
	Layers        int      `json:"layers"`
	In            int      `json:"in"`
	Hidden        int      `json:"hidden"`
	Bidirectional bool     `json:"bidirectional,omitempty"` // both directions' outputs, side by side, are the next layer's input
}

// gates of the kinds that cuDNN has.
var gates = map[rnn.Kind]int{rnn.KindLSTM: 4, rnn.KindGRU: 3, rnn.KindBasic: 1, rnn.KindReLU: 1}

// Cells returns the cells of each layer, forwards and then backwards if there are
// both. The two biases of a gate become one, but for a GRU's n, which keeps that of the
// state inside its reset. It fails if the layout has another size than params.
func (c Cudnn) Cells(params []float32) ([][]rnn.Cell, error) {
	n := gates[c.Kind]
	if n == 0 {
		return nil, fmt.Errorf("tf1: cuDNN has no cell %q; it has lstm, gru, basic and relu", c.Kind)
	}
	for _, v := range []int{c.Layers, c.In, c.Hidden} {
		if v < 1 || v > 1<<20 {
			return nil, fmt.Errorf("tf1: %d layers of %d units for %d inputs: each must be from 1 to a million", c.Layers, c.Hidden, c.In)
		}
	}
	directions := 1
	if c.Bidirectional {
		directions = 2
	}
	H, deeper := c.Hidden, c.Hidden*directions
	want := directions * n * H * (c.In + H + 2 + (c.Layers-1)*(deeper+H+2))
	if len(params) != want {
		return nil, fmt.Errorf("tf1: %d parameters, but %d %s layers of %d units for %d inputs have %d; see the layers, units and directions", len(params), c.Layers, c.Kind, H, c.In, want)
	}
	weights, biases := params, params[want-c.Layers*directions*n*2*H:]
	matrix := func(in int) *grad.Var { // [in, n*H] from n matrices [H, in]
		w := tensor.New(in, n*H)
		for j := range n * H {
			for i := range in {
				w.Data[i*n*H+j] = tensor.Float(weights[j*in+i])
			}
		}
		weights = weights[n*H*in:]
		return grad.Leaf(w)
	}
	vector := func() []float32 {
		b := biases[:n*H]
		biases = biases[n*H:]
		return b
	}
	layers := make([][]rnn.Cell, c.Layers)
	in := c.In
	for l := range layers {
		for range directions {
			wx, wh := matrix(in), matrix(H)
			layers[l] = append(layers[l], c.cell(wx, wh, vector(), vector()))
		}
		in = deeper
	}
	return layers, nil
}

func (c Cudnn) cell(wx, wh *grad.Var, bx, bh []float32) rnn.Cell {
	b := tensor.New(len(bx))
	for i := range bx {
		b.Data[i] = tensor.Float(bx[i]) + tensor.Float(bh[i])
	}
	switch c.Kind {
	case rnn.KindLSTM:
		return &rnn.LSTM{Wx: wx, Wh: wh, B: grad.Leaf(b)}
	case rnn.KindGRU:
		bn := tensor.New(c.Hidden)
		for i := range bn.Data {
			at := 2*c.Hidden + i
			b.Data[at], bn.Data[i] = tensor.Float(bx[at]), tensor.Float(bh[at])
		}
		return &rnn.GRU{Wx: wx, Wh: wh, B: grad.Leaf(b), Bn: grad.Leaf(bn)}
	case rnn.KindReLU:
		return &rnn.Basic{Wx: wx, Wh: wh, B: grad.Leaf(b), Activation: rnn.ReLU}
	}
	return &rnn.Basic{Wx: wx, Wh: wh, B: grad.Leaf(b)}
}

package torch

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// A layerOf is a cell as a layer of nn.RNN, nn.LSTM or nn.GRU.
type layerOf struct {
	class, options string
	hidden, proj   int
	bias, gru      bool
	states         int
}

// layer is PyTorch's name of a cell.
func (e *exporter) layer(c rnn.Config) (l layerOf, err error) {
	refuse := func(what string) (layerOf, error) { return l, fmt.Errorf("PyTorch has no %s", what) }
	plain := func(a, usual rnn.Activation) bool { return a == rnn.Activation{} || a == usual }
	H := c.Hidden
	switch o := c.Options.(type) {
	case rnn.BasicOptions:
		l = layerOf{class: "RNN", hidden: H, bias: !o.NoBias, states: 1}
		switch {
		case plain(o.Activation, rnn.Tanh):
		case o.Activation == rnn.ReLU:
			l.options = `, nonlinearity="relu"`
		default:
			return refuse(fmt.Sprintf("RNN with %v", o.Activation))
		}
	case rnn.LSTMOptions:
		l = layerOf{class: "LSTM", hidden: H, proj: o.Projection, bias: !o.NoBias, states: 2}
		switch {
		case o.Peepholes:
			return refuse("peepholes")
		case o.Coupled:
			return refuse("coupled gates")
		case o.LayerNorm:
			return refuse("layer normalisation within an LSTM")
		case o.Clip > 0 || o.CellClip > 0 || o.ProjClip > 0:
			return refuse("clips")
		case !plain(o.Gate, rnn.Sigmoid) || !plain(o.Cand, rnn.Tanh) || !plain(o.Out, rnn.Tanh):
			return refuse("LSTM with other activations")
		case o.Projection >= H:
			return refuse("projection as wide as the LSTM")
		}
	case rnn.GRUOptions:
		l = layerOf{class: "GRU", hidden: H, bias: true, gru: true, states: 1}
		switch {
		case o.ResetBefore:
			return refuse("GRU that resets before the product")
		case o.Clip > 0:
			return refuse("clips")
		case !plain(o.Gate, rnn.Sigmoid) || !plain(o.Cand, rnn.Tanh):
			return refuse("GRU with other activations")
		}
	default:
		return refuse(fmt.Sprintf("cell like %v", c))
	}
	return l, nil
}

// recurrent makes a module for each cell of a stack, so that cells may differ.
func (e *exporter) recurrent(u use, o *graph.RNN) error {
	m, name, x, in, y := u.module, u.name, u.in[0], u.width, u.y
	switch {
	case o.Backwards:
		return fmt.Errorf("PyTorch has no layer that reads from the end alone")
	case o.Masked != graph.Zero:
		return fmt.Errorf("PyTorch gives zeros past the end of a row, not the output before")
	}
	at := e.states
	for i, c := range o.Cells {
		l, err := e.layer(c)
		if err != nil {
			return err
		}
		module, prefix := m, name
		if len(o.Cells) > 1 {
			module, prefix = fmt.Sprintf("%s_%d", m, i), fmt.Sprintf("%s.%d", name, i)
		}
		e.cell(module, "_l0", prefix, l.bias, l.gru)
		e.make("self.%s = nn.%s(%d, %d, bias=%s%s)", module, l.class, in, l.hidden, python(l.bias), l.more())
		e.line("%s = run(self.%s, %s, lengths, states, %d, %d, last)", y, module, x, at, l.states)
		at += l.states
		x, in = y, l.width()
	}
	if o.Last {
		e.line("%s = last_of(%s, lengths)", y, y)
	}
	return nil
}

func (e *exporter) bidirectional(u use, o *graph.Bidirectional) error {
	m, name, x, in, y := u.module, u.name, u.in[0], u.width, u.y
	switch {
	case o.Merge != rnn.Concat:
		return fmt.Errorf("PyTorch joins directions side by side, not by %v", o.Merge)
	case o.Masked != graph.Zero:
		return fmt.Errorf("PyTorch gives zeros past the end of a row, not the output before")
	case len(o.Fwd) != 1 || len(o.Bwd) != 1:
		return fmt.Errorf("PyTorch has one cell in each direction of a layer")
	}
	f, err := e.layer(o.Fwd[0])
	if err != nil {
		return err
	}
	b, err := e.layer(o.Bwd[0])
	if err != nil {
		return err
	}
	if f != b {
		return fmt.Errorf("PyTorch has equal cells in both directions")
	}
	e.cell(m, "_l0", name+".fwd", f.bias, f.gru)
	e.cell(m, "_l0_reverse", name+".bwd", f.bias, f.gru)
	e.make("self.%s = nn.%s(%d, %d, bias=%s, bidirectional=True%s)", m, f.class, in, f.hidden, python(f.bias), f.more())
	e.line("%s = run(self.%s, %s, lengths, states, %d, %d, last)", y, m, x, e.states, 2*f.states)
	if o.Last {
		e.line("%s = torch.cat([last_of(%s[..., :%d], lengths), %s[:, 0, %d:]], dim=-1)", y, y, f.width(), y, f.width())
	}
	return nil
}

// cell keeps the weights of one layer of an RNN, LSTM or GRU in one direction.
func (e *exporter) cell(module, suffix, prefix string, bias bool, gru bool) {
	for _, names := range [][2]string{{".wx", "weight_ih"}, {".wh", "weight_hh"}, {".wp", "weight_hr"}} {
		if e.params[prefix+names[0]] != nil {
			data, dims := e.turned(prefix + names[0])
			e.add(module+"."+names[1]+suffix, data, dims...)
		}
	}
	if !bias {
		return
	}
	n := e.params[prefix+".wh"].Dim(1)
	b := make([]float32, n)
	if e.params[prefix+".b"] != nil {
		b = e.straight(prefix + ".b")
	}
	e.add(module+".bias_ih"+suffix, b, n)
	second := make([]float32, n)
	if gru { // the second bias of n lies within the reset, the others add up
		bn := e.straight(prefix + ".bn")
		copy(second[n-len(bn):], bn)
	}
	e.add(module+".bias_hh"+suffix, second, n)
}

func (l layerOf) more() string {
	s := l.options
	if l.proj > 0 {
		s += ", proj_size=" + strconv.Itoa(l.proj)
	}
	return s
}

func (l layerOf) width() int {
	return cmp.Or(l.proj, l.hidden)
}

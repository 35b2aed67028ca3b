package tf1

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// Coupled is CoupledInputForgetGateLSTMCell's variables. TensorFlow learns the forget
// gate and has i = 1-f, recur's coupled LSTM learns i and has f = 1-i; as
// 1-σ(v) = σ(-v), one is the other with signs turned.
type Coupled struct {
	Kernel     *tensor.Tensor // [in+out, 3*hidden]: j, f, o
	Bias       *tensor.Tensor // [3*hidden]
	Peepholes  *tensor.Tensor // [2, hidden]: w_f_diag, w_o_diag; nil for none
	Projection *tensor.Tensor // [hidden, out]; nil for none
	ForgetBias float64
	ProjClip   float64 // 0 for none
}

// LSTM returns the same cell as an rnn.LSTM.
func (c Coupled) LSTM() *rnn.LSTM {
	H := c.Bias.Dim(0) / 3
	out := H
	l := &rnn.LSTM{Coupled: true, ProjClip: c.ProjClip}
	if c.Projection != nil {
		out = c.Projection.Dim(1)
		l.Wp = grad.Leaf(c.Projection.Clone())
	}
	// turn puts a row j, f, o in the order i, u, o.
	turn := func(dst, src []tensor.Float, forget float64) {
		for k := range H {
			dst[k] = -src[H+k] - tensor.Float(forget)
			dst[H+k] = src[k]
			dst[2*H+k] = src[2*H+k]
		}
	}
	in := c.Kernel.Dim(0) - out
	wx, wh, b := tensor.New(in, 3*H), tensor.New(out, 3*H), tensor.New(3*H)
	for i := range in {
		turn(wx.At(i).Data, c.Kernel.At(i).Data, 0)
	}
	for i := range out {
		turn(wh.At(i).Data, c.Kernel.At(in+i).Data, 0)
	}
	turn(b.Data, c.Bias.Data, c.ForgetBias)
	l.Wx, l.Wh, l.B = grad.Leaf(wx), grad.Leaf(wh), grad.Leaf(b)
	if c.Peepholes != nil {
		p := tensor.New(3, H)
		for k := range H {
			p.At(0).Data[k] = -c.Peepholes.At(0).Data[k]
			p.At(2).Data[k] = c.Peepholes.At(1).Data[k]
		}
		l.P = grad.Leaf(p)
	}
	return l
}

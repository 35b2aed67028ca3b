package tf1

import (
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// ConvLSTM is the variables of Conv1DLSTMCell, Conv2DLSTMCell or Conv3DLSTMCell, whose
// one convolution sees the channels of x and of h side by side and keeps the places.
type ConvLSTM struct {
	Size, Window []int          // places, and those of the kernel, along each dimension
	Kernel       *tensor.Tensor // [window·(in+channels), 4*channels], as TensorFlow's [..., in+channels, 4*channels]: i, j, f, o
	Bias         *tensor.Tensor // [4*channels], nil for none
	ForgetBias   float64
	Skip         bool // TensorFlow's skip_connection; h alone is carried
}

// Cell returns the same cell as an rnn.ConvLSTM.
func (c ConvLSTM) Cell() *rnn.ConvLSTM {
	window := 1
	for _, n := range c.Window {
		window *= n
	}
	C := c.Kernel.Dim(1) / 4
	in := c.Kernel.Dim(0)/window - C
	gates := func(dst, src []tensor.Float) {
		for to, from := range []int{0, 2, 1, 3} {
			copy(dst[to*C:(to+1)*C], src[from*C:(from+1)*C])
		}
	}
	wx, wh, b := tensor.New(window*in, 4*C), tensor.New(window*C, 4*C), tensor.New(4*C)
	for k := range window {
		for i := range in {
			gates(wx.At(k*in+i).Data, c.Kernel.At(k*(in+C)+i).Data)
		}
		for i := range C {
			gates(wh.At(k*C+i).Data, c.Kernel.At(k*(in+C)+in+i).Data)
		}
	}
	if c.Bias != nil {
		gates(b.Data, c.Bias.Data)
	}
	for i := C; i < 2*C; i++ {
		b.Data[i] += tensor.Float(c.ForgetBias)
	}
	return &rnn.ConvLSTM{
		ConvLSTMOptions: rnn.ConvLSTMOptions{Size: c.Size, Window: c.Window, Skip: c.Skip},
		Wx:              grad.Leaf(wx), Wh: grad.Leaf(wh), B: grad.Leaf(b),
	}
}

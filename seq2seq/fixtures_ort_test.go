package seq2seq

import (
	"math"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// An ortCase is one of ONNX Runtime's tests of AttnLSTM: an LSTM in TensorFlow's
// AttentionWrapper with Bahdanau's score.
type ortCase struct {
	Test       string
	Attributes struct {
		Direction string
		Hidden    int `json:"hidden_size"`
	}
	Inputs, Outputs []*ortArray
}

type ortArray struct {
	Name  string
	Shape []int
	Data  []float64
}

func (a *ortArray) tensor(at ...int) *tensor.Tensor {
	x := tensor.New(a.Shape...)
	for i, v := range a.Data {
		x.Data[i] = tensor.Float(v)
	}
	for _, i := range at {
		x = x.At(i)
	}
	return x
}

// A wrapped cell is the AttentionWrapper: its attention layer has no activation, and
// the output is the cell's.
type wrapped struct {
	lstm       *rnn.LSTM
	memory     *attention
	query, mix *tensor.Tensor // [hidden, d], [hidden + memory, fed]
}

func (c *wrapped) StateSize() []int { return append([]int{c.mix.Dim(1)}, c.lstm.StateSize()...) }

func (c *wrapped) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) {
	y, inner := c.lstm.Step(g, g.Concat(x, s[0]), s[1:])
	ctx, _ := c.memory.attend(g, g.Affine(y, g.Const(c.query), nil), nil)
	return y, append(rnn.State{g.Affine(g.Concat(y, ctx), g.Const(c.mix), nil)}, inner...)
}

func TestONNXRuntime(t *testing.T) {
	for _, c := range fixture.Lines[ortCase](t, "ort-rnn-tests/attn_lstm_bahdanau.jsonl") {
		t.Run(c.Test, func(t *testing.T) {
			in := map[string]*ortArray{}
			for _, a := range c.Inputs {
				if a != nil {
					in[a.Name] = a
				}
			}
			ints := func(name string) (n []int) {
				for _, v := range in[name].Data {
					n = append(n, int(v))
				}
				return n
			}
			want := c.Outputs[0].tensor()
			T, dirs, B, H := want.Dim(0), want.Dim(1), want.Dim(2), c.Attributes.Hidden
			for d := range dirs {
				g := grad.Eval()
				x := rnn.Input(g, in["X"].tensor(), ints("sequence_lens"))
				values := in["M"].tensor()
				cell := &wrapped{
					lstm:  ortLSTM(in["W"].tensor(d), in["R"].tensor(d), in["B"].tensor(d), H),
					query: in["QW"].tensor(d), mix: in["AW"].tensor(d),
					memory: &attention{
						values: g.Const(values), keys: g.Affine(g.Const(values), g.Const(in["MW"].tensor(d)), nil),
						v: g.Const(in["V"].tensor(d)), lengths: ints("memory_seq_lens"),
					},
				}
				backward := d == 1 || c.Attributes.Direction == "reverse"
				if backward {
					x = rnn.Reverse(g, x)
				}
				// The memory has no SelectRows here: rows must not be sorted by length.
				s := rnn.Start(g, cell, B)
				var ys []*grad.Var
				for _, step := range x.Unstack(g) {
					var y *grad.Var
					y, s = cell.Step(g, step, s)
					ys = append(ys, y)
				}
				y := rnn.FromSteps(g, ys)
				y.Len = x.Len
				if backward {
					y = rnn.Reverse(g, y)
				}
				for s := range T {
					for b := range B {
						for h := range H {
							got := float64(y.X.Value.Data[(s*B+b)*H+h])
							if s >= x.Len[b] {
								got = 0
							}
							if w := float64(want.Data[((s*dirs+d)*B+b)*H+h]); math.Abs(got-w) > 1e-4 {
								t.Errorf("direction %d, step %d, row %d, unit %d: %v, want %v", d, s, b, h, got, w)
							}
						}
					}
				}
			}
		})
	}
}

// ortLSTM turns ONNX's weights, [4·hidden, in] in the order i o f c, and its two biases
// into an LSTM.
func ortLSTM(w, r, b *tensor.Tensor, H int) *rnn.LSTM {
	order := []int{0, 2, 3, 1} // of ours, i f u o
	turn := func(w *tensor.Tensor) *grad.Var {
		in := w.Dim(1)
		x := tensor.New(in, 4*H)
		for part, from := range order {
			for h := range H {
				for i := range in {
					x.Data[i*4*H+part*H+h] = w.Data[(from*H+h)*in+i]
				}
			}
		}
		return grad.Leaf(x)
	}
	bias := tensor.New(4 * H)
	for part, from := range order {
		for h := range H {
			bias.Data[part*H+h] = b.Data[from*H+h] + b.Data[(4+from)*H+h]
		}
	}
	return &rnn.LSTM{Wx: turn(w), Wh: turn(r), B: grad.Leaf(bias)}
}

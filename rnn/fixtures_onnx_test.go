package rnn_test

import (
	"math"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

func onnxCases(t *testing.T) (all []onnxCase) {
	for _, name := range []string{"rnn", "lstm", "gru"} {
		all = append(all, fixture.Lines[onnxCase](t, "ort-rnn-tests/"+name+".jsonl")...)
	}
	return all
}

// ONNX Runtime's own tests of RNN, LSTM and GRU.
func TestONNXRuntime(t *testing.T) {
	for name, f := range forms {
		var worst float64
		count := map[string]int{}
		for _, c := range onnxCases(t) {
			t.Run(name+"/"+c.Test, func(t *testing.T) {
				count[c.Op+" "+c.Expect]++
				d, err := c.worst(f)
				if c.Expect != "ok" {
					if err == nil {
						t.Errorf("no error, want one like %q", c.Error)
					}
					t.Log(err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if !(d <= 1e-4) {
					t.Errorf("differs by %.2g", d)
				}
				worst = max(worst, d)
			})
		}
		t.Logf("%s: %v, largest difference %.2g", name, count, worst)
	}
	t.Log("not here: attn_lstm_bahdanau (attention is a decoder's), cntk and the node tests (models, which need a reader of ONNX files)")
}

// The cases must see what is easily got wrong.
func TestONNXRuntimeNoticesMistakes(t *testing.T) {
	for _, m := range onnxMistakes {
		noticed := m.noticed(onnxCases(t))
		if noticed < m.fixtures {
			t.Errorf("%s: noticed by %d cases, want %d", m.name, noticed, m.fixtures)
		}
		t.Logf("%s: noticed by %d cases", m.name, noticed)
	}
}

// ONNX Runtime's training operators, which take their inputs by other names: the
// states of all steps, and the gradients of a GRU, which come from gates that are
// written with six digits. The values of the gates are not compared, as recur does
// not give them.
func TestONNXRuntimeTraining(t *testing.T) {
	names := map[string]string{"input_tensor": "X", "weights": "W", "recurrence_weights": "R", "bias": "B"}
	cases := fixture.Lines[onnxCase](t, "ort-rnn-tests/gru_train_and_grad.jsonl")
	cases = append(cases, fixture.Lines[onnxCase](t, "ort-rnn-tests/lstm_train_forward.jsonl")...)
	for _, c := range cases {
		for _, a := range c.Inputs {
			if a != nil && names[a.Name] != "" {
				a.Name = names[a.Name]
			}
		}
		var gradients bool
		c.Op, gradients = strings.CutSuffix(c.Op, "Grad")
		c.Op = strings.TrimSuffix(c.Op, "Training")
		t.Run(c.Test, func(t *testing.T) {
			if gradients {
				onnxGradients(t, c)
			} else {
				onnxStates(t, c)
			}
		})
	}
}

func onnxStates(t *testing.T, c onnxCase) {
	cell, err := c.cell(0)
	if err != nil {
		t.Fatal(err)
	}
	g := grad.Eval()
	x := rnn.Input(g, c.in("X"), nil)
	T, B := x.Steps(), x.Batch()
	out := map[string]*tensor.Tensor{}
	s := rnn.Start(g, cell, B)
	for i, n := range cell.StateSize() {
		all := tensor.New(T, 1, B, n)
		out[[]string{"HAll", "CAll"}[i]] = all
		out[[]string{"final_h", "final_c"}[i]] = all.At(T - 1)
	}
	for step := range T {
		_, s = rnn.Dynamic(g, cell, x.Slice(g, step, step+1), s)
		for i, v := range s {
			copy(out[[]string{"HAll", "CAll"}[i]].At(step).Data, v.Value.Data)
		}
	}
	var worst float64
	for _, want := range c.Outputs {
		if want.Name == "zrh" || want.Name == "iofc" {
			continue
		}
		worst = max(worst, differ(out[want.Name], want.tensor()))
	}
	if !(worst <= 1e-5) {
		t.Errorf("differs by %.2g", worst)
	}
	t.Logf("largest difference %.2g", worst)
}

func onnxGradients(t *testing.T, c onnxCase) {
	cell, err := c.cell(0)
	if err != nil {
		t.Fatal(err)
	}
	g := grad.New()
	x := grad.Leaf(c.in("X"))
	y, _ := rnn.Dynamic(g, cell, rnn.Seq{X: x}, nil)
	dy := c.in("grad_HAll")
	g.Backward(g.Sum(g.Mul(y.X, g.Const(tensor.FromSlice(dy.Data, y.Steps(), y.Batch(), y.Width())))))
	out := func(name string) *tensor.Tensor { return find(c.Outputs, name).tensor() }
	// The two halves of a bias have the same gradient; a cell of gradients has the
	// sum, and then the half.
	b := out("dB")
	for i := range b.Data {
		b.Data[i] /= 2
	}
	gradients := c
	gradients.Inputs = []*array{{"W", []int{1, 9, 2}, find(c.Outputs, "dW").Data}, {"R", []int{1, 9, 3}, find(c.Outputs, "dR").Data}, {"B", []int{1, 18}, floats(b)}}
	want, err := gradients.cell(0)
	if err != nil {
		t.Fatal(err)
	}
	got := nn.Params(cell)
	for i, p := range nn.Params(want) {
		if d := relative(g.Grad(got[i].Var), p.Value); !(d <= 2e-4) {
			t.Errorf("gradient of %s differs by %.2g", p.Name, d)
		}
	}
	if d := relative(g.Grad(x), out("dX")); !(d <= 2e-4) {
		t.Errorf("gradient of x differs by %.2g", d)
	}
}

func floats(x *tensor.Tensor) (v []float64) {
	for _, f := range x.Data {
		v = append(v, float64(f))
	}
	return v
}

// relative is the largest difference relative to the largest of want.
func relative(got, want *tensor.Tensor) float64 {
	var most, worst float64
	for i, v := range want.Data {
		most = max(most, math.Abs(float64(v)))
		worst = max(worst, math.Abs(float64(got.Data[i]-v)))
	}
	return worst / most
}

package rnn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// torchCase is what others have taken down from PyTorch, to four or five digits.
type torchCase struct {
	Test, Cls string
	Config    struct {
		BatchFirst    bool `json:"batch_first"`
		Bidirectional bool
	}
	Params   map[string]*array
	WeightIH *array `json:"weight_ih_l0"`
	WeightHH *array `json:"weight_hh_l0"`
	BiasIH   *array `json:"bias_ih_l0"`
	BiasHH   *array `json:"bias_hh_l0"`

	Input     *array
	H0        *array `json:"h_0"`
	C0        *array `json:"c_0"`
	Sequences [][]float64

	Expected struct {
		Output *array
		HN     *array `json:"h_n"`
		CN     *array `json:"c_n"`

		Data       []float64
		BatchSizes []int `json:"batch_sizes"`
	}
}

// golden is the case as make_torch.py writes its own.
func (c torchCase) golden() golden {
	o := golden{c.Test, map[string]any{"kind": c.Cls, "bidirectional": c.Config.Bidirectional, "state": c.H0 != nil}, map[string]*tensor.Tensor{}}
	if c.Params == nil {
		c.Params = map[string]*array{"weight_ih_l0": c.WeightIH, "weight_hh_l0": c.WeightHH, "bias_ih_l0": c.BiasIH, "bias_hh_l0": c.BiasHH}
		o.config["kind"] = c.Test
	}
	for name, a := range c.Params {
		o.arrays["w."+name] = a.tensor()
	}
	for name, a := range map[string]*array{"state0": c.H0, "state1": c.C0, "last0": c.Expected.HN, "last1": c.Expected.CN} {
		if a != nil {
			o.arrays[name] = a.tensor()
		}
	}
	o.arrays["x"], o.arrays["y"] = c.Input.tensor(), c.Expected.Output.tensor()
	if c.Config.BatchFirst {
		o.arrays["x"], o.arrays["y"] = swapped(o.arrays["x"]), swapped(o.arrays["y"])
	}
	return o
}

// Values of PyTorch in the tests of PyTorch itself and of others. The weights are
// rounded too: PyTorch itself is as far as 1.2e-4 from the outputs.
func TestPyTorchFixtures(t *testing.T) {
	cases := fixture.Lines[torchCase](t, "pytorch-tests/bidirectional_full_weights.jsonl")
	cases = append(cases, fixture.Lines[torchCase](t, "pytorch-tests/rnn.jsonl")...)
	var worst float64
	count := 0
	for _, c := range cases {
		t.Run(c.Test, func(t *testing.T) {
			if strings.HasPrefix(c.Test, "pad_sequence") {
				t.Skip("padding is the data's, not a cell's")
			}
			count++
			if c.Sequences != nil {
				torchPacks(t, c)
				return
			}
			for _, f := range forms {
				d, where := torchRun(c.golden()).compare(c.golden(), f)
				if !(d <= 1.5e-4) {
					t.Errorf("%s differs by %.2g", where, d)
				}
				worst = max(worst, d)
			}
		})
	}
	t.Logf("%d cases of %d, largest difference %.2g", count, len(cases), worst)
}

// packSpy records how Dynamic packs.
type packSpy struct {
	data   []tensor.Float
	active []int
}

func (c *packSpy) StateSize() []int { return []int{1} }

func (c *packSpy) Step(g *grad.Tape, x *grad.Var, s rnn.State) (*grad.Var, rnn.State) { return x, s }

func (c *packSpy) Unroll(g *grad.Tape, x *grad.Var, active []int, s rnn.State) (*grad.Var, rnn.State) {
	c.data, c.active = slices.Clone(x.Value.Data), slices.Clone(active)
	return x, s
}

// Dynamic packs rows as pack_sequence does.
func torchPacks(t *testing.T, c torchCase) {
	var lengths []int
	for _, s := range c.Sequences {
		lengths = append(lengths, len(s))
	}
	x := tensor.New(slices.Max(lengths), len(lengths), 1)
	for i, s := range c.Sequences {
		for step, v := range s {
			x.At(step).Data[i] = tensor.Float(v)
		}
	}
	spy := &packSpy{}
	g := grad.Eval()
	y, _ := rnn.Dynamic(g, spy, rnn.Input(g, x, lengths), nil)
	var want []tensor.Float
	for _, v := range c.Expected.Data {
		want = append(want, tensor.Float(v))
	}
	if !slices.Equal(spy.data, want) || !slices.Equal(spy.active, c.Expected.BatchSizes) {
		t.Errorf("packed %v, %v, want %v, %v", spy.data, spy.active, want, c.Expected.BatchSizes)
	}
	if !slices.Equal(y.X.Value.Data, x.Data) {
		t.Errorf("unpacked %v, want %v", y.X.Value.Data, x.Data)
	}
}

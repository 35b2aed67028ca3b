package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// tagger is a network with a mask, a stack, both directions and a branch.
func tagger() *Config {
	return &Config{
		Inputs: []Input{{Name: "ids", Width: 1, Sequence: true, IDs: true}},
		Layers: []Layer{
			{Name: "embed", Op: &Embedding{Vocab: 7, Width: 3, MaskZero: true}},
			{Name: "stack", Op: &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{Projection: 2, Peepholes: true}}, rnn.Config{Hidden: 3, Options: rnn.GRUOptions{}}}}},
			{Name: "both", Op: &Bidirectional{Fwd: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.BasicOptions{}}}, Bwd: rnn.Configs{rnn.Config{Hidden: 2, Options: rnn.BasicOptions{Activation: rnn.ReLU}}}}},
			{Name: "join", From: []string{"stack", "both"}, Op: &Concat{}},
			{Name: "norm", Op: &LayerNorm{}},
			{Name: "out", Op: &Dense{Units: 5, Activation: "softmax"}},
		},
	}
}

func randomNet(t *testing.T, c *Config) *Net {
	t.Helper()
	n, err := New(c, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func random(r *rand.Rand, dims ...int) *tensor.Tensor {
	x := tensor.New(dims...)
	for i := range x.Data {
		x.Data[i] = tensor.Float(r.NormFloat64())
	}
	return x
}

func TestCountsAgree(t *testing.T) {
	for _, c := range []*Config{tagger(), forecaster()} {
		n := randomNet(t, c)
		if f := nn.Untagged(n); f != nil {
			t.Errorf("fields without a tag: %v", f)
		}
		if got, want := c.CountParams(), nn.Count(nn.Params(n)); got != want {
			t.Errorf("the plan counts %d values of parameters, there are %d", got, want)
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	for _, c := range []*Config{tagger(), forecaster()} {
		m := &model.Model{Config: c, Net: randomNet(t, c)}
		var b bytes.Buffer
		if err := m.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := model.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.Config, c) {
			t.Errorf("config %v came back as %v", c, again.Config)
		}
	}
}

func TestNamesOfParameters(t *testing.T) {
	var names []string
	for _, p := range nn.Params(randomNet(t, tagger())) {
		names = append(names, p.Name)
	}
	want := "embed.w stack.0.wx stack.0.wh stack.0.b stack.0.p stack.0.wp stack.1.wx stack.1.wh stack.1.b stack.1.bn " +
		"both.fwd.wx both.fwd.wh both.fwd.b both.bwd.wx both.bwd.wh both.bwd.b norm.gain norm.shift out.w out.b"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// A row with padding gives what it gives alone, wherever its mask has holes.
func TestPaddingIsNeverRead(t *testing.T) {
	n := randomNet(t, tagger())
	run := func(T int, ids ...tensor.Float) *tensor.Tensor {
		out, _, err := n.Predict(map[string]*tensor.Tensor{"ids": tensor.FromSlice(ids, len(ids)/T, T)}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out["out"]
	}
	alone := run(3, 4, 2, 6)
	for _, padded := range [][]tensor.Float{{4, 2, 6, 0, 0}, {0, 4, 2, 0, 6}, {0, 0, 4, 2, 6}} {
		y := run(5, padded...)
		i := 0
		for k, id := range padded {
			if id == 0 {
				continue
			}
			if !reflect.DeepEqual(y.At(0).At(k).Data, alone.At(0).At(i).Data) {
				t.Errorf("ids %v: step %d is %v, want %v", padded, k, y.At(0).At(k).Data, alone.At(0).At(i).Data)
			}
			i++
		}
	}
}

func forecaster() *Config {
	return &Config{
		TimeMajor: true,
		Inputs:    []Input{{Name: "x", Width: 3, Sequence: true}},
		Layers: []Layer{
			{Name: "drop", Op: &Dropout{Rate: 0.3}},
			{Name: "rnn", Op: &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{}}, rnn.Config{Hidden: 4, Options: rnn.LSTMOptions{CellClip: 3}}}}},
			{Name: "skip", From: []string{"rnn", "rnn:1"}, Op: &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.GRUOptions{ResetBefore: true}}}, Last: true}},
			{Name: "out", Op: &Dense{Units: 2, Activation: "gelu"}},
		},
	}
}

func TestStreamGivesWhatASequenceGives(t *testing.T) {
	c := forecaster()
	c.Layers = append(c.Layers[:2:2], Layer{Name: "out", Op: &Dense{Units: 2}})
	n := randomNet(t, c)
	cell, err := n.Cell()
	if err != nil {
		t.Fatal(err)
	}
	x := random(rand.New(rand.NewPCG(3, 4)), 5, 1, 3)
	out, last, err := n.Predict(map[string]*tensor.Tensor{"x": x}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	st := rnn.NewStream(cell)
	for i := range 5 {
		y := st.Push(x.At(i).Data)
		for k, v := range out["out"].At(i).Data {
			if d := v - y[k]; d > 1e-6 || d < -1e-6 {
				t.Fatalf("step %d gives %v, want %v", i, y, out["out"].At(i).Data)
			}
		}
	}
	for i, v := range st.State() {
		for k, x := range last[i].Data {
			if d := x - v.Value.Data[k]; d > 1e-6 || d < -1e-6 {
				t.Fatalf("entry %d of the state is %v, want %v", i, v.Value.Data, last[i].Data)
			}
		}
	}
	if _, err := randomNet(t, tagger()).Cell(); err == nil || !strings.Contains(err.Error(), `"both" (bidirectional) needs the whole sequence`) {
		t.Errorf("a bidirectional layer went step by step: %v", err)
	}
}

func TestBadConfigs(t *testing.T) {
	seq := []Input{{Name: "x", Width: 2, Sequence: true}}
	wide := []Input{{Name: "x", Width: 1 << 22, Sequence: true}}
	nas := func(n int) *RNN {
		return &RNN{Cells: slices.Repeat(rnn.Configs{{Hidden: 1 << 22, Options: tf1.NASOptions{}}}, n)} // of 2^48 values each
	}
	for want, c := range map[string]*Config{
		"cell 32767: too many":  {Inputs: wide, Layers: []Layer{{Name: "a", Op: nas(1 << 15)}}},
		`layer "b": too many`:   {Inputs: wide, Layers: []Layer{{Name: "a", Op: nas(1 << 14)}, {Name: "b", Op: nas(1 << 14)}}},
		`"both": too many`:      {Inputs: wide, Layers: []Layer{{Name: "both", Op: &Bidirectional{Fwd: nas(1 << 14).Cells, Bwd: nas(1 << 14).Cells, Merge: rnn.Sum}}}},
		"0 inputs":              {Layers: []Layer{{Name: "a", Op: &Dense{Units: 1}}}},
		"empty or taken":        {Inputs: seq, Layers: []Layer{{Name: "x", Op: &Dense{Units: 1}}}},
		`nothing before it`:     {Inputs: seq, Layers: []Layer{{Name: "a", From: []string{"b"}, Op: &Dense{Units: 1}}}},
		"reads a sequence":      {Inputs: []Input{{Name: "x", Width: 2}}, Layers: []Layer{{Name: "a", Op: &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 1, Options: rnn.GRUOptions{}}}}}}},
		"hidden is 0":           {Inputs: seq, Layers: []Layer{{Name: "a", Op: &RNN{Cells: rnn.Configs{rnn.Config{Options: rnn.GRUOptions{}}}}}}},
		"without cells":         {Inputs: seq, Layers: []Layer{{Name: "a", Op: &RNN{}}}},
		"one id at each step":   {Inputs: seq, Layers: []Layer{{Name: "a", Op: &Embedding{Vocab: 3, Width: 4}}}},
		`activation "nope"`:     {Inputs: seq, Layers: []Layer{{Name: "a", Op: &Dense{Units: 1, Activation: "nope"}}}},
		"unknown merge":         {Inputs: seq, Layers: []Layer{{Name: "a", From: []string{"x", "x"}, Op: &Merge{By: "xor"}}}},
		"want a vector of 3":    {Inputs: seq, Layers: []Layer{{Name: "a", From: []string{"x", "x"}, Op: &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 3, Options: rnn.GRUOptions{}}}}}}},
		"is 4194305 wide":       {Inputs: []Input{{Name: "x", Width: 1<<22 + 1}}, Layers: []Layer{{Name: "a", Op: &Dense{Units: 1}}}},
		"too many":              {Inputs: []Input{{Name: "x", Width: 4096}}, Layers: []Layer{{Name: "a", Op: &RepeatVector{Steps: 4096}}}},
		"size is 65537":         {Inputs: seq, Layers: []Layer{{Name: "a", Op: &Pool{By: "max", Size: 65537}}}},
		"cannot be joined":      {Inputs: append(seq, Input{Name: "v", Width: 1}), Layers: []Layer{{Name: "a", From: []string{"x", "v"}, Op: &Concat{}}}},
		"masked is \"nothing\"": {Inputs: seq, Layers: []Layer{{Name: "a", Op: &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 1, Options: rnn.GRUOptions{}}}, Masked: "nothing"}}}},
	} {
		if _, err := New(c, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestBadInputs(t *testing.T) {
	n := randomNet(t, tagger())
	for want, ids := range map[string]*tensor.Tensor{
		"not an id from 0 to 6": tensor.FromSlice([]tensor.Float{7}, 1, 1),
		"want [batch, time":     tensor.New(1, 2, 3),
		"0.5 is not an id":      tensor.FromSlice([]tensor.Float{0.5}, 1, 1),
	} {
		if _, _, err := n.Predict(map[string]*tensor.Tensor{"ids": ids}, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, c := range []*Config{tagger(), forecaster()} {
		b, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, c := range rare() {
		net, err := FromCell(c, 6)
		if err != nil {
			f.Fatal(err)
		}
		b, err := json.Marshal(net.Config)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := new(Config)
		if json.Unmarshal(b, c) != nil {
			return
		}
		if n := c.CountParams(); n > 1<<16 {
			return
		}
		n, err := New(c, nil)
		if err != nil {
			return
		}
		if got := nn.Count(nn.Params(n)); got != c.CountParams() {
			t.Fatalf("%d values of parameters where the plan counts %d", got, c.CountParams())
		}
	})
}

// A network is frozen by the cells of its recurrent layers.
func TestFreeze(t *testing.T) {
	c := forecaster()
	c.Layers = append(c.Layers[:2:2], Layer{Name: "out", Op: &Dense{Units: 2}})
	cell, err := randomNet(t, c).Cell()
	if err != nil {
		t.Fatal(err)
	}
	x := []tensor.Float{1, -1, 0.5}
	run := func(c rnn.Cell) (y []tensor.Float) {
		st := rnn.NewStream(c)
		for range 5 {
			y = st.Push(x)
		}
		return slices.Clone(y)
	}
	want := run(cell)
	for p, most := range map[rnn.Precision]float64{rnn.Single: 0, rnn.Half: 1e-3, rnn.Int8: 0.05} {
		frozen, err := rnn.Freeze(cell, p)
		if err != nil {
			t.Fatal(err)
		}
		var far float64
		for i, v := range run(frozen) {
			far = max(far, math.Abs(float64(v-want[i])))
		}
		if far > most || far == 0 && p != rnn.Single {
			t.Errorf("%v: outputs differ by %v, want at most %v", p, far, most)
		}
	}
	if !slices.Equal(run(cell), want) {
		t.Error("Freeze changed the network")
	}
	for name, ops := range map[string][]Op{
		`layer "0": rnn: *tf1.UGRNN has no form`: {&RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: tf1.UGRNNOptions{}}}}, &RNN{Cells: rnn.Configs{rnn.Config{Hidden: 4, Options: rnn.GRUOptions{}}}}},
		"without a recurrent or dense layer":     {&Activation{Func: "tanh"}},
	} {
		c := &Config{Inputs: []Input{{Name: "x", Width: 3, Sequence: true}}}
		for i, op := range ops {
			c.Layers = append(c.Layers, Layer{Name: strconv.Itoa(i), Op: op})
		}
		cell, err := randomNet(t, c).Cell()
		if err != nil {
			t.Fatal(err)
		}
		frozen, err := rnn.Freeze(cell, rnn.Single)
		if !errors.Is(err, rnn.ErrNotFrozen) || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v, want %s", err, name)
		}
		if !slices.Equal(run(frozen), run(cell)) {
			t.Errorf("%s: the outputs are others", name)
		}
	}
}

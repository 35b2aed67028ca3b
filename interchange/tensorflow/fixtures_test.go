package tensorflow

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/tensor"
)

// variables are those of a checkpoint to be, by name.
type variables map[string]struct {
	shape  []int
	values []float32
}

// fill adds a variable of one value.
func (v variables) fill(name string, value float64, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(value)
	}
	e := v[name]
	e.shape, e.values = shape, values
	v[name] = e
}

// checkpoint writes the variables and opens what it wrote.
func (v variables) checkpoint(t testing.TB) *Checkpoint {
	t.Helper()
	entries := []pair{headerOne}
	var data []byte
	for _, name := range slices.Sorted(maps.Keys(v)) {
		at := len(data)
		for _, x := range v[name].values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
		var shape []uint64
		for _, d := range v[name].shape {
			shape = append(shape, uint64(d))
		}
		sum := masked(crc32.Checksum(data[at:], castagnoli))
		entries = append(entries, pair{name, entryOf(uint64(float), shape, 0, uint64(at), uint64(len(data)-at), sum)})
	}
	c := &Checkpoint{}
	err := c.read(tableOf(entries), func(i, n uint64) (io.ReaderAt, int64, string, error) {
		return bytes.NewReader(data), int64(len(data)), "data", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fixtureCell is a case that is written as a checkpoint.
type fixtureCell struct{ fixture.TF1Cell }

// write adds the variables of a cell that reads in values, under the names and with the
// shapes that TensorFlow gives them, and tells how wide its output is and what a spec has
// to say of it.
func (c fixtureCell) write(v variables, scope, kind string, o fixture.TF1Config, in int) (out int, spec map[string]any) {
	H, k, b := o.NumUnits, c.Weight("kernel"), c.Weight("bias")
	spec = map[string]any{"module": scope}
	add := func(name string, value float64, shape ...int) { v.fill(scope+"/"+name, value, shape...) }
	lstm := func(name string) {
		add(name+"/kernel", k, in+H, 4*H)
		spec["forget_bias"] = o.ForgetBias
		if o.Peepholes {
			for _, w := range []string{"i", "f", "o"} {
				add(name+"/w_"+w+"_diag", c.Weight("peepholes"), H)
			}
		}
	}
	switch kind {
	case "GRUCell":
		add("gru_cell/gates/kernel", c.Weight("kernels"), in+H, 2*H)
		add("gru_cell/gates/bias", c.Weight("gates_bias"), 2*H)
		add("gru_cell/candidate/kernel", c.Weight("kernels"), in+H, H)
		add("gru_cell/candidate/bias", c.Weight("candidate_bias"), H)
	case "BasicLSTMCell":
		lstm("basic_lstm_cell")
		add("basic_lstm_cell/bias", b, 4*H)
	case "LayerNormBasicLSTMCell":
		lstm("layer_norm_basic_lstm_cell")
		if o.LayerNorm != nil {
			add("layer_norm_basic_lstm_cell/bias", b, 4*H)
			break
		}
		for _, gate := range []string{"input", "transform", "forget", "output", "state"} {
			add("layer_norm_basic_lstm_cell/"+gate+"/gamma", 1, H)
			add("layer_norm_basic_lstm_cell/"+gate+"/beta", 0, H)
		}
	case "WeightNormLSTMCell":
		lstm("wn_lstm_cell")
		add("wn_lstm_cell/bias", b, 4*H)
		if o.Norm {
			add("wn_lstm_cell/norm_0", c.Weight("g"), 4*H)
			add("wn_lstm_cell/norm_1", c.Weight("g"), 4*H)
		}
	case "CoupledInputForgetGateLSTMCell":
		add("coupled_input_forget_gate_lstm_cell/W_0", c.Weight("W"), in+H, 3*H)
		add("coupled_input_forget_gate_lstm_cell/B", c.Weight("B"), 3*H)
		spec["forget_bias"] = o.ForgetBias
	case "UGRNNCell":
		add("ugrnn_cell/kernel", k, in+H, 2*H)
		add("ugrnn_cell/bias", b, 2*H)
		spec["forget_bias"] = o.ForgetBias
	case "NASCell":
		out := H
		if o.Projection > 0 {
			out = o.Projection
			add("nas_cell/projection_weights", c.Weight("projection"), H, out)
		}
		add("nas_cell/kernel", k, in, 8*H)
		add("nas_cell/recurrent_kernel", c.Weight("recurrent_kernel"), out, 8*H)
		return out, spec
	case "IntersectionRNNCell":
		k, b := c.Weight("kernels"), c.Weight("biases")
		add("intersection_rnn_cell/in_projection/kernel", k, in, H)
		add("intersection_rnn_cell/in_projection/bias", b, H)
		add("intersection_rnn_cell/kernel", k, 2*H, 4*H)
		add("intersection_rnn_cell/bias", b, 4*H)
		spec["forget_bias"] = o.ForgetBias
	case "MinimalRNNCell":
		H = o.Units
		add("minimal_rnn_cell/kernel", k, in+2*H, H)
		add("minimal_rnn_cell/bias", b, H)
	case "CFNCell":
		H = o.Units
		add("cfn_cell/kernel", k, in, 3*H)
		add("cfn_cell/recurrent_kernel", c.Weight("recurrent_kernel"), H, 2*H)
		add("cfn_cell/bias", b, 2*H)
	case "SRUCell":
		add("sru_cell/kernel", k, in, 4*H)
		add("sru_cell/bias", b, 2*H)
	case "Conv1DLSTMCell", "Conv2DLSTMCell", "Conv3DLSTMCell":
		last := len(o.Shape) - 1
		add("conv_lstm_cell/kernel", k, append(slices.Clone(o.Window), o.Shape[last]+o.Channels, 4*o.Channels)...)
		add("conv_lstm_cell/biases", b, 4*o.Channels)
		spec["forget_bias"], spec["size"] = o.ForgetBias, o.Shape[:last]
		return in, spec
	case "MultiRNNCell":
		for i, m := range o.Cells {
			for kind, inner := range m {
				var more map[string]any
				in, more = c.write(v, fmt.Sprintf("%s/multi_rnn_cell/cell_%d", scope, i), kind, inner, in)
				more["module"] = scope
				maps.Copy(spec, more)
			}
		}
		return in, spec
	case "OutputProjectionWrapper":
		scope += "/output_projection_wrapper"
		in, spec = c.inner(v, scope, in)
		v.fill(scope+"/kernel", c.Weight("projection_kernel"), in, o.Output)
		v.fill(scope+"/bias", c.Weight("projection_bias"), o.Output)
		return o.Output, spec
	case "InputProjectionWrapper":
		scope += "/input_projection_wrapper"
		v.fill(scope+"/kernel", c.Weight("projection_kernel"), in, o.Projection)
		v.fill(scope+"/bias", c.Weight("projection_bias"), o.Projection)
		return c.inner(v, scope, o.Projection)
	case "EmbeddingWrapper":
		scope += "/embedding_wrapper"
		v.fill(scope+"/embedding", c.Weight("embedding"), o.Classes, o.Embedding)
		return c.inner(v, scope, o.Embedding)
	}
	return H, spec
}

func (c fixtureCell) inner(v variables, scope string, in int) (int, map[string]any) {
	for kind, o := range c.Config.Cell {
		return c.write(v, scope, kind, o, in)
	}
	return 0, nil
}

// TensorFlow 1's own tests of cells, all of them, as checkpoints that are imported.
func TestTensorFlowFixtures(t *testing.T) {
	count := 0
	for _, c := range fixture.Lines[fixture.TF1Cell](t, "tf1-tests/cells.jsonl") {
		c := fixtureCell{c}
		t.Run(c.Test, func(t *testing.T) {
			count++
			if d := c.differ(t); !(d <= 1e-5) {
				t.Errorf("differs by %.2g", d)
			}
		})
	}
	if count != 28 {
		t.Errorf("%d cases, want 28", count)
	}
}

func (c fixtureCell) differ(t *testing.T) (worst float64) {
	x := fromRows(fixture.Matrix(c.X, 0))
	v := variables{}
	_, layer := c.write(v, "rnn", c.Cell, c.Config, x.Dim(1))
	layers := []map[string]any{layer}
	if c.Cell == "EmbeddingWrapper" {
		layers = []map[string]any{{"module": "rnn/embedding_wrapper/embedding", "type": "embedding"}, layer}
	}
	spec, err := json.Marshal(map[string]any{"layers": layers})
	if err != nil {
		t.Fatal(err)
	}
	m, err := v.checkpoint(t).Model(spec)
	if err != nil {
		t.Fatal(err)
	}
	net := m.Net.(*graph.Net)
	step := tensor.FromSlice(x.Data, x.Dim(0), 1, x.Dim(1))
	var first []*tensor.Tensor
	for _, rows := range fixture.States(c.State) {
		first = append(first, fromRows(rows))
	}
	out, last, err := net.Predict(map[string]*tensor.Tensor{"x": step}, nil, first)
	if err != nil {
		t.Fatal(err)
	}
	per := len(last) / max(len(c.Config.Cells), 1)
	for name, want := range c.Expected {
		got := out[net.OutputNames()[0]]
		if name != "output" && name != "y" {
			k := 0
			fmt.Sscanf(name[1:], "%d", &k)
			got = last[k*per+map[byte]int{'c': 1}[name[0]]]
		}
		rows := fixture.Matrix(want, len(got.Data)/x.Dim(0))
		if rows == nil || len(rows)*len(rows[0]) != len(got.Data) {
			t.Fatalf("%s is %v, want %v", name, got.Shape, want)
		}
		w := fromRows(rows)
		for i, f := range w.Data {
			worst = max(worst, math.Abs(float64(f-got.Data[i])))
		}
	}
	return worst
}

func fromRows(rows [][]float64) *tensor.Tensor {
	x := tensor.New(len(rows), len(rows[0]))
	for i, row := range rows {
		for j, f := range row {
			x.At(i).Data[j] = tensor.Float(f)
		}
	}
	return x
}

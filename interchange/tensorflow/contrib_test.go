package tensorflow

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// contribs are the golden files of the cells of tf.contrib.rnn.
func contribs(t *testing.T) (list []golden) {
	for _, g := range goldens(t) {
		if strings.HasPrefix(g.name, "contrib") {
			list = append(list, g)
		}
	}
	if len(list) != 7 {
		t.Fatalf("%d golden files, want 7", len(list))
	}
	return list
}

// Every parameter counts, and so does the order of what lies in it: a gate in another's
// place, rows of another's, or a variable that is not read, shows in the golden files.
func TestContribMistakesShow(t *testing.T) {
	for _, g := range contribs(t) {
		m, err := Import(g.prefix, g.Spec)
		if err != nil {
			t.Fatal(err)
		}
		net := m.Net.(*graph.Net)
		for _, p := range nn.Params(net) {
			v := p.Value.Data
			right := slices.Clone(v)
			shows := func(what string) {
				if d := g.differ(t, net); !(d > 1e-4) {
					t.Errorf("%s: %s of %s %v changes the answer by %.2g", g.name, what, p.Name, p.Shape(), d)
				}
				copy(v, right)
			}
			clear(v)
			shows("the lack")
			copy(v, right[1:])
			v[len(v)-1] = right[0]
			shows("another place of the values")
			cols := p.Shape().Last()
			for parts := 2; parts <= 8; parts++ {
				if n := cols / parts; cols%parts == 0 {
					for row := v; len(row) > 0; row = row[cols:] {
						for i := range n {
							row[i], row[n+i] = row[n+i], row[i]
						}
					}
					shows("another order of the gates")
				}
			}
		}
	}
}

// What a spec says counts too.
func TestContribOptionsShow(t *testing.T) {
	change := map[string]any{"forget_bias": 0.2, "leak": 0.5, "size": []int{3, 2}, "proj_clip": 0.1}
	shown := map[string]bool{}
	for _, g := range contribs(t) {
		for option, wrong := range change {
			var spec map[string]any
			if err := json.Unmarshal(g.Spec, &spec); err != nil {
				t.Fatal(err)
			}
			layer := spec["layers"].([]any)[0].(map[string]any)
			if layer[option] == nil {
				continue
			}
			layer[option] = wrong
			text, _ := json.Marshal(spec)
			m, err := Import(g.prefix, text)
			if err != nil {
				t.Fatal(err)
			}
			if d := g.differ(t, m.Net.(*graph.Net)); !(d > 1e-3) {
				t.Errorf("%s: another %s changes the answer by %.2g", g.name, option, d)
			}
			shown[option] = true
		}
	}
	if len(shown) != len(change) {
		t.Errorf("only %v are in the golden files", shown)
	}
}

// A network of such cells goes step by step, but for the one of both directions.
func TestContribStreams(t *testing.T) {
	for _, g := range contribs(t) {
		m, err := Import(g.prefix, g.Spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Net.(*graph.Net).Cell(); (err == nil) == (g.name == "contrib_cudnn") {
			t.Errorf("%s: %v", g.name, err)
		}
	}
}

// What cannot be mapped, and what a checkpoint does not tell, is named.
func TestContribRefused(t *testing.T) {
	conv := variables{}
	conv.fill("rnn/conv_lstm_cell/kernel", 1, 3, 3, 3, 8)
	half := variables{}
	half.fill("rnn/glstm_cell/group0/kernel", 1, 2, 4)
	half.fill("rnn/glstm_cell/group1/kernel", 1, 2, 4)
	for _, b := range "ijfo" {
		half.fill("rnn/glstm_cell/bias_"+string(b), 1, 3)
	}
	extra := variables{}
	extra.fill("rnn/ugrnn_cell/kernel", 1, 4, 4)
	extra.fill("rnn/ugrnn_cell/bias", 1, 4)
	more := variables{}
	maps.Copy(more, extra)
	more.fill("rnn/ugrnn_cell/peephole", 1, 4)
	grid := variables{}
	grid.fill("rnn/grid_lstm_cell/W_0", 1, 4, 4)
	opaque := variables{}
	opaque.fill("cudnn_lstm/opaque_kernel", 1, 40)
	short := variables{}
	short.fill("rnn/layer_norm_basic_lstm_cell/kernel", 1, 4, 8)
	short.fill("rnn/layer_norm_basic_lstm_cell/input/gamma", 1, 2)
	wn := variables{}
	wn.fill("rnn/wn_lstm_cell/kernel", 1, 4, 8)
	wn.fill("rnn/wn_lstm_cell/bias", 1, 8)
	wn.fill("rnn/wn_lstm_cell/norm_0", 1, 8)
	for _, c := range []struct {
		vars       variables
		spec, want string
	}{
		{conv, `"module": "rnn", "forget_bias": 1`, `"size"`},
		{conv, `"module": "rnn", "forget_bias": 1, "size": [4]`, `"size"`},
		{half, `"module": "rnn", "forget_bias": 1`, "group2/kernel"},
		{extra, `"module": "rnn"`, "forget bias"},
		{extra, `"module": "rnn", "forget_bias": 1, "cell_activation": "relu"`, "another activation than tanh"},
		{extra, `"module": "rnn", "forget_bias": 1, "activation": "relu"`, "cell_activation"},
		{extra, `"module": "rnn", "cell": "nope_cell"`, "unknown cell"},
		{more, `"module": "rnn", "forget_bias": 1`, "peephole"},
		{grid, `"module": "rnn", "forget_bias": 1`, "grid_lstm_cell is not supported"},
		{opaque, `"module": "cudnn_lstm"`, `give "cudnn"`},
		{opaque, `"module": "cudnn_lstm", "cudnn": {"kind": "lstm", "layers": 1, "in": 3, "hidden": 2}`, "40 parameters"},
		{short, `"module": "rnn", "forget_bias": 1`, "it lacks its forget/gamma"},
		{wn, `"module": "rnn", "forget_bias": 1`, "lengths of the columns"},
	} {
		_, err := c.vars.checkpoint(t).Model([]byte(`{"layers": [{` + c.spec + `}]}`))
		var mapping *MapError
		if !errors.As(err, &mapping) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.spec, err, c.want)
		}
	}
	for _, g := range contribs(t) {
		if g.name != "contrib_attention" {
			continue
		}
		_, err := Import(g.prefix, []byte(`{"layers": [{"module": "rnn", "forget_bias": 0.7}]}`))
		if err == nil || !strings.Contains(err.Error(), "attn_length") {
			t.Errorf("%v, want an error that asks for attn_length", err)
		}
	}
}

// A cell under a name that its program gave it is what the spec says.
func TestNamedCell(t *testing.T) {
	v := variables{}
	v.fill("rnn/mine/kernel", 0.5, 4+2, 2*2)
	v.fill("rnn/mine/bias", 0, 2*2)
	m, err := v.checkpoint(t).Model([]byte(`{"layers": [{"module": "rnn/mine", "cell": "ugrnn_cell", "forget_bias": 1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.FromSlice([]tensor.Float{1, 1, 1, 1}, 1, 1, 4)
	h := tensor.FromSlice([]tensor.Float{0.1, 0.1}, 1, 2)
	out, _, err := m.Net.(*graph.Net).Predict(map[string]*tensor.Tensor{"x": x}, nil, []*tensor.Tensor{h})
	if err != nil {
		t.Fatal(err)
	}
	for name, y := range out {
		if d := y.Data[0] - 0.13752282; d > 1e-6 || d < -1e-6 {
			t.Errorf("%s is %v, want 0.13752282", name, y.Data)
		}
	}
}

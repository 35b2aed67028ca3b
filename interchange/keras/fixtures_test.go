package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// kerasCase is one of Keras 3's own tests of layers with constant weights.
type kerasCase struct {
	Test  string
	Layer map[string]any
	Input numbersOf
	Mask  *numbersOf
	State json.RawMessage `json:"initial_state"`
	Prior int             `json:"prior_calls"`

	Select   []int
	Reduce   string
	Expected numbersOf
	Atol     float64
}

// asKeras turns a layer of the fixtures into what Keras writes. Their linear cell of
// ones is a SimpleRNNCell.
func asKeras(layer map[string]any, name string) map[string]any {
	config := map[string]any{"name": name}
	for k, v := range layer["config"].(map[string]any) {
		config[k] = v
	}
	for _, k := range []string{"layer", "backward_layer"} {
		if inner, ok := config[k].(map[string]any); ok {
			config[k] = asKeras(inner, k)
		}
	}
	switch cell := config["cell"].(type) {
	case map[string]any:
		config["cell"] = asKeras(cell, "cell")
	case []any:
		var cells []any
		for i, c := range cell {
			cells = append(cells, asKeras(c.(map[string]any), fmt.Sprint("cell", i)))
		}
		config["cell"] = map[string]any{"class_name": "StackedRNNCells", "config": map[string]any{"cells": cells}}
	}
	class := layer["class"].(string)
	if class == "OneStateRNNCell" {
		class = "SimpleRNNCell"
		config["activation"], config["use_bias"] = "linear", false
		config["kernel_initializer"], config["recurrent_initializer"] = "ones", "ones"
	}
	if strings.HasPrefix(class, "ConvLSTM") && !strings.HasSuffix(class, "D") { // of which those with a number are made
		config["return_state"] = class == "ConvLSTMCell"
		class = fmt.Sprintf("ConvLSTM%vD", config["rank"])
	}
	module := "" // Keras's own
	if class == "TwoStatesRNNCell" {
		module = "rnn_test"
	}
	return map[string]any{"module": module, "class_name": class, "config": config, "name": name}
}

// constants are the weights of a fixture: each array has one value, but for the forget
// bias of an LSTM.
type constants struct{ layer map[string]any }

func (c constants) Find(places []Place) (found []*Weight, extra []string, err error) {
	for _, p := range places {
		config := c.holder(p)
		key := map[string]string{"kernel": "kernel_initializer", "recurrent_kernel": "recurrent_initializer", "bias": "bias_initializer"}[p.array.name]
		v := tensor.Float(1)
		switch k := config[key].(type) {
		case map[string]any:
			v = tensor.Float(k["constant"].(float64))
		case nil:
			v = 0
		}
		lstm := p.array.name == "bias" && strings.Contains(fmt.Sprint(config["class"]), "LSTM") && config["unit_forget_bias"] != false
		found = append(found, &Weight{p.array.shape, func(dst []tensor.Float) error {
			for i := range dst {
				if dst[i] = v; lstm && i/(len(dst)/4) == 1 {
					dst[i] = 1
				}
			}
			return nil
		}})
	}
	return found, nil, nil
}

// holder is the config of the layer or cell that has a weight, with its class.
func (c constants) holder(p Place) map[string]any {
	at := c.layer
	config := func() map[string]any { return at["config"].(map[string]any) }
	for _, part := range strings.Split(p.Path, "/") {
		switch inner := config()[map[string]string{"forward_layer": "layer", "backward_layer": "backward_layer", "layer": "layer", "cell": "cell"}[part]].(type) {
		case map[string]any:
			at = inner
			if part == "cell" && at["class_name"] == "StackedRNNCells" {
				var i int
				fmt.Sscanf(p.Path[strings.Index(p.Path, "cells/"):], "cells/%d", &i)
				at = config()["cells"].([]any)[i].(map[string]any)
			}
		default:
			if part == "backward_layer" {
				at = config()["layer"].(map[string]any)
			}
		}
	}
	all := map[string]any{"class": at["class_name"]}
	for k, v := range config() {
		all[k] = v
	}
	return all
}

// Keras 3's own tests of recurrent layers, through the importer: all of them. Those with
// a cell that the tests define are refused by its name.
func TestKerasFixtures(t *testing.T) {
	same, refused := 0, 0
	for _, c := range fixture.Lines[kerasCase](t, "keras-rnn-tests/keras3_rnn.jsonl") {
		t.Run(c.Test, func(t *testing.T) {
			text, _ := json.Marshal(c.Layer)
			if strings.Contains(string(text), "TwoStates") {
				refused++
				_, err := FromConfig(c.model(t), 3, constants{asKeras(c.Layer, "l")})
				var unsupported *UnsupportedError
				if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), "TwoStatesRNNCell") {
					t.Errorf("%v, want an error that names the cell", err)
				}
				return
			}
			same++
			if d := c.differ(t); !(d <= max(c.Atol, 1e-5)) {
				t.Errorf("differs by %.2g", d)
			}
		})
	}
	if same != 105 || refused != 24 {
		t.Errorf("%d cases give what they should and %d are refused, want 105 and 24", same, refused)
	}
}

// outputs is how many things a layer gives.
func (c kerasCase) outputs() (n int, several bool) {
	config := asKeras(c.Layer, "l")["config"].(map[string]any)
	if inner, ok := config["layer"].(map[string]any); ok && inner["config"].(map[string]any)["return_state"] == true {
		return 5, true
	}
	if merge, ok := config["merge_mode"]; ok && merge == nil {
		return 2, true
	}
	if c.Layer["class"] == "ConvLSTMCell" {
		return 3, true
	}
	if config["return_state"] == true && len(c.Select) > 0 { // as many as are asked for
		if len(c.Select) == 2 {
			return 2 + 2*(c.Select[0]-1) + c.Select[1], true
		}
		return 1 + c.Select[0], true
	}
	return 1, false
}

// steps is the input with its steps flat, and its shape in Keras. A cell has one step.
func (c kerasCase) steps() (x *tensor.Tensor, shape []int) {
	shape = c.Input.Shape
	if c.Layer["class"] == "ConvLSTMCell" {
		shape = append([]int{shape[0], 1}, shape[1:]...)
	}
	return tensor.FromSlice(c.Input.Data, shape[0], shape[1], len(c.Input.Data)/shape[0]/shape[1]), shape
}

// model is the JSON of a model of the layer and its input.
func (c kerasCase) model(t *testing.T) []byte {
	t.Helper()
	layer := asKeras(c.Layer, "l")
	x := map[string]any{"class_name": "__keras_tensor__", "config": map[string]any{"keras_history": []any{"x", 0, 0}}}
	layer["inbound_nodes"] = []any{map[string]any{"args": []any{x}, "kwargs": map[string]any{}}}
	_, shape := c.steps()
	batch := []any{nil}
	for _, n := range shape[1:] {
		batch = append(batch, n)
	}
	var places []any
	n, _ := c.outputs()
	for i := range n {
		places = append(places, []any{"l", 0, i})
	}
	doc := map[string]any{"class_name": "Functional", "config": map[string]any{"name": "m",
		"layers": []any{map[string]any{"class_name": "InputLayer", "name": "x", "inbound_nodes": []any{},
			"config": map[string]any{"name": "x", "batch_shape": batch}}, layer},
		"input_layers": []any{[]any{"x", 0, 0}}, "output_layers": places}}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// differ is the largest difference to what is expected, relative above 1.
func (c kerasCase) differ(t *testing.T) (worst float64) {
	t.Helper()
	m, err := FromConfig(c.model(t), 3, constants{asKeras(c.Layer, "l")})
	if err != nil {
		t.Fatal(err)
	}
	net := m.Net.(*graph.Net)
	g := grad.Eval()
	x, shape := c.steps()
	in := graph.Value{X: g.TransposeBatch(g.Const(x))}
	B, T := shape[0], shape[1]
	if c.Mask != nil {
		in.Mask = make([]bool, T*B)
		for i := range in.Mask {
			in.Mask[i] = c.Mask.Data[i%B*T+i/B] != 0
		}
	}
	var s rnn.State
	if len(c.State) > 0 && string(c.State) != "null" {
		var list []numbersOf
		if bytes.HasPrefix(c.State, []byte("{")) {
			c.State = []byte("[" + string(c.State) + "]")
		}
		if err := json.Unmarshal(c.State, &list); err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			s = append(s, g.Const(tensor.FromSlice(n.Data, B, len(n.Data)/B)))
		}
	}
	var out []graph.Value
	for range c.Prior + 1 { // a stateful layer goes on where it was
		out, s = net.Run(g, []graph.Value{in}, s)
	}
	y := out[0].X
	_, several := c.outputs()
	if several {
		k := c.Select[0]
		if len(c.Select) == 2 {
			k = 1 + 2*(k-1) + c.Select[1]
		}
		y = out[k].X
	}
	if y.Shape().Rank() == 3 {
		y = g.TransposeBatch(y)
	}
	if !several && len(c.Select) == 1 {
		y = g.Slice(y, c.Select[0], c.Select[0]+1)
	}
	if c.Reduce == "sum" {
		y = g.Sum(y)
	}
	if len(y.Value.Data) != len(c.Expected.Data) {
		t.Fatalf("%v, want %v", y.Shape(), c.Expected.Shape)
	}
	for i, v := range y.Value.Data {
		want := float64(c.Expected.Data[i])
		worst = max(worst, math.Abs(float64(v)-want)/max(1, math.Abs(want)))
	}
	return worst
}

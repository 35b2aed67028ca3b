package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// exported is the content of export.json in a case that recur makes: for each format its
// files, in the order that interchange.Export gives, or why it is refused.
type exported struct {
	Files   []string `json:"files,omitempty"`
	Refused string   `json:"refused,omitempty"`
}

// makeCases writes n cases whose model is recur's, each exported to every format. Every
// other case keeps to what PyTorch and Keras have too.
func makeCases(dir string, n int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 0))
	count := map[string]int{}
	for i := range n {
		c := &chooser{r: r, common: i%2 == 0}
		at := filepath.Join(dir, fmt.Sprintf("%04d", i))
		if err := os.MkdirAll(at, 0o777); err != nil {
			return err
		}
		if err := c.write(at, count); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	fmt.Println(n, "cases; exported:", count)
	return nil
}

// A chooser draws a network.
type chooser struct {
	r      *rand.Rand
	common bool // keep to what PyTorch and Keras have
	n      int
}

func (c *chooser) maybe() bool       { return c.r.IntN(2) == 0 }
func (c *chooser) size(most int) int { return 1 + c.r.IntN(most) }
func (c *chooser) name(s string) string {
	c.n++
	return fmt.Sprintf("%s%d", s, c.n)
}

func pick[T any](c *chooser, list ...T) T { return list[c.r.IntN(len(list))] }

func (c *chooser) cell() rnn.Config {
	hidden := 1 + c.size(12)
	act := func(usual rnn.Activation) rnn.Activation {
		if c.common || c.maybe() {
			return usual
		}
		return pick(c, rnn.Tanh, rnn.Sigmoid, rnn.ReLU, rnn.Softsign, rnn.HardSigmoid(0.2, 0.5), rnn.LeakyReLU(0.1), rnn.ELU(0.5), rnn.ScaledTanh(1.5, 0.5), rnn.Identity)
	}
	gate := func() rnn.Activation {
		if c.common || c.maybe() {
			return rnn.Activation{}
		}
		return pick(c, rnn.Sigmoid, rnn.HardSigmoid(0.2, 0.5))
	}
	return rnn.Config{Hidden: hidden, Options: c.options(hidden, act, gate)}
}

func (c *chooser) options(hidden int, act func(rnn.Activation) rnn.Activation, gate func() rnn.Activation) any {
	if !c.common && c.r.IntN(4) == 0 {
		return pick[any](c, rnn.IndRNNOptions{NoBias: c.maybe(), Activation: act(rnn.ReLU)}, rnn.MinGRUOptions{Positive: c.maybe()},
			rnn.MinLSTMOptions{NoBias: c.maybe()}, rnn.SRUOptions{Peepholes: c.maybe(), Scale: 1.5, Activation: act(rnn.Tanh)})
	}
	switch c.r.IntN(4) {
	case 0:
		o := rnn.BasicOptions{NoBias: c.maybe(), Activation: act(rnn.Tanh)}
		if c.common && c.maybe() {
			o.Activation = rnn.ReLU
		}
		return o
	case 1:
		o := rnn.GRUOptions{}
		if !c.common {
			o.ResetBefore, o.NoBias, o.Gate, o.Cand = c.maybe(), c.maybe(), gate(), act(rnn.Tanh)
			if c.maybe() {
				o.Clip = 0.8
			}
		}
		return o
	}
	o := rnn.LSTMOptions{NoBias: c.maybe()}
	if c.common {
		if c.r.IntN(3) == 0 {
			o.Projection = 1 + c.r.IntN(hidden-1)
		}
		return o
	}
	o.Peepholes, o.Coupled, o.Gate, o.Cand, o.Out = c.maybe(), c.r.IntN(3) == 0, gate(), act(rnn.Tanh), act(rnn.Tanh)
	switch c.r.IntN(4) {
	case 0:
		o.Projection, o.CellClip, o.ProjClip = c.size(hidden), 0.5, 0.4
	case 1:
		o.LayerNorm, o.NoBias, o.NormEps = true, false, 1e-5
	case 2:
		o.Clip = 1
	}
	return o
}

// config draws a network and reports whether its rows may be ragged.
func (c *chooser) config() (*graph.Config, bool) {
	k := &graph.Config{TimeMajor: c.maybe()}
	width, ragged := c.size(8), true
	in := graph.Input{Name: "x", Width: width, Sequence: true}
	add := func(name string, op graph.Op) { k.Layers = append(k.Layers, graph.Layer{Name: c.name(name), Op: op}) }
	switch c.r.IntN(3) {
	case 0:
		in.Width, in.IDs = 1, true
		add("embed", &graph.Embedding{Vocab: vocab, Width: c.size(8), MaskZero: !c.common && c.maybe()})
	case 1:
		if !c.common && c.maybe() {
			add("mask", &graph.Masking{})
		} else {
			add("dense", &graph.Dense{Units: c.size(8), NoBias: c.maybe(), Activation: pick[graph.Func](c, "", "tanh", "relu", "gelu", "silu")})
		}
	}
	k.Inputs = []graph.Input{in}
	if c.r.IntN(4) == 0 {
		ragged = false
		units := 2 * c.size(4)
		add("conv", &graph.Conv{Units: units, Size: c.size(4), Dilation: c.size(2), Padding: pick(c, graph.Same, graph.Causal), NoBias: c.maybe(), Activation: pick[graph.Func](c, "", "relu")})
	}
	masked := graph.Zero
	if !c.common && c.maybe() {
		masked = graph.Repeat
	}
	for range c.size(2) {
		switch c.r.IntN(3) {
		case 0:
			cell := c.cell()
			o := &graph.Bidirectional{Fwd: rnn.Configs{cell}, Bwd: rnn.Configs{cell}, Masked: masked}
			if !c.common {
				o.Merge = pick(c, rnn.Concat, rnn.Sum, rnn.Multiply, rnn.Average)
				if o.Merge == rnn.Concat && c.maybe() {
					o.Bwd = rnn.Configs{c.cell(), c.cell()}
				}
			}
			add("both", o)
		case 1:
			if !c.common {
				back := c.maybe()
				add("back", &graph.RNN{Cells: rnn.Configs{c.cell()}, Backwards: back, Masked: masked, AsRead: back && !ragged && c.maybe()})
				break
			}
			fallthrough
		default:
			o := &graph.RNN{Masked: masked}
			for range c.size(2) {
				o.Cells = append(o.Cells, c.cell())
			}
			add("rnn", o)
		}
	}
	if c.maybe() {
		add("norm", &graph.LayerNorm{Eps: pick(c, 0, 1e-3)})
	}
	switch c.r.IntN(3) {
	case 0:
		add("last", &graph.Last{})
	case 1:
		if !c.common {
			add("pool", &graph.GlobalPool{By: pick(c, "max", "average")})
		}
	}
	if c.maybe() {
		add("out", &graph.Dense{Units: c.size(6), Activation: pick[graph.Func](c, "", "softmax", "sigmoid", "log_softmax")})
	}
	return k, ragged
}

const vocab = 9

// write makes a case: the model, inputs, outputs and exports.
func (c *chooser) write(dir string, count map[string]int) error {
	k, ragged := c.config()
	net, err := graph.New(k, nil)
	if err != nil {
		return err
	}
	for _, p := range nn.Params(net) {
		for i := range p.Value.Data {
			p.Value.Data[i] = tensor.Float(float32(c.r.NormFloat64() * 0.4))
		}
	}
	m := &model.Model{Config: k, Net: net}
	if err := m.Save(filepath.Join(dir, "recur.safetensors")); err != nil {
		return err
	}
	B, T := c.size(4), c.size(9)
	in := k.Inputs[0]
	dims := []int{B, T}
	if k.TimeMajor {
		dims = []int{T, B}
	}
	if !in.IDs {
		dims = append(dims, in.Width)
	}
	x := tensor.New(dims...)
	whole := make([]int64, len(x.Data))
	for i := range x.Data {
		x.Data[i] = tensor.Float(float32(c.r.NormFloat64()))
		if in.IDs {
			whole[i] = c.r.Int64N(vocab)
			x.Data[i] = tensor.Float(whole[i])
		}
	}
	if _, masking := k.Layers[0].Op.(*graph.Masking); masking { // steps to be masked
		for at := 0; at < len(x.Data); at += in.Width {
			if c.r.IntN(3) == 0 {
				clear(x.Data[at : at+in.Width])
			}
		}
	}
	files := map[string]string{"x": "x.npy"}
	var saved []error
	keep := func(name string, t *tensor.Tensor) { saved = append(saved, saveTensor(dir, name, t)) }
	if in.IDs {
		saved = append(saved, save(dir, "x.npy", whole, dims))
	} else {
		keep("x.npy", x)
	}
	lengths, list := make([]int, B), make([]int64, B)
	for i := range lengths {
		if lengths[i] = T; ragged && c.maybe() {
			if lengths[i] = c.r.IntN(T + 1); c.common { // PyTorch and Keras have no rows without steps
				lengths[i] = max(lengths[i], 1)
			}
		}
		list[i] = int64(lengths[i])
	}
	files["lengths"] = "lengths.npy"
	saved = append(saved, save(dir, "lengths.npy", list, []int{B}))
	var first []*tensor.Tensor
	for i, s := range net.States() {
		h := tensor.New(B, s.Width)
		for j := range h.Data {
			h.Data[j] = tensor.Float(float32(c.r.NormFloat64() * 0.5))
		}
		first = append(first, h)
		files[s.Name] = fmt.Sprintf("state%d.npy", i)
		keep(files[s.Name], h)
	}
	out, last, err := net.Predict(map[string]*tensor.Tensor{"x": x}, lengths, first)
	if err != nil {
		return err
	}
	results := map[string]string{}
	y := net.OutputNames()[0]
	results[y] = "y.npy"
	order := []string{y}
	keep("y.npy", out[y])
	for i, s := range net.States() {
		name := fmt.Sprintf("last%d.npy", i)
		results[s.Name+"_out"] = name
		order = append(order, s.Name)
		keep(name, last[i])
	}
	plain, _, err := net.Predict(map[string]*tensor.Tensor{"x": x}, nil, nil) // for systems whose models take neither lengths nor states
	if err != nil {
		return err
	}
	keep("plain.npy", plain[y])
	if err := errors.Join(saved...); err != nil {
		return err
	}
	about, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := saveJSON(dir, "case.json", testCase{System: "recur", About: string(about), Model: "recur.safetensors", Inputs: files, Outputs: results, Order: order}); err != nil {
		return err
	}
	exports := map[string]exported{}
	for _, format := range interchange.Formats() {
		made, _, err := interchange.Export(net, format, filepath.Join(dir, "net"))
		e := exported{}
		for _, f := range made {
			e.Files = append(e.Files, filepath.Base(f))
		}
		if err != nil {
			e.Refused = err.Error()
		} else {
			count[format]++
		}
		exports[format] = e
	}
	return saveJSON(dir, "export.json", exports)
}

func saveJSON(dir, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), append(b, '\n'), 0o666)
}

func saveTensor(dir, name string, t *tensor.Tensor) error {
	data := make([]float32, len(t.Data))
	for i, v := range t.Data {
		data[i] = float32(v)
	}
	return save(dir, name, data, t.Shape.Dims())
}

func save(dir, name string, data any, shape []int) (err error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return npy.Write(f, &npy.Array{Shape: shape, Data: data})
}

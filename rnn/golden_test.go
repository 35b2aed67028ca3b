package rnn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/tensor"
)

// A golden case is what another system computed: see testdata/golden/make_*.py.
// Arrays are as that system lays them out; each system's test maps them.
type golden struct {
	name   string
	config map[string]any
	arrays map[string]*tensor.Tensor
}

func goldens(t *testing.T, system string) (all []golden) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "golden", system, "*.safetensors"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files of %s: %v", system, err)
	}
	for _, path := range paths {
		f, err := safetensors.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		c := golden{strings.TrimSuffix(filepath.Base(path), ".safetensors"), map[string]any{}, map[string]*tensor.Tensor{}}
		if err := json.Unmarshal([]byte(f.Metadata["case"]), &c.config); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, a := range f.Tensors {
			v, err := a.Float64s()
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			x := tensor.New(a.Shape...)
			for i := range v {
				x.Data[i] = tensor.Float(v[i])
			}
			c.arrays[a.Name] = x
		}
		f.Close()
		all = append(all, c)
	}
	return all
}

func (c golden) is(key string) bool { b, _ := c.config[key].(bool); return b }

func (c golden) num(key string) float64 { f, _ := c.config[key].(float64); return f }

func (c golden) text(key string) string { s, _ := c.config[key].(string); return s }

func (c golden) lengths() (n []int) {
	list, _ := c.config["lengths"].([]any)
	for _, v := range list {
		n = append(n, int(v.(float64)))
	}
	return n
}

// A run is a golden case in recur's terms: time-major arrays and states in the
// order of the cell's.
type run struct {
	x, y, weighY, dx           *tensor.Tensor
	lengths                    []int
	state, dState, last, weigh []*tensor.Tensor

	// net builds the cells from the system's weights, or, given the gradients of
	// these, cells whose parameters are the gradients to expect.
	net func(w weights) net
}

type net interface {
	Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State)
}

// weights finds the arrays of a prefix: "w." for values, "grad.w." for gradients.
type weights struct {
	golden
	prefix string
}

func (w weights) gradient() bool { return w.prefix == "grad.w." }

func (w weights) at(name string) *tensor.Tensor { return w.arrays[w.prefix+name] }

// like finds the array whose name has all of the given parts.
func (w weights) like(parts ...string) *tensor.Tensor {
	for name, t := range w.arrays {
		name, ok := strings.CutPrefix(name, w.prefix)
		if ok && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(name, p) }) {
			return t
		}
	}
	return nil
}

// compare runs the net in a form and returns the largest difference to the other
// system, in values, states and gradients, relative to 1 + |value|.
func (r run) compare(c golden, f form) (worst float64, where string) {
	m := inForm(r.net(weights{c, "w."}), f)
	g := grad.New()
	g.Train = false
	x := grad.Leaf(r.x)
	var s rnn.State
	for _, v := range r.state {
		s = append(s, grad.Leaf(v))
	}
	check := func(what string, got, want *tensor.Tensor) {
		if d := differ(got, want); d != d || d > worst {
			worst, where = max(worst, d), what // NaN remains
		}
	}
	y, last := m.Run(g, rnn.Seq{X: x, Len: r.lengths}, s)
	check("y", y.X.Value, r.y)
	for i := range r.last {
		check(fmt.Sprintf("final state %d", i), last[i].Value, r.last[i])
	}
	if r.weighY == nil { // values alone
		return worst, where
	}
	loss := g.Sum(g.Mul(y.X, g.Const(r.weighY)))
	for i := range r.last {
		loss = g.Add(loss, g.Sum(g.Mul(last[i], g.Const(r.weigh[i]))))
	}
	g.Backward(loss)
	check("gradient of x", g.Grad(x), r.dx)
	for i, v := range s {
		check(fmt.Sprintf("gradient of first state %d", i), g.Grad(v), r.dState[i])
	}
	got := map[string]*grad.Var{}
	for _, p := range nn.Params(m) {
		got[p.Name] = p.Var
	}
	for _, p := range nn.Params(inForm(r.net(weights{c, "grad.w."}), f)) {
		check("gradient of "+p.Name, g.Grad(got[p.Name]), p.Value)
	}
	return worst, where
}

// A form is a way to run a cell.
type form func(rnn.Cell) rnn.Cell

var forms = map[string]form{
	"whole":    func(c rnn.Cell) rnn.Cell { return c },
	"stepwise": func(c rnn.Cell) rnn.Cell { return stepwise{c} },
}

// stepwise hides Unroll, so that Dynamic calls Step.
type stepwise struct{ rnn.Cell }

// inForm puts every cell that a net runs in a form.
func inForm(n net, f form) net {
	switch n := n.(type) {
	case cellNet:
		return cellNet{f(n.Cell)}
	case backwardsNet:
		return backwardsNet{f(n.Cell)}
	case *rnn.Bidirectional:
		return &rnn.Bidirectional{Fwd: f(n.Fwd), Bwd: f(n.Bwd), Merge: n.Merge}
	case rnn.BidirectionalStack:
		k := make(rnn.BidirectionalStack, len(n))
		for i, b := range n {
			k[i] = inForm(b, f).(*rnn.Bidirectional)
		}
		return k
	}
	return n
}

// differ is the largest difference of two tensors relative to 1 + |want|; NaN if
// there is one, or if the shapes differ.
func differ(got, want *tensor.Tensor) (worst float64) {
	if got == nil || want == nil || got.Shape != want.Shape {
		return math.NaN()
	}
	for i, v := range want.Data {
		worst = max(worst, math.Abs(float64(got.Data[i]-v))/(1+math.Abs(float64(v))))
	}
	return worst
}

// cellNet runs a cell through Dynamic.
type cellNet struct{ rnn.Cell }

func (n cellNet) Run(g *grad.Tape, x rnn.Seq, s rnn.State) (rnn.Seq, rnn.State) {
	return rnn.Dynamic(g, n.Cell, x, s)
}

func check(t *testing.T, system string, translate func(c golden) run) {
	for name, f := range forms {
		var worst float64
		all := goldens(t, system)
		for _, c := range all {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				d, where := translate(c).compare(c, f)
				if !(d <= 1e-5) {
					t.Errorf("%s differs by %.2g", where, d)
				}
				worst = max(worst, d)
			})
		}
		t.Logf("%s, %s: %d cases, largest difference %.2g", system, name, len(all), worst)
	}
}

// cols picks blocks of columns of width n/of, in the given order.
func cols(x *tensor.Tensor, of int, order ...int) *tensor.Tensor {
	if x.Shape.Rank() == 1 {
		y := cols(tensor.FromSlice(x.Data, 1, x.Dim(0)), of, order...)
		return tensor.FromSlice(y.Data, y.Dim(1))
	}
	w := x.Dim(1) / of
	y := tensor.New(x.Dim(0), w*len(order))
	for i := range x.Dim(0) {
		for k, o := range order {
			copy(y.At(i).Data[k*w:(k+1)*w], x.At(i).Data[o*w:(o+1)*w])
		}
	}
	return y
}

func transpose(x *tensor.Tensor) *tensor.Tensor {
	y := tensor.New(x.Dim(1), x.Dim(0))
	for i := range x.Dim(0) {
		for j := range x.Dim(1) {
			y.Data[j*x.Dim(0)+i] = x.Data[i*x.Dim(1)+j]
		}
	}
	return y
}

// swapped exchanges batch and time.
func swapped(x *tensor.Tensor) *tensor.Tensor {
	if x == nil {
		return nil
	}
	g := grad.Eval()
	return g.TransposeBatch(g.Const(x)).Value.Clone()
}

func beside(a, b *tensor.Tensor) *tensor.Tensor {
	g := grad.Eval()
	return g.Concat(g.Const(a), g.Const(b)).Value.Clone()
}

func joined(a, b *tensor.Tensor) *tensor.Tensor {
	return tensor.FromSlice(append(slices.Clone(a.Data), b.Data...), len(a.Data)+len(b.Data))
}

func plus(a, b *tensor.Tensor) *tensor.Tensor {
	c := a.Clone()
	for i, v := range b.Data {
		c.Data[i] += v
	}
	return c
}

// leaf makes a parameter, nil for an array that is not there.
func leaf(t *tensor.Tensor) *grad.Var {
	if t == nil {
		return nil
	}
	return grad.Leaf(t)
}

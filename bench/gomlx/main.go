// Command gomlx is GoMLX's part of the comparison: the same cells from its graph
// operations, unrolled over the steps, on its backend in pure Go. It speaks as
// ../peer.py does. It is a module of its own, so that recur does not depend on GoMLX.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	. "github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
)

type job struct {
	Cell, Mode, Dtype           string
	Batch, Steps, Input, Hidden int
	Ragged                      bool
	Seconds                     float64
}

type answer struct {
	Best   float64 `json:"best"` // ms
	Median float64 `json:"median"`
	Runs   int     `json:"runs"`
	Form   string  `json:"form"`
}

func main() {
	// In parallel, this version stands still for ever on some of these graphs.
	backend, err := simplego.New("ops_sequential")
	if err != nil {
		fail(err)
	}
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			fail(err)
		}
		if j.Ragged || j.Dtype != "float32" {
			out.Encode(nil)
			continue
		}
		out.Encode(clock(j.runner(backend), j.Seconds))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gomlx:", err)
	os.Exit(2)
}

func clock(f func(), seconds float64) answer {
	const patience = 2 // seconds
	var ms []float64
	begin := time.Now()
	if f(); time.Since(begin).Seconds() < patience { // or this run must do
		begin = time.Now()
	} else {
		ms = append(ms, time.Since(begin).Seconds()*1e3)
	}
	for len(ms) < 3 && time.Since(begin).Seconds() < patience || time.Since(begin).Seconds() < seconds {
		t := time.Now()
		f()
		ms = append(ms, float64(time.Since(t).Nanoseconds())/1e6)
	}
	slices.Sort(ms)
	return answer{ms[0], ms[len(ms)/2], len(ms), "simplego"}
}

var gates = map[string]int{"rnn": 1, "gru": 3, "lstm": 4}

func (j job) runner(backend backends.Backend) func() {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func(dims ...int) *tensors.Tensor {
		n := 1
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64()) * 0.1
		}
		return tensors.FromFlatDataAndDimensions(v, dims...)
	}
	var args []any
	for range j.Steps {
		args = append(args, draw(j.Batch, j.Input))
	}
	for range gates[j.Cell] {
		args = append(args, draw(j.Input, j.Hidden), draw(j.Hidden, j.Hidden), draw(1, j.Hidden))
	}
	wanted := len(args)
	args = append(args, draw(j.Batch, j.Hidden), draw(j.Batch, j.Hidden))
	exec := MustNewExec(backend, func(in []*Node) []*Node {
		ys := j.unroll(in[:j.Steps], in[j.Steps:wanted], in[wanted])
		if j.Mode == "forward" {
			return ys
		}
		loss := ReduceAllSum(Mul(ys[0], in[wanted+1]))
		for _, y := range ys[1:] {
			loss = Add(loss, ReduceAllSum(Mul(y, in[wanted+1])))
		}
		return Gradient(loss, in[:wanted]...)
	})
	return func() {
		for _, t := range exec.MustExec(args...) {
			t.FinalizeAll()
		}
	}
}

// unroll goes through the steps. w has Wx, Wh and b of each gate: the backend has no
// gradient of a slice, so neither gates nor steps are cut from a larger matrix.
func (j job) unroll(x, w []*Node, zeros *Node) (ys []*Node) {
	h, c := zeros, zeros
	for _, xt := range x {
		wide := func(k int) *Node {
			return Add(MatMul(xt, w[3*k]), BroadcastToDims(w[3*k+2], j.Batch, j.Hidden))
		}
		deep := func(k int) *Node { return MatMul(h, w[3*k+1]) }
		switch j.Cell {
		case "rnn":
			h = Tanh(Add(wide(0), deep(0)))
		case "gru":
			r, z := Sigmoid(Add(wide(0), deep(0))), Sigmoid(Add(wide(1), deep(1)))
			n := Tanh(Add(wide(2), Mul(r, deep(2))))
			h = Add(n, Mul(z, Sub(h, n)))
		case "lstm":
			i, f := Sigmoid(Add(wide(0), deep(0))), Sigmoid(Add(wide(1), deep(1)))
			u, o := Tanh(Add(wide(2), deep(2))), Sigmoid(Add(wide(3), deep(3)))
			c = Add(Mul(f, c), Mul(i, u))
			h = Mul(o, Tanh(c))
		}
		ys = append(ys, h)
	}
	return ys
}

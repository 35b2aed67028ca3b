package onnx_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
)

// tile makes a result of n floats from x of one; only runs can do it, as x is an input.
func tile(out string) testNode {
	return testNode{op: "Expand", in: []string{"x", "n"}, out: []string{out}}
}

// A result of 1 MB is allowed, and so are some of them, but not all at once.
func TestLiveResultsHaveABudget(t *testing.T) {
	const n = 1 << 18
	defer onnx.SetMaxBytes(3 << 20)()
	size := map[string]*onnx.Tensor{"n": onnx.NewTensor([]int64{n}, 1)}
	ones := map[string]any{"value": onnx.NewTensor([]float32{1}, 1)}
	x := []testValue{float("x")}
	run := func(g testGraph) error {
		m := mustLoad(t, g.model())
		_, err := m.Run(context.Background(), map[string]*onnx.Tensor{"x": floats(1)})
		return err
	}
	names := func(k int) (list []string) {
		for i := range k {
			list = append(list, fmt.Sprint("v", i))
		}
		return list
	}
	sum := func(k int, constant bool) testGraph {
		g := testGraph{init: size, in: x, out: []testValue{float("y")}}
		for _, v := range names(k) {
			node := tile(v)
			if constant {
				node = testNode{op: "ConstantOfShape", in: []string{"n"}, out: []string{v}, attrs: ones}
			}
			g.nodes = append(g.nodes, node)
		}
		g.nodes = append(g.nodes, testNode{op: "Sum", in: names(k), out: []string{"s"}},
			testNode{op: "Expand", in: []string{"x", "one"}, out: []string{"few"}}, testNode{op: "Add", in: []string{"s", "few"}, out: []string{"y"}})
		g.init = map[string]*onnx.Tensor{"n": size["n"], "one": onnx.NewTensor([]int64{1}, 1)}
		return g
	}
	chain := func(k int) testGraph { // each is dropped as soon as the next is there
		g := testGraph{init: size, in: x, out: []testValue{float("y")}, nodes: []testNode{tile("v0")}}
		for i, v := range names(k)[1:] {
			g.nodes = append(g.nodes, testNode{op: "Neg", in: names(k)[i : i+1], out: []string{v}})
		}
		g.nodes = append(g.nodes, testNode{op: "Identity", in: names(k)[k-1:], out: []string{"y"}})
		return g
	}
	views := func(k int) testGraph { // one result by many names
		g := testGraph{init: size, in: x, out: []testValue{float("y")}, nodes: []testNode{tile("v0")}}
		for _, v := range names(k)[1:] {
			g.nodes = append(g.nodes, testNode{op: "Identity", in: []string{"v0"}, out: []string{v}})
		}
		g.nodes = append(g.nodes, testNode{op: "Max", in: names(k), out: []string{"y"}})
		return g
	}
	loop := func(k int) testGraph {
		body := testGraph{in: []testValue{{"i", onnx.Int64, []int{}}, {"c", onnx.Bool, []int{}}}, out: []testValue{{"d", onnx.Bool, []int{}}, float("s")},
			nodes: []testNode{{op: "Identity", in: []string{"c"}, out: []string{"d"}}, tile("s")}}
		return testGraph{init: map[string]*onnx.Tensor{"n": size["n"], "k": onnx.NewTensor([]int64{int64(k)}), "yes": onnx.NewTensor([]bool{true})},
			in: x, out: []testValue{float("y")}, nodes: []testNode{{op: "Loop", in: []string{"k", "yes"}, out: []string{"y"}, attrs: map[string]any{"body": body.graph()}}}}
	}
	for name, c := range map[string]struct {
		g  testGraph
		ok bool
	}{
		"two": {sum(2, false), true}, "eight": {sum(8, false), false},
		"eight constants": {sum(8, true), false},
		"a chain":         {chain(20), true}, "views": {views(20), true},
		"a loop of one": {loop(1), true}, "an endless loop": {loop(1 << 40), false},
	} {
		err := run(c.g)
		var e *onnx.RunError
		switch {
		case c.ok && err != nil:
			t.Errorf("%s: %v", name, err)
		case !c.ok && (!errors.As(err, &e) || !strings.Contains(err.Error(), "allowed")):
			t.Errorf("%s: %v, want an error about the memory of results", name, err)
		}
	}
}

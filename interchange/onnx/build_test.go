package onnx_test

import (
	"bytes"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/interchange/onnx"
)

// Models for tests, written field by field as onnx.proto numbers them.

type bytesOf []byte

func (b bytesOf) num(field protowire.Number, v int64) bytesOf {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func (b bytesOf) str(field protowire.Number, s string) bytesOf {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func (b bytesOf) msg(field protowire.Number, m bytesOf) bytesOf { return b.str(field, string(m)) }

func (b bytesOf) float(field protowire.Number, v float32) bytesOf {
	return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), math.Float32bits(v))
}

// A testNode is a node; attributes are int, float64, string, []int, []float64,
// []string, bytesOf for a graph, and *onnx.Tensor.
type testNode struct {
	op, domain string
	in, out    []string
	attrs      map[string]any
}

func (n testNode) bytes() (b bytesOf) {
	for _, s := range n.in {
		b = b.str(1, s)
	}
	for _, s := range n.out {
		b = b.str(2, s)
	}
	b = b.str(3, "the "+n.op).str(4, n.op)
	for name, v := range n.attrs {
		a := bytesOf(nil).str(1, name)
		switch v := v.(type) {
		case int:
			a = a.num(3, int64(v)).num(20, 2)
		case float64:
			a = a.float(2, float32(v)).num(20, 1)
		case string:
			a = a.str(4, v).num(20, 3)
		case []int:
			for _, x := range v {
				a = a.num(8, int64(x))
			}
			a = a.num(20, 7)
		case []float64:
			for _, x := range v {
				a = a.float(7, float32(x))
			}
			a = a.num(20, 6)
		case []string:
			for _, x := range v {
				a = a.str(9, x)
			}
			a = a.num(20, 8)
		case bytesOf:
			a = a.msg(6, v).num(20, 5)
		case *onnx.Tensor:
			a = a.msg(5, onnx.AppendTensor(nil, v, "")).num(20, 4)
		}
		b = b.msg(5, a)
	}
	return b.str(7, n.domain)
}

// A value is an input or output; -1 in its shape is an open dimension.
type testValue struct {
	name  string
	dtype onnx.DType
	shape []int
}

func (v testValue) bytes() bytesOf {
	var shape bytesOf
	for _, d := range v.shape {
		if d < 0 {
			shape = shape.msg(1, bytesOf(nil).str(2, "N"))
		} else {
			shape = shape.msg(1, bytesOf(nil).num(1, int64(d)))
		}
	}
	t := bytesOf(nil).num(1, int64(v.dtype))
	if v.shape != nil {
		t = t.msg(2, shape)
	}
	return bytesOf(nil).str(1, v.name).msg(2, bytesOf(nil).msg(1, t))
}

type testGraph struct {
	nodes     []testNode
	init      map[string]*onnx.Tensor
	in, out   []testValue
	opset     int       // default 22
	raw       []bytesOf // initializers as bytes
	functions []bytesOf
}

func (g testGraph) graph() (b bytesOf) {
	for _, n := range g.nodes {
		b = b.msg(1, n.bytes())
	}
	b = b.str(2, "g")
	for name, t := range g.init {
		b = b.msg(5, onnx.AppendTensor(nil, t, name))
	}
	for _, t := range g.raw {
		b = b.msg(5, t)
	}
	for _, v := range g.in {
		b = b.msg(11, v.bytes())
	}
	for _, v := range g.out {
		b = b.msg(12, v.bytes())
	}
	return b
}

func opsetID(domain string, v int) bytesOf { return bytesOf(nil).str(1, domain).num(2, int64(v)) }

func (g testGraph) model() bytesOf {
	if g.opset == 0 {
		g.opset = 22
	}
	b := bytesOf(nil).num(1, 10).msg(8, opsetID("", g.opset)).msg(8, opsetID("com.microsoft", 1)).msg(8, opsetID("local", 1))
	b = b.msg(7, g.graph())
	for _, f := range g.functions {
		b = b.msg(25, f)
	}
	return b
}

func load(b bytesOf) (*onnx.Model, error) {
	return onnx.Read(bytes.NewReader(b), int64(len(b)))
}

func mustLoad(t testing.TB, b bytesOf) *onnx.Model {
	t.Helper()
	m, err := load(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// float is a value of floats of any shape.
func float(name string) testValue { return testValue{name, onnx.Float32, nil} }

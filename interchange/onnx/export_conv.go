package onnx

import (
	"math"

	"github.com/recur-go/recur/model/graph"
)

// conv is a Conv over [batch, width, time].
func (e *exporter) conv(name string, o *graph.Conv, x, y flow) flow {
	groups := max(o.Groups, 1)
	w := e.weights(name + ".w") // [size, in/groups, units] to [units, in/groups, size]
	part := x.form.Width / groups
	turned := make([]float32, len(w))
	for k := range o.Size {
		for c := range part {
			for u := range o.Units {
				turned[(u*part+c)*o.Size+k] = w[(k*part+c)*o.Units+u]
			}
		}
	}
	in := []string{e.node("Transpose", []string{x.name}, attr{"perm", []int{1, 2, 0}}), e.constant(NewTensor(turned, o.Units, part, o.Size))}
	if !o.NoBias {
		in = append(in, e.param(name+".b"))
	}
	attrs := []attr{{"kernel_shape", []int{o.Size}}, {"strides", []int{max(o.Stride, 1)}}, {"dilations", []int{max(o.Dilation, 1)}}, {"group", groups}}
	switch reach := (o.Size - 1) * max(o.Dilation, 1); {
	case o.Padding == graph.Same && o.Stride <= 1:
		attrs = append(attrs, attr{"pads", []int{reach / 2, reach - reach/2}})
	case o.Padding == graph.Same && o.Dilation > 1: // which runtimes refuse
		panic(&ExportError{name, "padding \"same\" with both a stride and a dilation"})
	case o.Padding == graph.Same:
		attrs = append(attrs, attr{"auto_pad", "SAME_UPPER"})
	case o.Padding == graph.Causal:
		attrs = append(attrs, attr{"pads", []int{reach, 0}})
	default:
		attrs = append(attrs, attr{"pads", []int{o.Around, o.Around}})
	}
	out := e.node("Conv", in, attrs...)
	y.name = e.function(o.Activation, e.node("Transpose", []string{out}, attr{"perm", []int{2, 0, 1}}))
	if !o.KeepMask {
		y.lens, y.mask = "", ""
	} else if (y.lens != "" || y.mask != "") && (o.Stride > 1 || o.Padding == graph.Valid && 2*o.Around != (o.Size-1)*max(o.Dilation, 1)) {
		if !e.o.NoLengths {
			panic(&ExportError{name, "it changes the number of steps, so the graph cannot take lengths; export it without them"})
		}
	}
	return y
}

func (e *exporter) pool(o *graph.Pool, y flow) flow {
	stride := o.Stride
	if stride == 0 {
		stride = o.Size
	}
	attrs := []attr{{"kernel_shape", []int{o.Size}}, {"strides", []int{stride}}}
	if o.Padding == graph.Same {
		attrs = append(attrs, attr{"auto_pad", "SAME_UPPER"})
	}
	op := "MaxPool"
	if o.By == "average" {
		op = "AveragePool"
	}
	out := e.node(op, []string{e.node("Transpose", []string{y.name}, attr{"perm", []int{1, 2, 0}})}, attrs...)
	y.name, y.lens, y.mask = e.node("Transpose", []string{out}, attr{"perm", []int{2, 0, 1}}), "", ""
	return y
}

func (e *exporter) globalPool(o *graph.GlobalPool, x, y flow) flow {
	mask := ""
	if !o.All {
		mask = e.maskOf(x)
	}
	y.lens, y.mask = "", ""
	over := func(op, x string) string { return e.node(op, []string{x}, attr{"axes", []int{0}}, attr{"keepdims", 0}) }
	sum := func(x string) string { return e.node("ReduceSum", []string{x, e.ints(0)}, attr{"keepdims", 0}) }
	switch {
	case mask == "" && o.By == "max":
		y.name = over("ReduceMax", x.name)
	case mask == "":
		y.name = over("ReduceMean", x.name)
	case o.By == "max":
		largest := over("ReduceMax", e.where(mask, x.name, e.scalar(-math.MaxFloat32)))
		some := e.node("Cast", []string{over("ReduceMax", e.node("Cast", []string{mask}, attr{"to", int(Int32)}))}, attr{"to", int(Bool)})
		y.name = e.where(some, largest, e.scalar(0))
	default:
		n := sum(e.node("Cast", []string{mask}, attr{"to", int(Float32)}))
		n = e.node("Unsqueeze", []string{e.node("Max", []string{n, e.scalar(1)}), e.ints(-1)})
		y.name = e.node("Div", []string{sum(e.where(mask, x.name, e.scalar(0))), n})
	}
	return y
}

// weigh is the mean of the steps of x that are there by the softmax of their scores.
func (e *exporter) weigh(x, score, y flow) flow {
	mask, w := e.maskOf(x), score.name
	if mask != "" {
		w = e.where(mask, w, e.scalar(-1e30))
	}
	w = e.node("Softmax", []string{w}, attr{"axis", 0})
	if mask != "" { // a row without steps has no weight at all
		w = e.where(mask, w, e.scalar(0))
	}
	y.name, y.lens, y.mask = e.node("ReduceSum", []string{e.node("Mul", []string{x.name, w}), e.ints(0)}, attr{"keepdims", 0}), "", ""
	return y
}

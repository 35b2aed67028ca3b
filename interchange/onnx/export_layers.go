package onnx

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/recur-go/recur/model/graph"
)

// op makes the nodes of a layer and returns what it gives.
func (e *exporter) op(name string, op graph.Op, in []flow) []flow {
	var forms []graph.Spec
	for _, v := range in {
		forms = append(forms, v.form)
	}
	plan, err := op.Plan(forms)
	if err != nil {
		panic(&ExportError{name, err.Error()})
	}
	if plan.Whole && e.o.Step {
		panic(&ExportError{name, "it needs the whole sequence, so there is no graph of a single step"})
	}
	if _, lookup := op.(*graph.Embedding); !lookup {
		for i := range in {
			in[i] = e.float(in[i])
		}
	}
	y := in[0]
	y.form = plan.Out[0]
	switch o := op.(type) {
	case *graph.RNN:
		return e.recurrent(name, o, in, plan)
	case *graph.Bidirectional:
		return e.bidirectional(name, o, in, plan)
	case *graph.Dense:
		y.name = e.node("MatMul", []string{y.name, e.param(name + ".w")})
		if !o.NoBias {
			y.name = e.node("Add", []string{y.name, e.param(name + ".b")})
		}
		y.name = e.function(o.Activation, y.name)
	case *graph.Activation:
		y.name = e.function(o.Func, y.name)
	case *graph.LayerNorm:
		y.name = e.node("LayerNormalization", []string{y.name, e.param(name + ".gain"), e.param(name + ".shift")}, attr{"axis", -1}, attr{"epsilon", cmp.Or(o.Eps, 1e-5)})
	case *graph.Affine:
		y.name = e.node("Add", []string{e.node("Mul", []string{y.name, e.param(name + ".gain")}), e.param(name + ".shift")})
	case *graph.Dropout:
	case *graph.Embedding:
		y = e.embedding(name, o, y)
	case *graph.Masking:
		y = e.masking(o, y)
	case *graph.Concat:
		y = e.mergeMasks(in, o.AnyMask, y)
		y.name = e.node("Concat", namesOf(in), attr{"axis", -1})
	case *graph.Merge:
		y = e.mergeMasks(in, o.AnyMask, y)
		y.name = e.merge(o.By, namesOf(in))
	case *graph.Last:
		y.name, y.lens, y.mask = e.lastStep(in[0], false), "", ""
	case *graph.RepeatVector:
		y.name = e.node("Expand", []string{e.node("Unsqueeze", []string{y.name, e.ints(0)}), e.ints(int64(o.Steps), 1, 1)})
	case *graph.Flatten:
		y.name, y.lens, y.mask = e.node("Reshape", []string{e.node("Transpose", []string{y.name}, attr{"perm", []int{1, 0, 2}}), e.ints(-1, int64(y.form.Width))}), "", ""
	case *graph.Steps:
		y.name = e.node("Transpose", []string{e.node("Reshape", []string{y.name, e.ints(-1, int64(o.Steps), int64(y.form.Width))})}, attr{"perm", []int{1, 0, 2}})
	case *graph.Mask:
		y.lens, y.mask = "", ""
		if len(in) > 1 {
			y.lens, y.mask = in[1].lens, in[1].mask
		}
	case *graph.Conv:
		y = e.conv(name, o, in[0], y)
	case *graph.Pool:
		y = e.pool(o, y)
	case *graph.GlobalPool:
		y = e.globalPool(o, in[0], y)
	case *graph.AttentionPool:
		y = e.weigh(in[0], in[1], y)
	default:
		panic(&ExportError{name, fmt.Sprintf("ONNX has nothing for %T", op)})
	}
	return []flow{y}
}

// merge combines values by a graph.Merge's rule.
func (e *exporter) merge(by string, names []string) string {
	switch by {
	case "multiply", "subtract": // which take two
		y := names[0]
		for _, x := range names[1:] {
			y = e.node(map[string]string{"multiply": "Mul", "subtract": "Sub"}[by], []string{y, x})
		}
		return y
	}
	return e.node(map[string]string{"sum": "Sum", "average": "Mean", "maximum": "Max", "minimum": "Min"}[by], names)
}

func namesOf(in []flow) (names []string) {
	for _, v := range in {
		names = append(names, v.name)
	}
	return names
}

func (e *exporter) embedding(name string, o *graph.Embedding, v flow) flow {
	if !v.ids { // numbers [.., 1]
		v.name = e.node("Cast", []string{e.node("Squeeze", []string{v.name, e.ints(-1)})}, attr{"to", int(Int64)})
	}
	ids := v.name
	v.name, v.ids = e.node("Gather", []string{e.param(name + ".w"), ids}, attr{"axis", 0}), false
	if o.MaskZero {
		there := e.node("Not", []string{e.node("Equal", []string{ids, e.scalarInt(0)})})
		if old := e.maskOf(v); old != "" {
			there = e.node("And", []string{there, old})
		}
		v.mask, v.lens = there, ""
	}
	return v
}

func (e *exporter) masking(o *graph.Masking, v flow) flow {
	other := e.node("Cast", []string{e.node("Not", []string{e.node("Equal", []string{v.name, e.scalar(o.Value)})})}, attr{"to", int(Int32)})
	there := e.node("Cast", []string{e.node("ReduceMax", []string{other}, attr{"axes", []int{-1}}, attr{"keepdims", 0})}, attr{"to", int(Bool)})
	if old := e.maskOf(v); old != "" {
		there = e.node("And", []string{there, old})
	}
	v.name = e.where(there, v.name, e.scalar(0))
	v.mask, v.lens = there, ""
	return v
}

// where is x [time, batch, width] where mask [time, batch] is true, else y.
func (e *exporter) where(mask, x, y string) string {
	return e.node("Where", []string{e.node("Unsqueeze", []string{mask, e.ints(-1)}), x, y})
}

// maskOf is the mask of a flow, made of its lengths if it has none; "" if all is there.
func (e *exporter) maskOf(v flow) string {
	if v.mask != "" || v.lens == "" {
		return v.mask
	}
	steps := e.node("Cast", []string{e.steps(v.name)}, attr{"to", int(Int32)})
	return e.node("Less", []string{e.node("Unsqueeze", []string{steps, e.ints(1)}), e.node("Unsqueeze", []string{v.lens, e.ints(0)})})
}

// size is the size of dimension i of x, as [1].
func (e *exporter) size(x string, i int) string {
	return e.node("Gather", []string{e.node("Shape", []string{x}), e.ints(int64(i))}, attr{"axis", 0})
}

// steps is 0 to T-1 for x [T, …].
func (e *exporter) steps(x string) string { return e.count(e.size(x, 0)) }

// count is 0 to n-1 for n [1].
func (e *exporter) count(n string) string {
	return e.node("Range", []string{e.scalarInt(0), e.node("Squeeze", []string{n, e.ints(0)}), e.scalarInt(1)})
}

func (e *exporter) mergeMasks(in []flow, anyOf bool, y flow) flow {
	y.lens, y.mask = in[0].lens, in[0].mask
	for _, v := range in[1:] {
		if v.lens == y.lens && v.mask == y.mask {
			continue
		}
		a, b := e.maskOf(flow{name: in[0].name, lens: y.lens, mask: y.mask}), e.maskOf(v)
		y.lens = ""
		switch {
		case anyOf && (a == "" || b == ""):
			y.mask = ""
		case a == "":
			y.mask = b
		case b == "":
			y.mask = a
		case anyOf:
			y.mask = e.node("Or", []string{a, b})
		default:
			y.mask = e.node("And", []string{a, b})
		}
	}
	return y
}

// lastStep is the last step of each row that is there, or the first, zeros if there is
// none: a sum over time of which all but that step is zero.
func (e *exporter) lastStep(v flow, first bool) string {
	mask := e.maskOf(v)
	if mask == "" {
		at := int64(-1)
		if first {
			at = 0
		}
		return e.node("Gather", []string{v.name, e.scalarInt(at)}, attr{"axis", 0})
	}
	t := e.node("Unsqueeze", []string{e.steps(v.name), e.ints(1)})
	var at string
	if first {
		at = e.node("ReduceMin", []string{e.node("Where", []string{mask, t, e.scalarInt(math.MaxInt32)})}, attr{"axes", []int{0}}, attr{"keepdims", 1})
	} else {
		at = e.node("ReduceMax", []string{e.node("Where", []string{mask, t, e.scalarInt(-1)})}, attr{"axes", []int{0}}, attr{"keepdims", 1})
	}
	only := e.where(e.node("Equal", []string{t, at}), v.name, e.scalar(0))
	return e.node("ReduceSum", []string{only, e.ints(0)}, attr{"keepdims", 0})
}

// function applies a graph.Func.
func (e *exporter) function(f graph.Func, x string) string {
	one := func(op string, attrs ...attr) string { return e.node(op, []string{x}, attrs...) }
	switch f {
	case "":
		return x
	case "softmax":
		return one("Softmax", attr{"axis", -1})
	case "log_softmax":
		return one("LogSoftmax", attr{"axis", -1})
	case "exp":
		return one("Exp")
	case "relu6":
		return e.node("Clip", []string{x, e.scalar(0), e.scalar(6)})
	case "silu":
		return e.two("Mul", x, one("Sigmoid"))
	case "mish":
		return e.two("Mul", x, e.node("Tanh", []string{one("Softplus")}))
	case "selu":
		return one("Selu")
	case "gelu":
		erf := e.node("Erf", []string{e.two("Mul", x, e.scalar(1/math.Sqrt2))})
		return e.two("Mul", e.two("Mul", x, e.scalar(0.5)), e.two("Add", erf, e.scalar(1)))
	case "gelu_tanh":
		cube := e.two("Mul", e.two("Mul", x, x), x)
		inner := e.two("Mul", e.two("Add", x, e.two("Mul", cube, e.scalar(0.044715))), e.scalar(math.Sqrt(2/math.Pi)))
		return e.two("Mul", e.two("Mul", x, e.scalar(0.5)), e.two("Add", e.node("Tanh", []string{inner}), e.scalar(1)))
	}
	return e.activation(string(f), x)
}

// cut takes an activation apart: its name and its parameters.
func cut(a string) (name string, alpha, beta float64) {
	name, args, _ := strings.Cut(strings.ToLower(a), "(")
	fields := strings.Split(strings.TrimSuffix(args, ")"), ",")
	alpha, _ = strconv.ParseFloat(strings.TrimSpace(fields[0]), 64)
	if len(fields) > 1 {
		beta, _ = strconv.ParseFloat(strings.TrimSpace(fields[1]), 64)
	}
	return name, alpha, beta
}

// activation applies an rnn.Activation, given as text.
func (e *exporter) activation(a, x string) string {
	name, alpha, beta := cut(e.normal(a))
	switch name {
	case "identity":
		return x
	case "affine":
		return e.node("Add", []string{e.node("Mul", []string{x, e.scalar(alpha)}), e.scalar(beta)})
	case "scaledtanh":
		return e.node("Mul", []string{e.node("Tanh", []string{e.node("Mul", []string{x, e.scalar(beta)})}), e.scalar(alpha)})
	case "hardsigmoid":
		return e.node("HardSigmoid", []string{x}, attr{"alpha", alpha}, attr{"beta", beta})
	case "leakyrelu", "thresholdedrelu", "elu":
		return e.node(operators[name], []string{x}, attr{"alpha", alpha})
	}
	return e.node(operators[name], []string{x})
}

// operators are the activations as ONNX writes them.
var operators = map[string]string{
	"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "softplus": "Softplus", "softsign": "Softsign",
	"leakyrelu": "LeakyRelu", "thresholdedrelu": "ThresholdedRelu", "elu": "Elu",
	"scaledtanh": "ScaledTanh", "hardsigmoid": "HardSigmoid", "affine": "Affine", "identity": "Affine",
}

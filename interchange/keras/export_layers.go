package keras

import (
	"fmt"
	"slices"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// layer writes what a layer of the graph is in Keras.
func (x *exporter) layer(l graph.Layer, in []*exportedTensor) error {
	if _, ok := l.Op.(*graph.Embedding); !ok && slices.ContainsFunc(in, func(t *exportedTensor) bool { return t.ids }) {
		return fmt.Errorf("it reads ids, which an Embedding reads too")
	}
	t := in[0]
	width, _ := t.shape[len(t.shape)-1].(int)
	wide := func(n int) []any { // the shape of the input with another width
		s := slices.Clone(t.shape)
		s[len(s)-1] = n
		return s
	}
	var y *exportedTensor
	switch o := l.Op.(type) {
	case *graph.Dense:
		f, after, err := x.function(o.Activation)
		if err != nil {
			return err
		}
		y = x.add("Dense", l.Name, dict{"units": o.Units, "use_bias": !o.NoBias, "activation": f}, wide(o.Units), true, t)
		x.weight("", 0, x.values(l.Name+".w"), width, o.Units)
		if !o.NoBias {
			x.weight("", 1, x.values(l.Name+".b"), o.Units)
		}
		y = x.then(after, y)
	case *graph.Activation:
		f, after, err := x.function(o.Func)
		if err != nil {
			return err
		}
		if y = t; f != "linear" || after == nil {
			y = x.add("Activation", l.Name, dict{"activation": f}, t.shape, true, t)
		}
		y = x.then(after, y)
	case *graph.LayerNorm:
		eps := o.Eps
		if eps == 0 {
			eps = 1e-5
		}
		y = x.add("LayerNormalization", l.Name, dict{"axis": []int{-1}, "epsilon": eps}, t.shape, true, t)
		x.weight("", 0, x.values(l.Name+".gain"), width)
		x.weight("", 1, x.values(l.Name+".shift"), width)
	case *graph.Affine:
		const eps = 1e-3
		y = x.add("BatchNormalization", l.Name, dict{"axis": -1, "epsilon": eps}, t.shape, true, t)
		x.weight("", 0, x.values(l.Name+".gain"), width)
		x.weight("", 1, x.values(l.Name+".shift"), width)
		x.weight("", 2, make([]float32, width), width)
		x.weight("", 3, slices.Repeat([]float32{1 - eps}, width), width)
	case *graph.Dropout:
		y = x.add("Dropout", l.Name, dict{"rate": o.Rate}, t.shape, true, t)
	case *graph.Embedding:
		y = x.add("Embedding", l.Name, dict{"input_dim": o.Vocab, "output_dim": o.Width, "mask_zero": o.MaskZero}, []any{nil, nil, o.Width}, false, t)
		x.weight("", 0, x.values(l.Name+".w"), o.Vocab, o.Width)
		if o.MaskZero {
			y.mask, y.auto = x.once("ids "+t.layer, func() *exportedTensor { return x.op("NotEqual", dict{}, tensorOf(t), 0) }), true
		}
	case *graph.Masking:
		if t.mask != nil {
			return fmt.Errorf("a Masking of a sequence that is masked")
		}
		y = x.add("Masking", l.Name, dict{"mask_value": o.Value}, t.shape, false, t)
		y.mask = x.once(fmt.Sprint(t.layer, t.at, o.Value), func() *exportedTensor {
			differs := x.op("NotEqual", dict{}, tensorOf(t), o.Value)
			differs.shape = t.shape
			return x.op("Any", dict{"axis": -1, "keepdims": false}, tensorOf(differs))
		})
		y.auto = true
	case *graph.Mask:
		m := *t
		if m.mask = nil; len(in) == 2 {
			m.mask = in[1].mask
		}
		y = &m
	case *graph.RNN:
		return x.rnn(l, o, in)
	case *graph.Last:
		if len(t.shape) == 3 {
			return fmt.Errorf("the last step of what is no recurrent layer, or is read by others too")
		}
		y = t // the layer before gives it
	case *graph.Bidirectional:
		return x.bidirectional(l, o, in)
	case *graph.Concat:
		sum := 0
		for _, t := range in {
			n, _ := t.shape[len(t.shape)-1].(int)
			sum += n
		}
		y = x.add("Concatenate", l.Name, dict{"axis": -1}, wide(sum), false, in...)
		y.mask = x.mergedMasks(in, o.AnyMask)
		y.auto = slices.ContainsFunc(in, func(t *exportedTensor) bool { return t.auto })
	case *graph.Merge:
		class := map[string]string{"sum": "Add", "multiply": "Multiply", "average": "Average", "subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum"}[o.By]
		y = x.add(class, l.Name, dict{}, t.shape, false, in...)
		y.mask = x.mergedMasks(in, o.AnyMask)
		y.auto = slices.ContainsFunc(in, func(t *exportedTensor) bool { return t.auto })
	case *graph.RepeatVector:
		y = x.add("RepeatVector", l.Name, dict{"n": o.Steps}, []any{nil, o.Steps, width}, false, t)
	case *graph.Flatten:
		y = x.add("Reshape", l.Name, dict{"target_shape": []int{o.Steps * width}}, []any{nil, o.Steps * width}, false, t)
	case *graph.Steps:
		y = x.add("Reshape", l.Name, dict{"target_shape": []int{o.Steps, width / o.Steps}}, []any{nil, o.Steps, width / o.Steps}, false, t)
	case *graph.Conv:
		f, after, err := x.function(o.Activation)
		if err != nil {
			return err
		}
		padding := string(o.Padding)
		if padding == "" {
			padding = "valid"
		}
		groups := max(o.Groups, 1)
		y = x.add("Conv1D", l.Name, dict{"filters": o.Units, "kernel_size": []int{o.Size}, "strides": []int{max(o.Stride, 1)}, "padding": padding,
			"dilation_rate": []int{max(o.Dilation, 1)}, "groups": groups, "use_bias": !o.NoBias, "activation": f}, []any{nil, nil, o.Units}, false, t)
		x.weight("", 0, x.values(l.Name+".w"), o.Size, width/groups, o.Units)
		if !o.NoBias {
			x.weight("", 1, x.values(l.Name+".b"), o.Units)
		}
		y = x.then(after, y)
	case *graph.Pool:
		stride, padding := o.Stride, string(o.Padding)
		if stride == 0 {
			stride = o.Size
		}
		if padding == "" {
			padding = "valid"
		}
		class := map[string]string{"max": "MaxPooling1D", "average": "AveragePooling1D"}[o.By]
		y = x.add(class, l.Name, dict{"pool_size": []int{o.Size}, "strides": []int{stride}, "padding": padding}, []any{nil, nil, width}, false, t)
	case *graph.GlobalPool:
		masked := *t
		if o.All {
			masked.mask = nil
		}
		kwargs := dict{}
		class := "GlobalAveragePooling1D"
		if o.By == "max" {
			if class = "GlobalMaxPooling1D"; masked.mask != nil {
				return fmt.Errorf("the largest of the steps that a mask leaves")
			}
		} else if masked.mask != nil {
			kwargs["mask"] = tensorOf(masked.mask)
		} else {
			masked = *x.bare(&masked)
		}
		y = x.call(class, l.Name, dict{}, []any{nil, width}, false, &masked, []any{tensorOf(&masked)}, kwargs)
	default:
		return fmt.Errorf("there is no such layer in Keras")
	}
	if len(y.shape) < 3 {
		y.mask = nil
	}
	x.flows[l.Name] = y
	return nil
}

// values are those of a parameter, as float32.
func (x *exporter) values(name string) []float32 {
	v, ok := any(x.params[name].Value.Data).([]float32)
	if !ok { // under recur_f64
		v = make([]float32, len(x.params[name].Value.Data))
		for i, f := range x.params[name].Value.Data {
			v[i] = float32(f)
		}
	}
	return v
}

// once makes a mask the first time that it is asked for.
func (x *exporter) once(key string, make func() *exportedTensor) *exportedTensor {
	if x.masks[key] == nil {
		x.masks[key] = make()
	}
	return x.masks[key]
}

// bare is t without the mask that Keras hands on by itself: a Reshape drops it.
func (x *exporter) bare(t *exportedTensor) *exportedTensor {
	if !t.auto {
		return t
	}
	return x.add("Reshape", t.layer+"_bare", dict{"target_shape": []any{-1, t.shape[2]}}, t.shape, false, t)
}

func (x *exporter) mergedMasks(in []*exportedTensor, inAny bool) *exportedTensor {
	mask := in[0].mask
	for _, t := range in[1:] {
		switch {
		case mask == t.mask:
		case mask == nil || t.mask == nil:
			if inAny {
				return nil
			}
			if mask == nil {
				mask = t.mask
			}
		default:
			class := "LogicalAnd"
			if inAny {
				class = "LogicalOr"
			}
			mask = x.op(class, dict{}, tensorOf(mask), tensorOf(t.mask))
		}
	}
	return mask
}

// functionNames are activations that Keras knows by a name.
var functionNames = map[graph.Func]string{
	"": "linear", "identity": "linear", "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "softplus": "softplus", "softsign": "softsign",
	"softmax": "softmax", "log_softmax": "log_softmax", "selu": "selu", "gelu": "gelu", "silu": "silu", "exp": "exponential", "mish": "mish", "relu6": "relu6",
}

// function is the name of an activation, or the layer that follows where Keras has it
// as a layer with a parameter.
func (x *exporter) function(f graph.Func) (name string, after dict, err error) {
	if name, ok := functionNames[f]; ok {
		return name, nil, nil
	}
	a, err := rnn.ParseActivation(string(f))
	if err != nil {
		return "", nil, fmt.Errorf("activation %q is not one of Keras", f)
	}
	if name, err := activationName(a); err == nil {
		return name, nil, nil
	}
	var v float64
	switch {
	case scan(a.String(), "leakyrelu(%g)", &v):
		return "linear", dict{"class": "LeakyReLU", "negative_slope": v}, nil
	case scan(a.String(), "elu(%g)", &v):
		return "linear", dict{"class": "ELU", "alpha": v}, nil
	}
	return "", nil, fmt.Errorf("activation %q is not one of Keras", f)
}

func scan(s, form string, v *float64) bool {
	n, err := fmt.Sscanf(s, form, v)
	return n == 1 && err == nil
}

// then adds the layer of an activation after y, if there is one.
func (x *exporter) then(after dict, y *exportedTensor) *exportedTensor {
	if after == nil {
		return y
	}
	class := after["class"].(string)
	delete(after, "class")
	return x.add(class, y.layer+"_"+snake(class), after, y.shape, true, y)
}

package keras

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// An exportOp writes layer l, whose inputs are in, and returns its output in Keras.
type exportOp func(x *exporter, l graph.Layer, in []*exportedTensor) (*exportedTensor, error)

// exportOps are what the layers of the graph become, by the type of their Op.
var exportOps = map[reflect.Type]exportOp{}

// export enters f into exportOps for the layers whose Op is an O.
func export[O graph.Op](f func(x *exporter, l graph.Layer, o O, in []*exportedTensor) (*exportedTensor, error)) {
	exportOps[reflect.TypeFor[O]()] = func(x *exporter, l graph.Layer, in []*exportedTensor) (*exportedTensor, error) {
		return f(x, l, l.Op.(O), in)
	}
}

func init() {
	export((*exporter).dense)
	export((*exporter).activation)
	export((*exporter).layerNorm)
	export((*exporter).affine)
	export((*exporter).dropout)
	export((*exporter).embedding)
	export((*exporter).masking)
	export((*exporter).setMask)
	export((*exporter).rnn)
	export((*exporter).lastStep)
	export((*exporter).bidirectional)
	export((*exporter).concat)
	export((*exporter).merge)
	export((*exporter).repeatVector)
	export((*exporter).flatten)
	export((*exporter).steps)
	export((*exporter).conv)
	export((*exporter).pool)
	export((*exporter).globalPool)
}

// layer writes what a layer of the graph is in Keras.
func (x *exporter) layer(l graph.Layer, in []*exportedTensor) error {
	if _, ok := l.Op.(*graph.Embedding); !ok && slices.ContainsFunc(in, func(t *exportedTensor) bool { return t.ids }) {
		return fmt.Errorf("it reads ids, which an Embedding reads too")
	}
	write := exportOps[reflect.TypeOf(l.Op)]
	if write == nil {
		return fmt.Errorf("there is no such layer in Keras")
	}
	y, err := write(x, l, in)
	if err != nil {
		return err
	}
	if len(y.shape) < 3 {
		y.mask = nil
	}
	x.flows[l.Name] = y
	return nil
}

// width is the last dimension of t.
func (t *exportedTensor) width() int { n, _ := t.shape[len(t.shape)-1].(int); return n }

// wide is the shape of t with another width.
func (t *exportedTensor) wide(n int) []any {
	s := slices.Clone(t.shape)
	s[len(s)-1] = n
	return s
}

func (x *exporter) dense(l graph.Layer, o *graph.Dense, in []*exportedTensor) (*exportedTensor, error) {
	t := in[0]
	f, after, err := x.function(o.Activation)
	if err != nil {
		return nil, err
	}
	y := x.add("Dense", l.Name, dict{"units": o.Units, "use_bias": !o.NoBias, "activation": f}, t.wide(o.Units), true, t)
	x.weight("", 0, x.values(l.Name+".w"), t.width(), o.Units)
	if !o.NoBias {
		x.weight("", 1, x.values(l.Name+".b"), o.Units)
	}
	return x.then(after, y), nil
}

func (x *exporter) activation(l graph.Layer, o *graph.Activation, in []*exportedTensor) (*exportedTensor, error) {
	y := in[0]
	f, after, err := x.function(o.Func)
	if err != nil {
		return nil, err
	}
	if f != "linear" || after == nil {
		y = x.add("Activation", l.Name, dict{"activation": f}, y.shape, true, y)
	}
	return x.then(after, y), nil
}

func (x *exporter) layerNorm(l graph.Layer, o *graph.LayerNorm, in []*exportedTensor) (*exportedTensor, error) {
	t, width := in[0], in[0].width()
	y := x.add("LayerNormalization", l.Name, dict{"axis": []int{-1}, "epsilon": cmp.Or(o.Eps, 1e-5)}, t.shape, true, t)
	x.weight("", 0, x.values(l.Name+".gain"), width)
	x.weight("", 1, x.values(l.Name+".shift"), width)
	return y, nil
}

func (x *exporter) affine(l graph.Layer, o *graph.Affine, in []*exportedTensor) (*exportedTensor, error) {
	const eps = 1e-3
	t, width := in[0], in[0].width()
	y := x.add("BatchNormalization", l.Name, dict{"axis": -1, "epsilon": eps}, t.shape, true, t)
	x.weight("", 0, x.values(l.Name+".gain"), width)
	x.weight("", 1, x.values(l.Name+".shift"), width)
	x.weight("", 2, make([]float32, width), width)
	x.weight("", 3, slices.Repeat([]float32{1 - eps}, width), width)
	return y, nil
}

func (x *exporter) dropout(l graph.Layer, o *graph.Dropout, in []*exportedTensor) (*exportedTensor, error) {
	return x.add("Dropout", l.Name, dict{"rate": o.Rate}, in[0].shape, true, in[0]), nil
}

func (x *exporter) embedding(l graph.Layer, o *graph.Embedding, in []*exportedTensor) (*exportedTensor, error) {
	t := in[0]
	y := x.add("Embedding", l.Name, dict{"input_dim": o.Vocab, "output_dim": o.Width, "mask_zero": o.MaskZero}, []any{nil, nil, o.Width}, false, t)
	x.weight("", 0, x.values(l.Name+".w"), o.Vocab, o.Width)
	if o.MaskZero {
		y.mask, y.auto = x.once("ids "+t.layer, func() *exportedTensor { return x.op("NotEqual", dict{}, tensorOf(t), 0) }), true
	}
	return y, nil
}

func (x *exporter) masking(l graph.Layer, o *graph.Masking, in []*exportedTensor) (*exportedTensor, error) {
	t := in[0]
	if t.mask != nil {
		return nil, fmt.Errorf("a Masking of a sequence that is masked")
	}
	y := x.add("Masking", l.Name, dict{"mask_value": o.Value}, t.shape, false, t)
	y.mask = x.once(fmt.Sprint(t.layer, t.at, o.Value), func() *exportedTensor {
		differs := x.op("NotEqual", dict{}, tensorOf(t), o.Value)
		differs.shape = t.shape
		return x.op("Any", dict{"axis": -1, "keepdims": false}, tensorOf(differs))
	})
	y.auto = true
	return y, nil
}

func (x *exporter) setMask(l graph.Layer, o *graph.Mask, in []*exportedTensor) (*exportedTensor, error) {
	y := *in[0]
	if y.mask = nil; len(in) == 2 {
		y.mask = in[1].mask
	}
	return &y, nil
}

func (x *exporter) lastStep(l graph.Layer, o *graph.Last, in []*exportedTensor) (*exportedTensor, error) {
	if len(in[0].shape) == 3 {
		return nil, fmt.Errorf("the last step of a layer that is not recurrent, or that others read too")
	}
	return in[0], nil // the layer before gives it
}

func (x *exporter) concat(l graph.Layer, o *graph.Concat, in []*exportedTensor) (*exportedTensor, error) {
	sum := 0
	for _, t := range in {
		sum += t.width()
	}
	return x.joined("Concatenate", l.Name, dict{"axis": -1}, in[0].wide(sum), o.AnyMask, in), nil
}

func (x *exporter) merge(l graph.Layer, o *graph.Merge, in []*exportedTensor) (*exportedTensor, error) {
	class := map[string]string{"sum": "Add", "multiply": "Multiply", "average": "Average", "subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum"}[o.By]
	return x.joined(class, l.Name, dict{}, in[0].shape, o.AnyMask, in), nil
}

// joined adds a layer of several inputs, whose masks it joins.
func (x *exporter) joined(class, name string, config dict, shape []any, anyMask bool, in []*exportedTensor) *exportedTensor {
	y := x.add(class, name, config, shape, false, in...)
	y.mask = x.mergedMasks(in, anyMask)
	y.auto = slices.ContainsFunc(in, func(t *exportedTensor) bool { return t.auto })
	return y
}

func (x *exporter) repeatVector(l graph.Layer, o *graph.RepeatVector, in []*exportedTensor) (*exportedTensor, error) {
	return x.add("RepeatVector", l.Name, dict{"n": o.Steps}, []any{nil, o.Steps, in[0].width()}, false, in[0]), nil
}

func (x *exporter) flatten(l graph.Layer, o *graph.Flatten, in []*exportedTensor) (*exportedTensor, error) {
	n := o.Steps * in[0].width()
	return x.add("Reshape", l.Name, dict{"target_shape": []int{n}}, []any{nil, n}, false, in[0]), nil
}

func (x *exporter) steps(l graph.Layer, o *graph.Steps, in []*exportedTensor) (*exportedTensor, error) {
	n := in[0].width() / o.Steps
	return x.add("Reshape", l.Name, dict{"target_shape": []int{o.Steps, n}}, []any{nil, o.Steps, n}, false, in[0]), nil
}

func (x *exporter) conv(l graph.Layer, o *graph.Conv, in []*exportedTensor) (*exportedTensor, error) {
	t := in[0]
	f, after, err := x.function(o.Activation)
	if err != nil {
		return nil, err
	}
	groups := max(o.Groups, 1)
	y := x.add("Conv1D", l.Name, dict{"filters": o.Units, "kernel_size": []int{o.Size}, "strides": []int{max(o.Stride, 1)}, "padding": cmp.Or(string(o.Padding), "valid"),
		"dilation_rate": []int{max(o.Dilation, 1)}, "groups": groups, "use_bias": !o.NoBias, "activation": f}, []any{nil, nil, o.Units}, false, t)
	x.weight("", 0, x.values(l.Name+".w"), o.Size, t.width()/groups, o.Units)
	if !o.NoBias {
		x.weight("", 1, x.values(l.Name+".b"), o.Units)
	}
	return x.then(after, y), nil
}

func (x *exporter) pool(l graph.Layer, o *graph.Pool, in []*exportedTensor) (*exportedTensor, error) {
	class := map[string]string{"max": "MaxPooling1D", "average": "AveragePooling1D"}[o.By]
	return x.add(class, l.Name, dict{"pool_size": []int{o.Size}, "strides": []int{cmp.Or(o.Stride, o.Size)}, "padding": cmp.Or(string(o.Padding), "valid")},
		[]any{nil, nil, in[0].width()}, false, in[0]), nil
}

func (x *exporter) globalPool(l graph.Layer, o *graph.GlobalPool, in []*exportedTensor) (*exportedTensor, error) {
	masked, kwargs, class := *in[0], dict{}, "GlobalAveragePooling1D"
	if o.All {
		masked.mask = nil
	}
	if o.By == "max" {
		if class = "GlobalMaxPooling1D"; masked.mask != nil {
			return nil, fmt.Errorf("the largest of the steps that a mask leaves")
		}
	} else if masked.mask != nil {
		kwargs["mask"] = tensorOf(masked.mask)
	} else {
		masked = *x.bare(&masked)
	}
	return x.call(class, l.Name, dict{}, []any{nil, masked.width()}, false, &masked, []any{tensorOf(&masked)}, kwargs), nil
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

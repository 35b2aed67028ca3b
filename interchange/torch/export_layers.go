package torch

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// run goes through the layers. In the source a sequence is [batch, time, width], and
// what a layer gives is a variable of its own.
func (e *exporter) run() error {
	c := e.net.Config
	e.values = map[string]string{}
	forms := map[string]graph.Spec{}
	last := c.Inputs[0].Name
	for i, in := range c.Inputs {
		e.values[in.Name] = fmt.Sprintf("x%d", i)
		forms[in.Name] = graph.Spec{Width: in.Width, Sequence: in.Sequence}
		if in.IDs && in.Width != 1 {
			return &ExportError{in.Name, "ids of more than one value"}
		}
	}
	for _, l := range c.Layers {
		from := l.From
		if len(from) == 0 {
			from = []string{last}
		}
		var in []string
		var inForms []graph.Spec
		for _, name := range from {
			v, ok := e.values[name]
			if !ok {
				return &ExportError{l.Name, fmt.Sprintf("it reads %q, which is an entry of a state", name)}
			}
			in, inForms = append(in, v), append(inForms, forms[name])
		}
		if len(in) > 1 {
			switch l.Op.(type) {
			case *graph.RNN, *graph.Bidirectional:
				return &ExportError{l.Name, "its first state comes from another layer"}
			}
		}
		plan, err := l.Op.Plan(inForms)
		if err != nil {
			return &ExportError{l.Name, err.Error()}
		}
		y := fmt.Sprintf("y%d", len(e.forward))
		write := exportOps[reflect.TypeOf(l.Op)]
		if write == nil {
			return &ExportError{l.Name, fmt.Sprintf("PyTorch has no module like %T", l.Op)}
		}
		if err := write(e, use{l.Name, e.module(l.Name), in, inForms[0].Width, y}, l.Op); err != nil {
			return &ExportError{l.Name, err.Error()}
		}
		e.values[l.Name], forms[l.Name] = y, plan.Out[0]
		e.states += len(plan.State)
		last = l.Name
	}
	for _, out := range e.net.OutputNames() {
		if _, ok := e.values[out]; !ok {
			return &ExportError{out, "an output that is an entry of a state, which the states give already"}
		}
	}
	return nil
}

// module is the name of a layer as an attribute of the module.
func (e *exporter) module(name string) string {
	e.n++
	clean := strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if clean == "" || clean[0] >= '0' && clean[0] <= '9' || clean != name || reserved[clean] {
		clean = fmt.Sprintf("m%d_%s", e.n, clean)
	}
	return clean
}

// reserved are attributes of nn.Module and words of Python that layers are called by.
var reserved = map[string]bool{
	"forward": true, "load": true, "train": true, "eval": true, "float": true, "double": true, "half": true, "to": true, "cpu": true, "cuda": true,
	"state_dict": true, "modules": true, "children": true, "parameters": true, "buffers": true, "apply": true, "type": true, "training": true, "register": true,
	"in": true, "is": true, "not": true, "and": true, "or": true, "if": true, "else": true, "for": true, "while": true, "with": true, "as": true, "lambda": true,
	"class": true, "def": true, "return": true, "pass": true, "from": true, "import": true, "None": true, "True": true, "False": true, "bfloat16": true, "share_memory": true,
}

func (e *exporter) line(format string, args ...any) {
	e.forward = append(e.forward, fmt.Sprintf(format, args...))
}

func (e *exporter) make(format string, args ...any) {
	e.init = append(e.init, fmt.Sprintf(format, args...))
}

func python(yes bool) string {
	if yes {
		return "True"
	}
	return "False"
}

// A use is a layer to write: its name in the network and that of its module,
// the values that it reads, the width of the first, and the value that it makes.
type use struct {
	name, module string
	in           []string
	width        int
	y            string
}

// exportOps make the modules and the line of a layer, by the type of its Op.
var exportOps = map[reflect.Type]func(e *exporter, u use, op graph.Op) error{}

// export enters f into exportOps for the layers whose Op is an O.
func export[O graph.Op](f func(e *exporter, u use, o O) error) {
	exportOps[reflect.TypeFor[O]()] = func(e *exporter, u use, op graph.Op) error { return f(e, u, op.(O)) }
}

func init() {
	export((*exporter).recurrent)
	export((*exporter).bidirectional)
	export((*exporter).dense)
	export((*exporter).activation)
	export((*exporter).layerNorm)
	export((*exporter).affine)
	export((*exporter).dropout)
	export((*exporter).embedding)
	export((*exporter).conv)
	export(func(e *exporter, u use, o *graph.Concat) error {
		e.line("%s = torch.cat([%s], dim=-1)", u.y, strings.Join(u.in, ", "))
		return nil
	})
	export(func(e *exporter, u use, o *graph.Merge) error {
		e.line("%s = %s", u.y, merged(o.By, u.in))
		return nil
	})
	export(func(e *exporter, u use, o *graph.Last) error {
		e.line("%s = last_of(%s, lengths)", u.y, u.in[0])
		return nil
	})
}

func (e *exporter) dense(u use, o *graph.Dense) error {
	e.make("self.%s = nn.Linear(%d, %d, bias=%s)", u.module, u.width, o.Units, python(!o.NoBias))
	data, dims := e.turned(u.name + ".w")
	e.add(u.module+".weight", data, dims...)
	if !o.NoBias {
		e.add(u.module+".bias", e.straight(u.name+".b"), o.Units)
	}
	f, err := function(o.Activation, fmt.Sprintf("self.%s(%s)", u.module, u.in[0]))
	e.line("%s = %s", u.y, f)
	return err
}

func (e *exporter) activation(u use, o *graph.Activation) error {
	f, err := function(o.Func, u.in[0])
	e.line("%s = %s", u.y, f)
	return err
}

func (e *exporter) layerNorm(u use, o *graph.LayerNorm) error {
	e.make("self.%s = nn.LayerNorm(%d, eps=%v)", u.module, u.width, cmp.Or(o.Eps, 1e-5))
	e.add(u.module+".weight", e.straight(u.name+".gain"), u.width)
	e.add(u.module+".bias", e.straight(u.name+".shift"), u.width)
	e.line("%s = self.%s(%s)", u.y, u.module, u.in[0])
	return nil
}

// affine is a batch normalisation whose statistics are 0 and 1.
func (e *exporter) affine(u use, o *graph.Affine) error {
	e.make("self.%s_weight = nn.Parameter(torch.ones(%d))", u.module, u.width)
	e.make("self.%s_bias = nn.Parameter(torch.zeros(%d))", u.module, u.width)
	e.add(u.module+"_weight", e.straight(u.name+".gain"), u.width)
	e.add(u.module+"_bias", e.straight(u.name+".shift"), u.width)
	e.line("%s = %s * self.%s_weight + self.%s_bias", u.y, u.in[0], u.module, u.module)
	return nil
}

func (e *exporter) dropout(u use, o *graph.Dropout) error {
	e.make("self.%s = nn.Dropout(%v)", u.module, o.Rate)
	e.line("%s = self.%s(%s)", u.y, u.module, u.in[0])
	return nil
}

func (e *exporter) embedding(u use, o *graph.Embedding) error {
	if o.MaskZero {
		return fmt.Errorf("PyTorch has no mask of id 0; give lengths instead")
	}
	e.make("self.%s = nn.Embedding(%d, %d)", u.module, o.Vocab, o.Width)
	e.add(u.module+".weight", e.straight(u.name+".w"), o.Vocab, o.Width)
	e.line("%s = self.%s(%s)", u.y, u.module, u.in[0])
	return nil
}

func merged(by string, in []string) string {
	y := in[0]
	for _, x := range in[1:] {
		switch by {
		case "multiply":
			y = fmt.Sprintf("%s * %s", y, x)
		case "subtract":
			y = fmt.Sprintf("%s - %s", y, x)
		case "maximum", "minimum":
			y = fmt.Sprintf("torch.%s(%s, %s)", by, y, x)
		default:
			y = fmt.Sprintf("%s + %s", y, x)
		}
	}
	if by == "average" {
		y = fmt.Sprintf("(%s) / %d", y, len(in))
	}
	return y
}

// function writes a graph.Func of x.
func function(f graph.Func, x string) (string, error) {
	simple := map[graph.Func]string{
		"tanh": "torch.tanh", "sigmoid": "torch.sigmoid", "relu": "torch.relu", "softplus": "F.softplus", "softsign": "F.softsign",
		"gelu": "F.gelu", "silu": "F.silu", "selu": "F.selu", "exp": "torch.exp", "relu6": "F.relu6", "mish": "F.mish",
	}
	switch {
	case f == "" || f == "identity":
		return x, nil
	case simple[f] != "":
		return fmt.Sprintf("%s(%s)", simple[f], x), nil
	case f == "softmax" || f == "log_softmax":
		return fmt.Sprintf("torch.%s(%s, dim=-1)", f, x), nil
	case f == "gelu_tanh":
		return fmt.Sprintf(`F.gelu(%s, approximate="tanh")`, x), nil
	}
	a, err := rnn.ParseActivation(string(f))
	if err != nil {
		return "", err
	}
	name, args, _ := strings.Cut(strings.TrimSuffix(a.String(), ")"), "(")
	p := append(strings.Split(args, ", "), "")
	switch name {
	case "leakyrelu":
		return fmt.Sprintf("F.leaky_relu(%s, %s)", x, p[0]), nil
	case "elu":
		return fmt.Sprintf("F.elu(%s, %s)", x, p[0]), nil
	case "affine":
		return fmt.Sprintf("%s * (%s) + %s", p[0], x, p[1]), nil
	case "scaledtanh":
		return fmt.Sprintf("%s * torch.tanh(%s * (%s))", p[0], p[1], x), nil
	case "hardsigmoid":
		return fmt.Sprintf("torch.clamp(%s * (%s) + %s, 0, 1)", p[0], x, p[1]), nil
	case "thresholdedrelu":
		return fmt.Sprintf("F.threshold(%s, %s, 0)", x, p[0]), nil
	}
	return "", fmt.Errorf("PyTorch has no activation %v", a)
}

func (e *exporter) conv(u use, o *graph.Conv) error {
	m, name, x, in, y := u.module, u.name, u.in[0], u.width, u.y
	if o.Padding == graph.Same && o.Stride > 1 {
		return fmt.Errorf("PyTorch has no padding \"same\" with a stride")
	}
	groups, dilation := max(o.Groups, 1), max(o.Dilation, 1)
	part := in / groups
	w := e.straight(name + ".w")
	turned := make([]float32, len(w))
	for k := range o.Size {
		for c := range part {
			for u := range o.Units {
				turned[(u*part+c)*o.Size+k] = w[(k*part+c)*o.Units+u]
			}
		}
	}
	e.add(m+".weight", turned, o.Units, part, o.Size)
	if !o.NoBias {
		e.add(m+".bias", e.straight(name+".b"), o.Units)
	}
	padding := strconv.Itoa(o.Around)
	pad := ""
	switch o.Padding {
	case graph.Same:
		padding = `"same"`
	case graph.Causal:
		pad = fmt.Sprintf("F.pad(%s.transpose(1, 2), (%d, 0))", x, (o.Size-1)*dilation)
	}
	if pad == "" {
		pad = x + ".transpose(1, 2)"
	}
	e.make("self.%s = nn.Conv1d(%d, %d, %d, stride=%d, padding=%s, dilation=%d, groups=%d, bias=%s)", m, in, o.Units, o.Size, max(o.Stride, 1), padding, dilation, groups, python(!o.NoBias))
	f, err := function(o.Activation, fmt.Sprintf("self.%s(%s).transpose(1, 2)", m, pad))
	e.line("%s = %s", y, f)
	return err
}

// source is the module. The helpers hold what PyTorch does otherwise: a layer's states
// are one tensor for all layers and directions, and rows have to be packed.
func (e *exporter) source() string {
	var b strings.Builder
	b.WriteString(`import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run(layer, x, lengths, states, at, n, last):
    """Runs a layer over x [batch, time, width]; its entries of the state are n from at on."""
    lstm, s = isinstance(layer, nn.LSTM), None
    if states is not None:
        s = states[at:at + n]
        s = (torch.stack(s[0::2]), torch.stack(s[1::2])) if lstm else torch.stack(s)
    if lengths is None:
        y, s = layer(x.transpose(0, 1), s)
    else:
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        y, s = layer(packed, s)
        y, _ = pad_packed_sequence(y, total_length=x.shape[1])
    last += [t[k] for k in range(len(s[0])) for t in s] if lstm else list(s)
    return y.transpose(0, 1)


def last_of(x, lengths):
    """The last step of each row."""
    if lengths is None:
        return x[:, -1]
    return x[torch.arange(len(x)), lengths - 1]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
`)
	for _, l := range e.init {
		b.WriteString("        " + l + "\n")
	}
	c := e.net.Config
	var args []string
	for i := range c.Inputs {
		args = append(args, fmt.Sprintf("x%d", i))
	}
	fmt.Fprintf(&b, "\n    def forward(self, %s, lengths=None, states=None):\n        last = []\n", strings.Join(args, ", "))
	if c.TimeMajor {
		for i, in := range c.Inputs {
			if in.Sequence {
				fmt.Fprintf(&b, "        x%d = x%d.transpose(0, 1)\n", i, i)
			}
		}
	}
	for _, l := range e.forward {
		b.WriteString("        " + l + "\n")
	}
	var outs []string
	for i, name := range e.net.OutputNames() {
		v := e.values[name]
		if c.TimeMajor && e.net.OutputSpecs()[i].Sequence {
			v += ".transpose(0, 1)"
		}
		outs = append(outs, v)
	}
	fmt.Fprintf(&b, "        return [%s], last\n", strings.Join(outs, ", "))
	b.WriteString(`
    @classmethod
    def load(cls, path):
        net = cls()
        net.load_state_dict(load_file(path))
        return net.eval()


# net = Net.load("model.safetensors")
# [y], states = net(`)
	b.WriteString(strings.Join(args, ", ") + ")  # and lengths= [batch], states= a list of [batch, n]\n")
	return b.String()
}

package keras

import (
	"fmt"

	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// functions are Keras's activations as package graph calls them.
var functions = map[string]graph.Func{
	"": "", "linear": "", "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "softplus": "softplus", "softsign": "softsign",
	"softmax": "softmax", "log_softmax": "log_softmax", "elu": "elu(1)", "selu": "selu", "gelu": "gelu", "silu": "silu",
	"swish": "silu", "exponential": "exp", "mish": "mish", "relu6": "relu6", "leaky_relu": "leakyrelu(0.2)",
}

// hardSigmoid is Keras's hard_sigmoid, which is another function in Keras 2:
// 0.2x + 0.5, and x/6 + 0.5 in Keras 3, both within 0 and 1.
func hardSigmoid(version int) rnn.Activation {
	if version < 3 {
		return rnn.HardSigmoid(0.2, 0.5)
	}
	return rnn.HardSigmoid(1./6, 0.5)
}

// function is an activation of a layer.
func (b *builder) function(a activation) (graph.Func, error) {
	if a.layer != nil {
		if f, ok, err := b.functionLayer(a.layer); ok || err != nil {
			return f, err
		}
		return "", fmt.Errorf("its activation is the %s %q of the program, which is not in the file", a.layer.Class, a.layer.name())
	}
	if a.name == "hard_sigmoid" {
		return graph.Func(hardSigmoid(b.version).String()), nil
	}
	f, ok := functions[a.name]
	if !ok {
		return "", fmt.Errorf("unknown activation %q", a.name)
	}
	return f, nil
}

// gate is an activation of a recurrent cell.
func (b *builder) gate(a activation) (rnn.Activation, error) {
	f, err := b.function(a)
	if err != nil {
		return rnn.Activation{}, err
	}
	if f == "" {
		return rnn.Identity, nil
	}
	r, err := rnn.ParseActivation(string(f))
	if err != nil {
		return r, fmt.Errorf("activation %q in a recurrent cell is not supported", f)
	}
	return r, nil
}

// functionLayer is the function of a layer that is nothing else; ok is false if it is
// another layer.
func (b *builder) functionLayer(l *object) (f graph.Func, ok bool, err error) {
	switch l.Class {
	case "Activation":
		var c struct{ Activation activation }
		if err := l.read(&c); err != nil {
			return "", true, err
		}
		f, err = b.function(c.Activation)
	case "ReLU":
		var c struct {
			Max       *float64 `json:"max_value"`
			Slope     *scalar  `json:"negative_slope"`
			Threshold scalar
		}
		if err := l.read(&c); err != nil {
			return "", true, err
		}
		switch slope := c.Slope != nil && *c.Slope != 0; {
		case c.Threshold != 0 || c.Max != nil && (slope || *c.Max != 6):
			err = fmt.Errorf("a threshold, and a max_value that is not 6, are not supported")
		case c.Max != nil:
			f = "relu6"
		case slope:
			f = graph.Func(rnn.LeakyReLU(float64(*c.Slope)).String())
		default:
			f = "relu"
		}
	case "LeakyReLU":
		var c struct {
			Slope *scalar `json:"negative_slope"`
			Alpha *scalar // negative slope in Keras 2
		}
		if err := l.read(&c); err != nil {
			return "", true, err
		}
		slope := scalar(0.3)
		switch {
		case c.Slope != nil:
			slope = *c.Slope
		case c.Alpha != nil:
			slope = *c.Alpha
		}
		f = graph.Func(rnn.LeakyReLU(float64(slope)).String())
	case "ELU":
		c := struct{ Alpha scalar }{1}
		if err := l.read(&c); err != nil {
			return "", true, err
		}
		f = graph.Func(rnn.ELU(float64(c.Alpha)).String())
	case "ThresholdedReLU":
		c := struct{ Theta scalar }{1}
		if err := l.read(&c); err != nil {
			return "", true, err
		}
		f = graph.Func(rnn.ThresholdedReLU(float64(c.Theta)).String())
	case "Softmax":
		var c struct{ Axis numbers }
		if err := l.read(&c); err != nil {
			return "", true, err
		}
		if axis, e := c.Axis.one(-1); e != nil || axis != -1 {
			err = fmt.Errorf("softmax over axis %v, not the last", c.Axis)
		}
		f = "softmax"
	default:
		return "", false, nil
	}
	return f, true, err
}

package rnn_test

import (
	"slices"
	"testing"
)

// onnxMistake is an importer that has something easily got wrong.
type onnxMistake struct {
	name             string
	broken           func(c *onnxCase)
	golden, fixtures int // at least as many cases notice it
}

var onnxMistakes = []onnxMistake{
	{"LSTM gates as Keras has them", only("LSTM", func(c *onnxCase) { swap(c, 0, 3, 1, 2) }), 9, 56},
	{"LSTM gates as TensorFlow has them", only("LSTM", func(c *onnxCase) { swap(c, 0, 3, 2, 1) }), 9, 56},
	{"GRU gates r and z exchanged", only("GRU", func(c *onnxCase) { swap(c, 1, 0, 2) }), 9, 54},
	{"reset in the other place", only("GRU", func(c *onnxCase) { c.Attributes.LinearBeforeReset ^= 1 }), 9, 41},
	{"lengths ignored", drop("sequence_lens"), 13, 40},
	{"first h ignored", drop("initial_h"), 21, 28},
	{"first c ignored", drop("initial_c"), 8, 6},
	{"peepholes ignored", drop("P"), 3, 16},
	{"reverse runs forward", func(c *onnxCase) {
		if c.Attributes.Direction == "reverse" {
			c.Attributes.Direction = "forward"
		}
	}, 3, 23},
	{"activations ignored", func(c *onnxCase) { c.Attributes.Activations = nil }, 5, 17},
	{"clip ignored", func(c *onnxCase) { c.Attributes.Clip = 0 }, 4, 3},
	{"input_forget ignored", func(c *onnxCase) { c.Attributes.InputForget = 0 }, 1, 2},
	{"recurrent half of the bias ignored", func(c *onnxCase) {
		if b := find(c.Inputs, "B"); b != nil {
			for i := range b.Data {
				if n := b.Shape[1]; i%n >= n/2 {
					b.Data[i] = 0
				}
			}
		}
	}, 20, 6},
}

// noticed counts the cases that fail when broken.
func (m onnxMistake) noticed(cases []onnxCase) (count int) {
	for _, c := range cases {
		if c.Expect == "fail" {
			continue
		}
		m.broken(&c)
		if d, err := c.worst(forms["whole"]); err != nil || !(d <= 1e-4) {
			count++
		}
	}
	return count
}

func TestONNXNoticesMistakes(t *testing.T) {
	for _, m := range onnxMistakes {
		var cases []onnxCase
		for _, c := range goldens(t, "onnx") {
			cases = append(cases, onnxGolden(t, c))
		}
		noticed := m.noticed(cases)
		if noticed < m.golden {
			t.Errorf("%s: noticed by %d cases, want %d", m.name, noticed, m.golden)
		}
		t.Logf("%s: noticed by %d cases", m.name, noticed)
	}
}

// swap changes the order of the gates wherever they are.
func swap(c *onnxCase, order ...int) {
	for _, a := range c.Inputs {
		if a == nil || !slices.Contains([]string{"W", "R", "B"}, a.Name) {
			continue
		}
		blocks := a.Shape[0] * len(order)
		if a.Name == "B" {
			blocks *= 2
		}
		n := len(a.Data) / blocks
		old := slices.Clone(a.Data)
		for k := range blocks {
			from := k - k%len(order) + order[k%len(order)]
			copy(a.Data[k*n:(k+1)*n], old[from*n:(from+1)*n])
		}
	}
}

// drop leaves an input out.
func drop(name string) func(c *onnxCase) {
	return func(c *onnxCase) {
		c.Inputs = slices.DeleteFunc(c.Inputs, func(a *array) bool { return a != nil && a.Name == name })
	}
}

// only applies to the cases of op.
func only(op string, f func(c *onnxCase)) func(c *onnxCase) {
	return func(c *onnxCase) {
		if c.Op == op {
			f(c)
		}
	}
}

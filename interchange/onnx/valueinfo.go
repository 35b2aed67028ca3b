package onnx

import (
	"fmt"
	"strconv"
)

// A ValueInfo describes an input or an output of a model. Its text is such as
// "x float32 [batch time 3]".
type ValueInfo struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`            // "tensor", "sequence" or "optional"
	DType DType  `json:"dtype,omitempty"` // type of the tensor, or of those in the sequence
	Shape []Dim  `json:"shape"`           // nil if the file has none
	Elem  string `json:"-"`               // kind of the value of an optional: "tensor" or "sequence"
}

// A Dim is the size of a dimension, -1 if it is open, and then its name, if it has
// one.
type Dim struct {
	Size int
	Name string
}

func (d Dim) String() string {
	switch {
	case d.Size >= 0:
		return strconv.Itoa(d.Size)
	case d.Name != "":
		return d.Name
	}
	return "?"
}

// MarshalText is String.
func (d Dim) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (v *ValueInfo) String() string {
	s := v.Name + " " + v.DType.String()
	if v.Kind != "tensor" {
		s = v.Name + " " + v.Kind + " of " + v.DType.String()
	}
	if v.Shape == nil {
		return s + " of any shape"
	}
	return s + " " + fmt.Sprint(v.Shape)
}

// check is an *InputError if x cannot be this input.
func (v *ValueInfo) check(x Value) error {
	if o, ok := x.(*Optional); ok && v.Kind == "optional" {
		if o.Value == nil {
			return nil
		}
		x = o.Value
	}
	if x == nil || x.kind() != v.Kind && !(v.Kind == "optional" && x.kind() == v.Elem) {
		return &InputError{v.Name, fmt.Sprintf("want a %s", v.Kind)}
	}
	t, ok := x.(*Tensor)
	if !ok {
		return nil
	}
	if t.DType != v.DType {
		return &InputError{v.Name, fmt.Sprintf("is %v, want %v", t.DType, v.DType)}
	}
	if v.Shape == nil {
		return nil
	}
	fits := len(t.Shape) == len(v.Shape)
	for i := 0; fits && i < len(t.Shape); i++ {
		fits = v.Shape[i].Size < 0 || v.Shape[i].Size == t.Shape[i]
	}
	if !fits {
		return &InputError{v.Name, fmt.Sprintf("is %v, want %v", t.Shape, v.Shape)}
	}
	return nil
}

func parseValueInfo(m message) *ValueInfo {
	v := &ValueInfo{Kind: "tensor"}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			v.Name = f.text()
		case 2:
			parseType(f.message(), v)
		}
	}
	return v
}

// parseType reads a TypeProto.
func parseType(m message, v *ValueInfo) {
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			v.Kind = "tensor"
			parseTensorType(f.message(), v)
		case 4, 9: // a sequence or an optional, whose element type is field 1
			inner := f.message()
			for e, ok := inner.next(); ok; e, ok = inner.next() {
				if e.num == 1 {
					parseType(e.message(), v)
				}
			}
			v.Elem = v.Kind
			v.Kind = "sequence"
			if f.num == 9 {
				v.Kind = "optional"
			}
		case 5, 8:
			v.Kind = map[int]string{5: "map", 8: "sparse tensor"}[f.num]
		}
	}
}

func parseTensorType(m message, v *ValueInfo) {
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			v.DType = DType(f.int())
		case 2:
			v.Shape = []Dim{}
			shape := f.message()
			for d, ok := shape.next(); ok; d, ok = shape.next() {
				if d.num == 1 {
					v.Shape = append(v.Shape, parseDim(d.message()))
				}
			}
		}
	}
}

func parseDim(m message) Dim {
	d := Dim{Size: -1}
	for f, ok := m.next(); ok; f, ok = m.next() {
		switch f.num {
		case 1:
			d.Size = int(max(f.int(), -1))
		case 2:
			d.Name = f.text()
		}
	}
	return d
}

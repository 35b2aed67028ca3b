package onnx

import (
	"fmt"
	"strconv"
	"strings"
)

func castOp(n *nodeDef) op {
	n.must("to")
	to := n.dtype("to", 0)
	n.ignore("saturate", "round_mode") // they concern float8
	return opFunc(func(c *call) { c.set(0, castAny(c.tensor(0), to)) })
}

func castLike(n *nodeDef) op {
	n.ignore("saturate", "round_mode")
	return opFunc(func(c *call) { c.set(0, castAny(c.tensor(0), c.tensor(1).DType)) })
}

// castAny is cast with strings.
func castAny(x *Tensor, to DType) *Tensor {
	switch {
	case x.DType == to:
		return x
	case to == String:
		return written(x)
	case x.DType == String:
		return parsed(x, to)
	}
	return cast(x, to)
}

func written(x *Tensor) *Tensor {
	s := make([]string, x.Len())
	switch d := x.data.(type) {
	case []bool:
		for i, v := range d {
			s[i] = strconv.FormatBool(v)
		}
	case []float32:
		for i, v := range d {
			s[i] = strconv.FormatFloat(float64(v), 'g', -1, 32)
		}
	case []float64:
		for i, v := range d {
			s[i] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	default:
		text := fmt.Sprint(d)
		copy(s, strings.Fields(text[1:len(text)-1]))
	}
	return made(String, x.Shape, s)
}

func parsed(x *Tensor, to DType) *Tensor {
	if !to.float() {
		v := make([]int64, x.Len())
		for i, s := range x.data.([]string) {
			n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
			if err != nil {
				fail("%q is no %v", s, to)
			}
			v[i] = n
		}
		return cast(made(Int64, x.Shape, v), to)
	}
	v := make([]float64, x.Len())
	for i, s := range x.data.([]string) {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil && f == 0 {
			fail("%q is no %v", s, to)
		}
		v[i] = f
	}
	return cast(made(Float64, x.Shape, v), to)
}

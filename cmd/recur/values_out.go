package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/npy"
)

// writeNPY writes a tensor; float16 and bfloat16 as float32.
func writeNPY(w io.Writer, t *onnx.Tensor) error {
	data, err := flat(t)
	if err != nil {
		return err
	}
	return npy.Write(w, &npy.Array{Shape: t.Shape, Data: data})
}

// flat is the elements of t as a slice of their type.
func flat(t *onnx.Tensor) (any, error) {
	switch t.DType {
	case onnx.Float32, onnx.Float16, onnx.BFloat16:
		return onnx.Values[float32](t), nil
	case onnx.Float64:
		return onnx.Values[float64](t), nil
	case onnx.Int8:
		return onnx.Values[int8](t), nil
	case onnx.Int16:
		return onnx.Values[int16](t), nil
	case onnx.Int32:
		return onnx.Values[int32](t), nil
	case onnx.Int64:
		return onnx.Values[int64](t), nil
	case onnx.Uint8:
		return onnx.Values[uint8](t), nil
	case onnx.Uint16:
		return onnx.Values[uint16](t), nil
	case onnx.Uint32:
		return onnx.Values[uint32](t), nil
	case onnx.Uint64:
		return onnx.Values[uint64](t), nil
	case onnx.Bool:
		return onnx.Values[bool](t), nil
	}
	return nil, fmt.Errorf("an output of %v cannot be written so", t.DType)
}

// table is the elements of t for a terminal, a line for each run of its last
// dimension.
func table(t *onnx.Tensor) string {
	var cells []string
	if t.DType == onnx.String {
		cells = slices.Clone(onnx.Values[string](t))
		for i, s := range cells {
			cells[i] = strconv.Quote(s)
		}
	} else if values, err := flat(t); err == nil {
		cells = strings.Fields(strings.Trim(fmt.Sprint(values), "[]"))
	}
	const most = 2000
	rest := len(cells) - most
	cells = cells[:min(len(cells), most)]
	width := 1
	if n := len(t.Shape); n > 0 {
		width = max(t.Shape[n-1], 1)
	}
	var b strings.Builder
	for len(cells) > 0 {
		n := min(width, len(cells))
		b.WriteString("  " + strings.Join(cells[:n], " ") + "\n")
		cells = cells[n:]
	}
	if rest > 0 {
		fmt.Fprintf(&b, "  and %d more; --out or --json gives all\n", rest)
	}
	return b.String()
}

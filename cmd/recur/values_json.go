package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/internal/setting"
)

// fromJSON reads nested lists of numbers, of true and false, or of texts.
func fromJSON(b []byte) (*interchange.Tensor, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, setting.JSONError(b, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: something follows the value", setting.Place(b, d.InputOffset()))
	}
	var shape []int
	for at := v; ; {
		list, ok := at.([]any)
		if !ok {
			break
		}
		if shape = append(shape, len(list)); len(list) == 0 {
			break
		}
		at = list[0]
	}
	var l jsonLeaves
	if err := l.collect(v, shape); err != nil {
		return nil, err
	}
	switch {
	case l.texts != nil && l.ints == nil && l.floats == nil && l.bools == nil:
		return interchange.NewTensor(l.texts, shape...), nil
	case l.bools != nil && l.ints == nil && l.texts == nil:
		return interchange.NewTensor(l.bools, shape...), nil
	case l.bools != nil || l.texts != nil:
		return nil, errors.New("numbers, texts and truth values are mixed")
	case l.whole():
		return interchange.NewTensor(l.ints, shape...), nil
	}
	return interchange.NewTensor(l.floats, shape...), nil
}

// jsonLeaves are the leaves of nested lists. Numbers are in floats and, while all
// are whole, in ints.
type jsonLeaves struct {
	floats  []float64
	ints    []int64
	bools   []bool
	texts   []string
	decimal bool
}

func (l *jsonLeaves) whole() bool { return !l.decimal && len(l.ints) > 0 }

func (l *jsonLeaves) collect(v any, shape []int) error {
	if list, ok := v.([]any); ok {
		if len(shape) == 0 || len(list) != shape[0] {
			return fmt.Errorf("a list of %d where others suggest %v", len(list), shape)
		}
		for _, e := range list {
			if err := l.collect(e, shape[1:]); err != nil {
				return err
			}
		}
		return nil
	}
	if len(shape) > 0 {
		return fmt.Errorf("%.40v stands where others have a list of %d", v, shape[0])
	}
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return fmt.Errorf("%.40s is out of the range of numbers", v)
		}
		i, err := v.Int64()
		l.decimal = l.decimal || err != nil
		l.floats, l.ints = append(l.floats, f), append(l.ints, i)
	case bool:
		l.bools = append(l.bools, v)
	case string:
		l.texts = append(l.texts, v)
	case nil:
		return errors.New("null is not a number; for values that are missing bring the input as .npy, in which they may be NaN")
	default:
		return errors.New("an object stands where a number or a list should")
	}
	return nil
}

// jsonData is the elements of t as nested lists; what JSON cannot express is null.
func jsonData(t *interchange.Tensor) any {
	data := leaves(t.Data)
	for i := len(t.Shape) - 1; i > 0; i-- {
		var outer []any
		for n := t.Shape[i]; n > 0 && len(data) > 0; data = data[n:] {
			outer = append(outer, data[:n:n])
		}
		data = outer
	}
	if len(t.Shape) == 0 {
		return data[0]
	}
	if data == nil {
		data = []any{}
	}
	return data
}

func leaves(values any) (data []any) {
	switch v := values.(type) {
	case []float32:
		for _, x := range v {
			if x-x != 0 {
				data = append(data, nil)
			} else {
				data = append(data, x)
			}
		}
	case []float64:
		for _, x := range v {
			if x-x != 0 {
				data = append(data, nil)
			} else {
				data = append(data, x)
			}
		}
	case []uint8: // which JSON would write as text
		for _, x := range v {
			data = append(data, int(x))
		}
	case []int8:
		data = anys(v)
	case []int16:
		data = anys(v)
	case []int32:
		data = anys(v)
	case []int64:
		data = anys(v)
	case []uint16:
		data = anys(v)
	case []uint32:
		data = anys(v)
	case []uint64:
		data = anys(v)
	case []bool:
		data = anys(v)
	case []string:
		data = anys(v)
	}
	return data
}

func anys[T any](v []T) (data []any) {
	for _, x := range v {
		data = append(data, x)
	}
	return data
}

package tensor_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/recur-go/recur/tensor"
)

func TestViews(t *testing.T) {
	x := tensor.New(2, 3, 2)
	for i := range x.Data {
		x.Data[i] = tensor.Float(i)
	}
	if got := x.At(1).At(2).Data; !slices.Equal(got, []tensor.Float{10, 11}) {
		t.Errorf("At(1).At(2) is %v", got)
	}
	row := x.At(1).Slice(1, 3)
	if row.Shape != tensor.ShapeOf(2, 2) || !slices.Equal(row.Data, []tensor.Float{8, 9, 10, 11}) {
		t.Errorf("slice is %v %v", row.Shape, row.Data)
	}
	row.Data[0] = -1
	if x.Data[8] != -1 {
		t.Error("a slice is a copy")
	}
	if c := x.Clone(); &c.Data[0] == &x.Data[0] || c.Shape != x.Shape {
		t.Error("a clone is a view")
	}
	if s := x.Shape; s.Last() != 2 || s.WithLast(5) != tensor.ShapeOf(2, 3, 5) || s.WithFirst(7) != tensor.ShapeOf(7, 3, 2) || s.Size() != 12 {
		t.Error(s)
	}
}

func TestShapeErrors(t *testing.T) {
	for name, f := range map[string]func(){
		"rank 5":      func() { tensor.New(1, 1, 1, 1, 1) },
		"negative":    func() { tensor.New(2, -1) },
		"too few":     func() { tensor.FromSlice(make([]tensor.Float, 3), 2, 2) },
		"slice past":  func() { tensor.New(2, 2).Slice(1, 3) },
		"scalar rows": func() { tensor.New().At(0) },
	} {
		err := func() (err error) {
			defer tensor.Catch(&err)
			f()
			return nil
		}()
		var shape *tensor.ShapeError
		if !errors.As(err, &shape) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCatchLetsOtherPanicsThrough(t *testing.T) {
	defer func() {
		if recover() != "other" {
			t.Error("the panic was swallowed")
		}
	}()
	var err error
	defer tensor.Catch(&err)
	panic("other")
}

func ExampleCatch() {
	area := func(data []tensor.Float) (n int, err error) {
		defer tensor.Catch(&err)
		return tensor.FromSlice(data, 2, 3).Shape.Size(), nil
	}
	_, err := area(make([]tensor.Float, 5))
	fmt.Println(err)
	// Output: recur: FromSlice: 5 values do not fill [2 3]
}

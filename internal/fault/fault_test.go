package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

// newReader stands for the error of a reader that this package knows nothing of.
type newReader struct{}

func (newReader) Error() string        { return "new: no such layer" }
func (newReader) Is(target error) bool { return target == fault.Model }

func TestOf(t *testing.T) {
	_, noFile := os.Open("no such file")
	noLink := os.Rename("no such file", "other")
	for _, c := range []struct {
		err  error
		want fault.Class
	}{
		{nil, 0},
		{errors.New("x"), 0},
		{context.Canceled, 0},
		{newReader{}, fault.Model},
		{fmt.Errorf("file: %w", newReader{}), fault.Model},
		{fault.Errorf(fault.Usage, "--x: %d", 1), fault.Usage},
		{fault.As(fault.Model, fmt.Errorf("config: %w", fault.Errorf(fault.Usage, "bad"))), fault.Model}, // the outermost
		{errors.Join(errors.New("x"), fault.Errorf(fault.Data, "y")), fault.Data},
		{fmt.Errorf("%w: %w", errors.New("x"), fault.Errorf(fault.Numeric, "y")), fault.Numeric},
		{noFile, fault.IO},
		{fmt.Errorf("x: %w", noFile), fault.IO},
		{noLink, fault.IO},
		{fs.ErrPermission, fault.IO},
		{fmt.Errorf("x: %w", fs.ErrNotExist), fault.IO},
		{fault.As(fault.Data, noFile), fault.Data},
	} {
		if got := fault.Of(c.err); got != c.want {
			t.Errorf("%v: class %d, want %d", c.err, got, c.want)
		}
		if c.want != 0 && c.want != fault.IO && !errors.Is(c.err, c.want) {
			t.Errorf("%v is not of class %d by errors.Is", c.err, c.want)
		}
	}
	if fault.As(fault.Data, nil) != nil {
		t.Error("a nil error got a class")
	}
	if err := fault.As(fault.Data, noFile); !errors.Is(err, fs.ErrNotExist) || err.Error() != noFile.Error() {
		t.Errorf("%v lost what it wraps", err)
	}
}

package forecast

import (
	"testing"

	"github.com/recur-go/recur/data"
)

func TestLongest(t *testing.T) {
	a, b, c := data.Series{ID: "a", Y: make([]float64, 2)}, data.Series{ID: "b", Y: make([]float64, 3)}, data.Series{ID: "c", Y: make([]float64, 3)}
	if got := Longest([]data.Series{a, b, c}); got.ID != "b" {
		t.Errorf("%q, want the first with the most values", got.ID)
	}
	if got := Longest(nil); got.ID != "" || got.Y != nil {
		t.Errorf("%+v of none", got)
	}
}

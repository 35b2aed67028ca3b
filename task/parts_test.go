package task

import (
	"reflect"
	"testing"

	"github.com/recur-go/recur/train"
)

// The steps of all parts count, those before a part was resumed too, and each part has a
// checkpoint.
func TestParts(t *testing.T) {
	var told []int
	part := Options{Checkpoint: "c", Resume: true, OnStep: func(s Step) { told = append(told, s.Progress.Step, s.Of) }}.Parts(20)
	a, b := part(0), part(1)
	if a.Checkpoint != "c.0" || b.Checkpoint != "c.1" || !b.Resume {
		t.Errorf("%+v, %+v", a, b)
	}
	a.OnStep(Step{Progress: train.Progress{Step: 1}, Of: 10})
	b.OnStep(Step{Progress: train.Progress{Step: 6}, Of: 10}) // resumed after 5
	a.OnStep(Step{Progress: train.Progress{Step: 2}, Of: 10})
	if want := []int{1, 20, 7, 20, 8, 20}; !reflect.DeepEqual(told, want) {
		t.Errorf("%v, want %v", told, want)
	}
	if none := (Options{}).Parts(20)(0); none.Checkpoint != "" || none.OnStep != nil {
		t.Errorf("%+v of no options", none)
	}
}

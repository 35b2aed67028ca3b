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
	part := Options{Checkpoint: "c", Resume: true, OnStep: func(s Step) { told = append(told, s.Progress.Step, s.Of) }}.Parts(2, 20)
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
	if none := (Options{}).Parts(1, 20)(0); none.Checkpoint != "" || none.OnStep != nil {
		t.Errorf("%+v of no options", none)
	}
}

// Trainings that go on one after another count on, and all but the first have a checkpoint of
// their own.
func TestPart(t *testing.T) {
	var told []int
	o := Options{Checkpoint: "c", Resume: true, OnStep: func(s Step) { told = append(told, s.Progress.Step, s.Of) },
		OnEpoch: func(e Epoch) bool { told = append(told, e.N, e.Steps, e.Of); return false }}
	a, b := o.Part(0, 2, 10), o.Part(1, 2, 10)
	if a.Checkpoint != "c" || b.Checkpoint != "c.1" || !b.Resume {
		t.Errorf("%+v, %+v", a, b)
	}
	a.OnStep(Step{Progress: train.Progress{Step: 1}, Of: 10})
	b.OnStep(Step{Progress: train.Progress{Step: 6}, Of: 10})
	if b.OnEpoch(Epoch{Epoch: train.Epoch{N: 1, Steps: 5}, Of: 2}) {
		t.Error("the training goes on")
	}
	if want := []int{1, 20, 16, 20, 3, 15, 4}; !reflect.DeepEqual(told, want) {
		t.Errorf("%v, want %v", told, want)
	}
	if none := (Options{}).Part(1, 2, 10); none.Checkpoint != "" || none.OnStep != nil || none.OnEpoch != nil {
		t.Errorf("%+v of no options", none)
	}
}

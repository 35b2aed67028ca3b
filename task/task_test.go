package task

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
)

type named string

func (n named) Name() string             { return string(n) }
func (n named) Kinds() []string          { return []string{string(n) + "-kind"} }
func (named) Presets() []string          { return nil }
func (named) Config(string) (any, error) { return nil, nil }
func (named) Metric(any) Metric          { return Metric{} }
func (named) Space(any) map[string]Range { return nil }
func (named) Load(string) (Model, error) { return nil, nil }
func (named) Fit(context.Context, any, Data, Options) (Model, error) {
	return nil, nil
}

func TestRegister(t *testing.T) {
	Register(named("b"))
	Register(named("a"))
	if got := Names(); !slices.Equal(got[:2], []string{"a", "b"}) || !slices.IsSorted(got) { // other tests have tasks too
		t.Errorf("%v", got)
	}
	if found, err := Find("a"); err != nil || found.Name() != "a" {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := Find("c"); err == nil || !strings.Contains(err.Error(), "choose from a, b") {
		t.Errorf("%v", err)
	}
	if found, err := ForKind("b-kind"); err != nil || found.Name() != "b" {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := ForKind("b"); err == nil {
		t.Error("b is a task, not a kind")
	}
	defer func() {
		if recover() == nil {
			t.Error("a name was taken twice")
		}
	}()
	Register(named("a"))
}

func TestBetter(t *testing.T) {
	up, down := Metric{Maximise: true}, Metric{}
	for _, c := range []struct {
		m    Metric
		a, b float64
		want bool
	}{
		{up, 2, 1, true}, {up, 1, 2, false}, {down, 1, 2, true}, {down, 2, 2, false},
		{down, math.NaN(), 1, false}, {down, 1, math.NaN(), true}, {up, math.NaN(), math.NaN(), false},
	} {
		if got := c.m.Better(c.a, c.b); got != c.want {
			t.Errorf("%+v", c)
		}
	}
}

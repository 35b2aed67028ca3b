package rnn

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/recur-go/recur/nn"
)

func TestKinds(t *testing.T) {
	for _, k := range Kinds() {
		if err := k.Check(); err != nil {
			t.Error(err)
		}
		for _, in := range []int{3, 5} {
			n := 0
			c := k.New(rand.New(rand.NewPCG(1, 1)), in, 5)
			for _, p := range nn.Params(c) {
				n += len(p.Value.Data)
			}
			if got := k.Config(5).CountParams(in); got != n || n == 0 {
				t.Errorf("%s from %d: %d values, counted %d", k, in, n, got)
			}
			if s := c.StateSize(); s[len(s)-1] != 5 {
				t.Errorf("%s: state %v", k, s)
			}
		}
	}
	if err := Kind("lstn").Check(); err == nil || !strings.Contains(err.Error(), "lstm") {
		t.Errorf("%v", err)
	}
}

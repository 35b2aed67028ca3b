package main

import (
	"context"
	"strings"
	"testing"

	"github.com/recur-go/recur/task/memory"
)

func TestCompare(t *testing.T) {
	var b strings.Builder
	if err := compare(context.Background(), &b, memory.Copying, []string{"lstm", "basic"}, 2, 5, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"copying over 2 steps by lstm; without memory the loss is 0.9452", "by basic", "5 steps: loss"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if err := compare(context.Background(), &b, "juggling", []string{"lstm"}, 2, 5, 1); err == nil {
		t.Error("juggling was taken")
	}
}

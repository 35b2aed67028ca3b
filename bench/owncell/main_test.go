package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/recur-go/recur/rnn/rnntest"
)

func TestCells(t *testing.T) {
	for _, name := range []string{"layernorm", "lstm", "mgu"} {
		t.Run(name, func(t *testing.T) {
			c, err := newCell(name, 3, 4)
			if err != nil {
				t.Fatal(err)
			}
			rnntest.Cell(t, c, 3)
		})
	}
}

func TestServe(t *testing.T) {
	var out bytes.Buffer
	in := `{"cell": "lstm", "batch": 2, "steps": 3, "input": 4, "hidden": 5}` + "\n" +
		`{"cell": "mgu", "batch": 2, "steps": 3, "input": 4, "hidden": 5}` + "\n"
	if err := serve(strings.NewReader(in), &out, ""); err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(&out)
	for range 2 {
		var a answer
		if err := answers.Decode(&a); err != nil {
			t.Fatal(err)
		}
		if a.Runs < 5 || a.Median <= 0 || a.Loss <= 0 {
			t.Errorf("%+v", a)
		}
	}
	for _, bad := range []string{`{"cell": "transformer"}`, "lstm"} {
		if err := serve(strings.NewReader(bad), &out, ""); err == nil {
			t.Errorf("%s is answered", bad)
		}
	}
}

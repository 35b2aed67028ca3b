package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// Numbers that no training has are refused by the name of their flag; 0 is no silent default, but
// a value where it is one.
func TestNumbersOfSettings(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ args, want string }{
		{"--epochs -1", "--epochs is -1, want at least 1"},
		{"--epochs 0", "--epochs: epochs is 0, want more than 0; leave it out for the default"},
		{"--steps 0", "--steps: steps is 0, want more than 0"},
		{"--set hidden=0", "--set hidden=0: hidden is 0, want more than 0; leave it out for the default"},
		{"--set rate=0.0", "--set rate=0.0: rate is 0.0, want more than 0"},
		{"--set batch=0 --preset esrnn", "--set batch=0: batch is 0"},
		{"--set hidden=-2", "hidden is -2, want at least 1"},
		{"--preset qrnn --set patience=0 --set dropout=0 --set held_out=0 --seed 0 --set none=1", `there is no setting "none"`}, // the last alone
		{"--preset segrnn --set weight_average=0 --set epoch_steps=0 --floor 0 --set none=1", `there is no setting "none"`},
	} {
		var stderr strings.Builder
		args := append([]string{"forecast", "airline", "--out", filepath.Join(dir, "out")}, strings.Fields(c.args)...)
		if code := run(args, strings.NewReader(""), io.Discard, &stderr); code != 2 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: %d, %s", c.args, code, stderr.String())
		}
	}
	for _, command := range []string{"classify", "generate", "translate"} { // checked before files are
		var stderr strings.Builder
		if code := run([]string{command, "none.csv", "none.csv", "--epochs", "-1", "--out", filepath.Join(dir, "out")}, strings.NewReader(""), io.Discard, &stderr); code != 2 || !strings.Contains(stderr.String(), "--epochs is -1, want at least 1") {
			t.Errorf("%s: %d, %s", command, code, stderr.String())
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

// A run that was stopped is found whatever its folder is called, and so are its checkpoints
// when it has ended.
func TestStoppedRun(t *testing.T) {
	for _, name := range []string{"plain", "rate=[0.1]", "run["} {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		var h history
		if err := h.resume(dir, false); err != nil {
			t.Errorf("%s: nothing was stopped there: %v", name, err)
		}
		left := []string{filepath.Join(dir, checkpointFile), filepath.Join(dir, checkpointFile+".1")}
		for _, path := range left {
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.resume(dir, false); fault.Of(err) != fault.Usage {
			t.Errorf("%s: the run is begun again: %v", name, err)
		}
		if err := h.resume(dir, true); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := removeCheckpoints(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, path := range left {
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", path, err)
			}
		}
	}
}

package train_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A process that is killed at any moment loses at most what it did since its last
// checkpoint, and leaves no broken file: the run that goes on ends with the bits
// of an unbroken one.
func TestKilled(t *testing.T) {
	options := func(path string) train.Options {
		return train.Options{Epochs: 12, Seed: 4, Checkpoint: path, CheckpointEvery: 3, Resume: true, Optimizer: &optim.Adam{LR: 1e-2}}
	}
	if path := os.Getenv("RECUR_TEST_TRAIN"); path != "" { // the process to kill
		o := options(path)
		o.OnStep = func(train.Progress) { time.Sleep(time.Millisecond) }
		if _, err := fit(context.Background(), newNet(), o); err != nil {
			t.Fatal(err)
		}
		return
	}
	whole := newNet()
	if _, err := fit(context.Background(), whole, options("")); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills := 50
	if testing.Short() {
		kills = 10
	}
	r := rand.New(rand.NewPCG(1, 1))
	path := filepath.Join(t.TempDir(), "run.safetensors")
	for killed := 0; killed < kills; {
		var out bytes.Buffer
		cmd := exec.Command(exe, "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "RECUR_TEST_TRAIN="+path)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		finished := cmd.Wait() == nil
		if bytes.Contains(out.Bytes(), []byte("FAIL")) {
			t.Fatalf("the run that was to be killed failed: %s", &out)
		}
		readable(t, path)
		if finished { // begin again
			checkResult(t, options(path), weights(whole))
			os.Remove(path)
		} else {
			killed++
		}
	}
	checkResult(t, options(path), weights(whole))
}

// readable reads all of a checkpoint, if there is one.
func readable(t *testing.T, path string) {
	t.Helper()
	f, err := checkpoint.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Each(func(*safetensors.Tensor) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func checkResult(t *testing.T, o train.Options, want []tensor.Float) {
	t.Helper()
	m := newNet()
	if _, err := fit(context.Background(), m, o); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(weights(m), want) {
		t.Error("the resumed run ends with other weights than an unbroken one")
	}
}

package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/train"
)

// kept is what a run of line.course leaves when it is stopped after a step.
func kept(t testing.TB, after int) (progress, log []byte) {
	path := filepath.Join(t.TempDir(), "c")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := (&line{Rate: 0.01}).course(ctx, 1, Options{Checkpoint: path, OnStep: func(s Step) {
		if s.Progress.Step == after {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var carry struct {
		Carry [][]byte `json:"carry"`
	}
	if err := f.Doc.Decode(checkpoint.ProgressKey, &carry); err != nil || len(carry.Carry) != 1 {
		t.Fatalf("%v, %v", carry, err)
	}
	return f.Doc[checkpoint.ProgressKey], carry.Carry[0]
}

// FuzzResume: whatever a checkpoint has of its run and the epochs of it, it is refused, or the
// run goes on and tells of epochs that count from 1 and whose steps rise.
func FuzzResume(f *testing.F) {
	for _, after := range []int{1, 5, 7, 11} {
		progress, log := kept(f, after)
		f.Add(string(progress), string(log), float32(1.5))
	}
	_, log := kept(f, 7)
	f.Add(`{"state":{"Epoch":3,"Steps":9}}`, string(log), float32(1))
	f.Add(`{"state":{"Steps":1,"InEpoch":1}}`, string(log), float32(1))
	f.Add(`{"state":{"Epoch":1,"Steps":3,"LossSum":1e308}}`, "{\"steps\":3,\"loss\":1e308}\n", float32(math.Inf(1)))
	f.Fuzz(func(t *testing.T, progress, log string, weight float32) {
		doc := checkpoint.Doc{}
		var at map[string]any
		if json.Unmarshal([]byte(progress), &at) == nil && at != nil {
			at["carry"] = [][]byte{[]byte(log)}
			if err := doc.Set(checkpoint.ProgressKey, at); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "c")
		weights := []checkpoint.Tensor{checkpoint.Of("w", []float32{weight}, 1, 1), checkpoint.Of("b", []float32{0}, 1)}
		var file bytes.Buffer
		if err := checkpoint.Write(&file, doc, weights); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		var told []Epoch
		o := Options{Checkpoint: path, Resume: true, OnEpoch: follow(&told)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := (&line{Rate: 0.01, rare: true}).course(context.Background(), 1, o)
		runtime.ReadMemStats(&after)
		if most := uint64(4<<20 + 200*(len(progress)+len(log))); after.TotalAlloc-before.TotalAlloc > most {
			t.Errorf("%d bytes for a checkpoint of %d", after.TotalAlloc-before.TotalAlloc, len(progress)+len(log))
		}
		var numeric *train.NumericError
		if err != nil && !errors.Is(err, train.ErrCheckpoint) && !errors.As(err, &numeric) {
			t.Errorf("%v", err)
		}
		for i, e := range told {
			if e.N != i+1 || i > 0 && e.Steps <= told[i-1].Steps {
				t.Errorf("epoch %d is told as %+v", i+1, e)
			}
		}
	})
}

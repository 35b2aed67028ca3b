package forecast

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/task"
)

// LoadAny names what is missing: the package of a method that the program does not import,
// or the task that the model is of.
func TestLoadAnyNamesWhatIsMissing(t *testing.T) {
	for kind, want := range map[string]string{
		"probabilistic": `model: wrong kind "probabilistic": it is a forecaster whose package is not imported; add import _ "github.com/recur-go/recur/task/forecast/probabilistic"`,
		"segrnn":        `add import _ "github.com/recur-go/recur/task/forecast/segrnn"`,
		"classify":      "it is a model of kind classify, not a forecaster",
		"":              "the file has only weights",
	} {
		doc := checkpoint.Doc{}
		if kind != "" {
			if err := doc.Set("kind", kind); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "m")
		if err := checkpoint.Save(path, doc, []checkpoint.Tensor{checkpoint.Of("w", []float32{1}, 1)}); err != nil {
			t.Fatal(err)
		}
		_, err := LoadAny(path)
		if !errors.Is(err, model.ErrKind) || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("kind %q: %v, want %s", kind, err, want)
		}
	}
}

// The kinds that LoadAny can name are those of the packages beside this one that have presets.
func TestKindsBeside(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(e.Name(), "preset.go")); err == nil {
			dirs = append(dirs, e.Name())
		}
	}
	if !slices.Equal(dirs, kindsBeside) {
		t.Errorf("packages %v, kinds %v", dirs, kindsBeside)
	}
}

// A model is read from a file, from memory and from a file system.
func TestReadAny(t *testing.T) {
	ctx := context.Background()
	s := data.Series{Y: []float64{3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5, 6}}
	m, err := Fit(ctx, Config{Job: Job{Season: 4, Horizon: 2}, Nets: 1, Steps: 2, Hidden: 4}, task.Options{}, s)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path, model.Training{}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Predict(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	for how, read := range map[string]func() (Forecaster, error){
		"file":        func() (Forecaster, error) { return LoadAny(path) },
		"memory":      func() (Forecaster, error) { return ReadAny(bytes.NewReader(file), int64(len(file))) },
		"file system": func() (Forecaster, error) { return model.LoadFS(fstest.MapFS{"m": {Data: file}}, "m", ReadAny) },
	} {
		again, err := read()
		if err != nil {
			t.Errorf("%s: %v", how, err)
			continue
		}
		if got, err := again.Predict(ctx, s); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v, %v", how, got, want, err)
		}
	}
}

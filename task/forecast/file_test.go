package forecast

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/task"
)

func TestSaveLoad(t *testing.T) {
	s := data.Series{Y: make([]float64, 60)}
	for i := range s.Y {
		s.Y[i] = 50 + 10*math.Sin(float64(i)*math.Pi/6) + float64(i)/3
	}
	m, err := Fit(context.Background(), Config{Job: Job{Season: 12, Horizon: 4, Seed: 3}, Nets: 2, Steps: 5, Hidden: 6}, task.Options{}, s)
	if err != nil {
		t.Fatal(err)
	}
	if f := nn.Untagged(m.Nets); f != nil {
		t.Errorf("fields without a tag: %v", f)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path, model.Training{Seed: 3}); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := m.Predict(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := again.Predict(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a[0].Point, b[0].Point) || !slices.Equal(a[0].Bands[2].Hi, b[0].Bands[2].Hi) {
		t.Errorf("a loaded model forecasts %v, the saved one %v", b[0], a[0])
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file[len(file)/2] ^= 4
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); !errors.Is(err, model.ErrCorrupt) {
		t.Errorf("a damaged file gives %v", err)
	}
}

// A count of nets that overflows is no way to ask for more than the file has.
func TestTooManyNets(t *testing.T) {
	one := Config{Hidden: 1, Nets: 1}
	for one.CountParams()%4 != 0 {
		one.Hidden++
	}
	var b bytes.Buffer
	doc := checkpoint.Doc{}
	if err := errors.Join(doc.Set("kind", Name), doc.Set("config", Config{Hidden: one.Hidden, Nets: math.MaxInt/2 + 1}), checkpoint.Write(&b, doc, nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len())); !errors.Is(err, model.ErrCorrupt) || !strings.Contains(err.Error(), "parameters, but the file has") {
		t.Errorf("the most nets: %v", err)
	}
	if _, err := Fit(context.Background(), Config{Nets: 1 << 17}, task.Options{}); err == nil || !strings.Contains(err.Error(), "nets is 131072") {
		t.Errorf("2^17 nets: %v", err)
	}
}

// A run that was stopped and resumed ends with the same bits.
func TestResume(t *testing.T) {
	s := data.Series{Y: make([]float64, 60)}
	for i := range s.Y {
		s.Y[i] = 50 + 10*math.Sin(float64(i)*math.Pi/6) + float64(i)/3
	}
	c := Config{Job: Job{Season: 12, Horizon: 4, Seed: 3}, Nets: 2, Steps: 30, Hidden: 6}
	whole, err := Fit(context.Background(), c, task.Options{}, s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	o := task.Options{Checkpoint: filepath.Join(t.TempDir(), "c"), Resume: true, OnStep: func(s task.Step) {
		if s.Progress.Step == s.Of/3 {
			stop()
		}
	}}
	if _, err := Fit(ctx, c, o, s); !errors.Is(err, context.Canceled) {
		t.Fatalf("a Fit that is cancelled gives %v", err)
	}
	if left, _ := filepath.Glob(o.Checkpoint + ".*"); len(left) == 0 {
		t.Fatal("no checkpoint was written")
	}
	last := 0
	o.OnStep = func(s task.Step) { last = s.Progress.Step }
	m, err := Fit(context.Background(), c, o, s)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := whole.Predict(context.Background(), s)
	b, _ := m.Predict(context.Background(), s)
	if !reflect.DeepEqual(a, b) || last != 60 {
		t.Errorf("resumed, %d steps: %v, want %v", last, b, a)
	}
}

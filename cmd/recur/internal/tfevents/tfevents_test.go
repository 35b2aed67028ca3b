package tfevents

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The golden file is TensorFlow's own: testdata/make_events.py.
func TestAsTensorFlow(t *testing.T) {
	want, err := os.ReadFile("testdata/scalars.tfevents")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1700000000, 250e6)
	dir := t.TempDir()
	w, err := create(dir, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(time.Second)
	if err := w.Scalars(7, []string{"train/loss", "epoch/손실"}, []float64{0.625, -3e-5}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	got, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("\n%x, TensorFlow writes\n%x", got, want)
	}
}

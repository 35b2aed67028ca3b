package tfevents

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// steps lists the steps in the one events file of a folder.
func steps(t *testing.T, dir string) (all []int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v, want one file", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	o := &earlier{keys: map[string]int{}}
	o.read(b)
	for _, e := range o.events {
		all = append(all, e.step)
	}
	if n := len(appendAll(o)); n != len(b) {
		t.Errorf("%d bytes of events in a file of %d", n, len(b))
	}
	return all
}

func appendAll(o *earlier) (b []byte) {
	for _, e := range o.events {
		b = appendRecord(b, e.raw)
	}
	return b
}

func write(t *testing.T, w *Writer, name string, at ...int) {
	t.Helper()
	for _, step := range at {
		if err := w.Scalars(step, []string{name}, []float64{1}); err != nil {
			t.Fatal(err)
		}
	}
}

// A run that goes on has one file without what comes after the step it goes on from, and
// nothing twice, though epochs are told again and the last record was cut.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	first, err := create(dir, func() time.Time { return time.Unix(1, 0) })
	if err != nil {
		t.Fatal(err)
	}
	write(t, first, "loss", 20, 40, 60, 80)
	if _, err := first.f.Write([]byte{9, 0, 0}); err != nil {
		t.Fatal(err)
	}
	first.Close()
	w, err := resume(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	w.From(20)
	w.From(50)
	write(t, w, "loss", 20, 40) // told again
	write(t, w, "epoch", 40, 51)
	write(t, w, "loss", 60)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := steps(t, dir), []int{0, 20, 40, 40, 51, 60}; !reflect.DeepEqual(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}

	// Two files, as older versions left them, become one; a run that begins anew has none.
	second, err := create(dir, func() time.Time { return time.Unix(2, 0) })
	if err != nil {
		t.Fatal(err)
	}
	write(t, second, "loss", 60, 80)
	second.Close()
	for from, want := range map[int][]int{70: {0, 20, 40, 40, 51, 60}, 0: {0, 3}} {
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		w, err := resume(copied, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if w.From(from); from == 0 {
			write(t, w, "loss", 3)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := steps(t, copied); !reflect.DeepEqual(got, want) {
			t.Errorf("from %d: steps %v, want %v", from, got, want)
		}
	}
	if w, err = resume(filepath.Join(dir, "none"), time.Now); err != nil || w.old != nil {
		t.Fatalf("%v", err)
	}
	w.Close()
}

// FuzzResume reads whatever a file of events holds.
func FuzzResume(f *testing.F) {
	b, err := os.ReadFile("testdata/scalars.tfevents")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		o := &earlier{keys: map[string]int{}, from: 1 << 40}
		o.read(b)
		if len(o.kept()) > len(b) {
			t.Error("more is kept than there was")
		}
	})
}

package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

// fill makes files of a folder.
func fill(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func listed(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// What is done with a named folder, whatever it is called.
func TestNamedFolder(t *testing.T) {
	other := errors.New("another run")
	for _, c := range []struct {
		what          string
		holds         []string
		resume, force bool
		same          error
		want          state
		refused       string
	}{
		{what: "nothing"},
		{what: "files of others", holds: []string{"notes.txt", "recipe.json"}},
		{what: "a finished run", holds: []string{modelFile, reportFile}, refused: "--force"},
		{what: "a finished run, force", holds: []string{modelFile}, force: true},
		{what: "a finished run, resume", holds: []string{modelFile}, resume: true, want: finished},
		{what: "a finished run, resume another", holds: []string{modelFile}, resume: true, same: other, refused: "another run"},
		{what: "a stopped run", holds: []string{checkpointFile + ".1"}, refused: "--resume"},
		{what: "a stopped run, force", holds: []string{checkpointFile}, force: true},
		{what: "a stopped run, resume", holds: []string{checkpointFile}, resume: true, want: stopped},
		{what: "a run stopped before its first checkpoint", holds: []string{"events/events.out.tfevents.1"}, resume: true, want: stopped},
		{what: "a run of another, stopped", holds: []string{checkpointFile}, resume: true, same: other, refused: "another run"},
		{what: "a search", holds: []string{journalFile}, refused: "--resume"},
	} {
		for _, name := range []string{"plain", "rate=[0.1]", "run["} {
			dir := filepath.Join(t.TempDir(), name)
			fill(t, dir, c.holds...)
			before := listed(t, dir)
			f, err := openFolder(ask{out: dir, resume: c.resume, force: c.force, same: func(string) error { return c.same }})
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%s, %s: %v, want %q", c.what, name, err, c.refused)
				}
			} else if err != nil || f.state != c.want {
				t.Errorf("%s, %s: state %+v, %v", c.what, name, f, err)
			} else if err := f.close(); err != nil {
				t.Error(err)
			}
			if after := listed(t, dir); !slices.Equal(before, after) {
				t.Errorf("%s, %s: the folder held %v and holds %v", c.what, name, before, after)
			}
		}
	}
}

// Without --out a run takes the next free name, and leaves no folder if it does not begin.
func TestFreeName(t *testing.T) {
	base := filepath.Join(t.TempDir(), "recur-out", "airline")
	var notes []string
	a := ask{base: base, note: func(s string) { notes = append(notes, s) }}
	f, err := openFolder(a)
	if err != nil || f.dir != base {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(base)); !os.IsNotExist(err) {
		t.Errorf("a run that did not begin left a folder: %v", err)
	}
	fill(t, base, modelFile)
	fill(t, base+"-2", checkpointFile)
	if f, err = openFolder(a); err != nil || f.dir != base+"-3" {
		t.Fatalf("%+v, %v", f, err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "airline-2 holds a run that was stopped: --resume") {
		t.Errorf("notes %q", notes)
	}
	g, err := openFolder(a) // while the other is at work
	if err != nil || g.dir != base+"-4" {
		t.Fatalf("%+v, %v", g, err)
	}
	g.close()
	f.close()

	a.resume, a.same = true, func(string) error { return nil }
	if f, err = openFolder(a); err != nil || f.dir != base+"-2" || f.state != stopped {
		t.Fatalf("%+v, %v", f, err)
	}
	f.close()
	other := errors.New("another run")
	a.same = func(string) error { return other }
	if _, err := openFolder(a); !errors.Is(err, other) {
		t.Errorf("%v", err)
	}
}

func TestOneRunAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	f, err := openFolder(ask{out: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if _, err := openFolder(ask{out: dir, force: true}); fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%v", err)
	}
}

// begin removes what a killed run left half-written and, without --resume, what an earlier run
// left; nothing else.
func TestBeginFolder(t *testing.T) {
	holds := []string{modelFile, checkpointFile, checkpointFile + ".0", historyFile, "." + modelFile + ".tmp123", ".keep.tmpx", "notes.txt", "events/events.out.tfevents.1", "events/mine"}
	for want, resume := range map[string]bool{".keep.tmpx events notes.txt": false, ".keep.tmpx checkpoint.safetensors checkpoint.safetensors.0 events history.json model.safetensors notes.txt": true} {
		dir := t.TempDir()
		fill(t, dir, holds...)
		f, err := openFolder(ask{out: dir, resume: resume, force: !resume, same: func(string) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.begin(), f.close()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(listed(t, dir), " "); got != want {
			t.Errorf("resume %v: %s, want %s", resume, got, want)
		}
		if n := len(listed(t, filepath.Join(dir, "events"))); resume != (n == 2) {
			t.Errorf("resume %v: %d files of events", resume, n)
		}
	}
}

func TestStem(t *testing.T) {
	for file, want := range map[string]string{"a/foo.a.csv": "foo.a", "foo.b.csv.gz": "foo.b", "x": "x", "-": "stdin", ".hidden": ".hidden", "t10k-images-idx3-ubyte.gz": "t10k-images-idx3-ubyte"} {
		if got := stem(file); got != want {
			t.Errorf("stem(%q) = %q, want %q", file, got, want)
		}
	}
}

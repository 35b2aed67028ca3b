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
		{what: "files of others", holds: []string{"notes.txt", "checkpoint.safetensors.bak", "events/events.out.tfevents.1.host"}},
		{what: "a recipe", holds: []string{recipeFile}, refused: "recipe.json is there already"},
		{what: "a recipe, force", holds: []string{recipeFile}, force: true},
		{what: "a run that was killed as it began", holds: []string{recipeFile}, resume: true},
		{what: "a recipe of another run", holds: []string{recipeFile}, resume: true, same: other, refused: "another run"},
		{what: "a result of others", holds: []string{"forecast.csv"}, refused: "forecast.csv is there already"},
		{what: "a trial", holds: []string{"trial-1-0.checkpoint.backtest.0"}, refused: "is there already"},
		{what: "a finished run", holds: []string{modelFile, reportFile}, refused: "--force"},
		{what: "a finished run, force", holds: []string{modelFile}, force: true},
		{what: "a finished run, resume", holds: []string{modelFile}, resume: true, want: finished},
		{what: "a finished run, resume another", holds: []string{modelFile}, resume: true, same: other, refused: "another run"},
		{what: "a stopped run", holds: []string{checkpointFile + ".1"}, refused: "--resume"},
		{what: "a stopped run, force", holds: []string{checkpointFile}, force: true},
		{what: "a stopped run, resume", holds: []string{checkpointFile}, resume: true, want: stopped},
		{what: "a run stopped before its first checkpoint", holds: []string{"events/events.out.tfevents.1.recur"}, resume: true, want: stopped},
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

	fill(t, base+"-3", modelFile) // one that has ended since
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
	const half = ".model.safetensors.tmp17446744073709551615"
	others := []string{".keep.tmp7", "checkpoint.safetensors.bak", "events/events.out.tfevents.1.host", "events/mine", "notes.txt", "trial-1.txt"}
	old := []string{checkpointFile, checkpointFile + ".backtest.0", "events/events.out.tfevents.1.recur", historyFile, modelFile, "trial-1.safetensors", "trial-1-0.checkpoint"}
	for _, resume := range []bool{false, true} {
		dir := t.TempDir()
		fill(t, dir, slices.Concat(others, old, []string{half, "events/" + half})...)
		f, err := openFolder(ask{out: dir, resume: resume, force: !resume, same: func(string) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.begin(), f.close()); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(others)
		if resume {
			want = append(want, old...)
		}
		slices.Sort(want)
		var got []string
		filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if !e.IsDir() {
				got = append(got, filepath.ToSlash(path[len(dir)+1:]))
			}
			return err
		})
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("resume %v: %q, want %q", resume, got, want)
		}
	}
}

// With --force a run removes what the report of the run before left beside it, by the task of
// its recipe, and no file that happens to have the name of another task's.
func TestForceRemovesPictures(t *testing.T) {
	for _, c := range []struct {
		task       string // of the recipe, none if empty
		report     bool
		gone, stay []string
	}{
		{"translate", true, []string{"attention.png", "attention.svg", "curves.svg"}, []string{"reliability.svg", "strip-right-1.png"}},
		{"classify", true, []string{"reliability.svg", "curves.png"}, []string{"attention.png", "forecast.svg"}},
		{"caption", true, []string{"strip-right-1.png", "strip-wrong-12.png"}, []string{"strip-mine.png", "attention.svg"}},
		{"", true, []string{"forecast.svg", "paths.csv"}, []string{"sample.mid"}}, // a forecast by a saved model
		{"classify", false, nil, []string{"reliability.svg"}},
		{"unheard", true, nil, []string{"reliability.svg"}},
	} {
		dir := t.TempDir()
		fill(t, dir, append(slices.Clone(c.gone), c.stay...)...)
		if c.report {
			fill(t, dir, reportFile)
		}
		if c.task != "" {
			if err := os.WriteFile(filepath.Join(dir, recipeFile), []byte(`{"version": 2, "task": "`+c.task+`", "data": {}, "config": {}}`), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		f, err := openFolder(ask{out: dir, force: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.begin(), f.close()); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(listed(t, dir), func(name string) bool { return name == recipeFile })
		if want := slices.Sorted(slices.Values(c.stay)); !slices.Equal(got, want) {
			t.Errorf("%s, report %v: %q is left, want %q", c.task, c.report, got, want)
		}
	}
}

// To go on with a run and to begin it anew are not asked for at once.
func TestForceAndResume(t *testing.T) {
	for _, out := range []string{"", filepath.Join(t.TempDir(), "x")} {
		_, err := openFolder(ask{out: out, base: filepath.Join(t.TempDir(), "y"), force: true, resume: true})
		if fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), "--force") {
			t.Errorf("%v", err)
		}
	}
}

// What a run reads is not replaced by its results, --force or not, by whatever name.
func TestOverwrittenData(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, "forecast.csv", "sales.csv")
	file := filepath.Join(dir, "forecast.csv")
	for _, data := range []string{file, filepath.Join(dir, "..", filepath.Base(dir), "forecast.csv")} {
		_, err := openFolder(ask{out: dir, force: true, data: []string{filepath.Join(dir, "sales.csv"), data}})
		if fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), "forecast.csv and would replace it") {
			t.Errorf("%s: %v", data, err)
		}
	}
	if names := listed(t, dir); len(names) != 2 {
		t.Errorf("the folder holds %v", names)
	}
}

// A file in the way of a folder is passed over, or named.
func TestFileForAFolder(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, "airline", "plain")
	f, err := openFolder(ask{base: filepath.Join(dir, "airline")})
	if err != nil || f.dir != filepath.Join(dir, "airline-2") {
		t.Fatalf("%+v, %v", f, err)
	}
	f.close()
	for _, a := range []ask{{out: filepath.Join(dir, "plain")}, {out: filepath.Join(dir, "plain", "new", "sub")}, {base: filepath.Join(dir, "plain", "airline")}} {
		if _, err := openFolder(a); fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), "plain is not a folder") {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if _, err := openFolder(ask{out: filepath.Join(dir, "new", strings.Repeat("x", 300))}); err == nil {
		t.Error("a name of 300 letters is taken")
	}
	if names := listed(t, dir); len(names) != 2 {
		t.Errorf("the folder holds %v", names)
	}
}

func TestStem(t *testing.T) {
	for file, want := range map[string]string{"a/foo.a.csv": "foo.a", "foo.b.csv.gz": "foo.b", "x": "x", "-": "stdin", ".hidden": ".hidden", "t10k-images-idx3-ubyte.gz": "t10k-images-idx3-ubyte"} {
		if got := stem(file); got != want {
			t.Errorf("stem(%q) = %q, want %q", file, got, want)
		}
	}
}

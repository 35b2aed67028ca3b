package search

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

// brief is a search of four runs: three trials of an epoch, and the best of them for three.
func brief(dir string) (Options, *bowl) {
	b := &bowl{}
	return Options{Task: b, Dir: dir, Trials: 3, Epochs: 3, Seed: 4, Workers: 1}, b
}

// journalOf is the journal of the brief search, and its outcome.
func journalOf(t testing.TB) ([]byte, *Outcome) {
	o, _ := brief(t.TempDir())
	out, err := Search(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.Dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return text, out
}

// with is the outcome of the brief search that goes on from a journal, and how often it ran.
func with(t testing.TB, journal []byte) (*Outcome, int, error) {
	o, b := brief(t.TempDir())
	if err := os.WriteFile(filepath.Join(o.Dir, "journal.jsonl"), journal, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := Search(context.Background(), o)
	return out, len(b.ran), err
}

// A line that is no run of the search is refused, and named; nothing is run or written.
func TestBadJournal(t *testing.T) {
	good, _ := journalOf(t)
	header, runs, _ := strings.Cut(string(good), "\n")
	first, _, _ := strings.Cut(runs, "\n")
	for line, want := range map[string]string{
		"{":                                       "journal.jsonl, line 3 is not a run of this search: it is JSON that ends too early",
		"null":                                    "0 epochs in rung 0, which has 1",
		`{"trial":"one"}`:                         "trial takes a whole number, not text",
		`{"trial":3,"epochs":1,"settings":{}}`:    "trial 3 of 3",
		`{"trial":-1,"epochs":1,"settings":{}}`:   "trial -1 of 3",
		`{"rung":2,"epochs":1,"settings":{}}`:     "rung 2 of 2",
		`{"rung":1,"epochs":1,"settings":{}}`:     "1 epochs in rung 1, which has 3",
		`{"trial":1,"epochs":1,"settings":{}}`:    "trial 1 has other settings",
		`{"epochs":1,"settings":{"epochs":1000}}`: "trial 0 has other settings",
		first + first:                             "it is not JSON",
	} {
		_, ran, err := with(t, []byte(header+"\n"+first+"\n"+line+"\n"))
		if fault.Of(err) != fault.Data || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "delete the line") || strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
		if ran != 0 {
			t.Errorf("%s: %d runs", line, ran)
		}
	}
	for _, rest := range []string{"{}", "}", " 1", "\x00"} {
		if _, ran, err := with(t, []byte(header+rest+"\n"+runs)); fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), "there is text after its first line") || ran != 0 {
			t.Errorf("header and %s: %v", rest, err)
		}
	}
	// Numbers are compared to the last digit, so that seeds are not taken for one another.
	_, _, err := with(t, bytes.Replace(good, []byte(`"seed":4}`), []byte(`"seed":4.0}`), 1))
	if fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), "of another search") {
		t.Errorf("another header: %v", err)
	}
}

// A line may be longer than any buffer, and a run may stand twice, as one does whose model was
// taken away.
func TestOddJournal(t *testing.T) {
	good, whole := journalOf(t)
	lines := strings.SplitAfter(string(good), "\n")
	long := lines[0] + lines[1] + strings.Repeat(" ", 20<<20) + lines[1] + lines[2]
	out, ran, err := with(t, []byte(long))
	if err != nil || ran != 2 || out.Best.Trial != whole.Best.Trial {
		t.Errorf("%d runs, %+v, %v", ran, out, err)
	}
}

// A checkpoint that cannot be resumed is no failure of its trial: that begins anew.
func TestBadCheckpoint(t *testing.T) {
	_, whole := journalOf(t)
	o, b := brief(t.TempDir())
	bad := filepath.Join(o.Dir, "trial-0-0.checkpoint")
	if err := os.WriteFile(bad, []byte("no checkpoint"), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := Search(context.Background(), o)
	if err != nil || len(b.ran) != 4 || out.Best.Trial != whole.Best.Trial || out.Best.Score != whole.Best.Score {
		t.Errorf("%d runs, %+v, %v", len(b.ran), out, err)
	}
	if _, err := os.Stat(bad); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// FuzzJournal: whatever stands in a journal, it is refused, or the search ends with runs of
// its own.
func FuzzJournal(f *testing.F) {
	good, whole := journalOf(f)
	header, runs, _ := strings.Cut(string(good), "\n")
	f.Add(header, runs)
	f.Add(header, runs[:len(runs)/2])
	f.Add(strings.Replace(header, "rate", "rote", 1), runs)
	f.Add("null", runs)
	f.Add(header, "null\n")
	f.Add(header, `{"trial":0,"rung":1,"epochs":3,"settings":{},"score":-1e300,"seconds":-1}`+"\n"+`{"trial":0,"epochs":1,"settings":{},"error":"x"}`+"\n")
	plan := searcher{Options: Options{Seed: 4, Trials: 3, Space: (&bowl{}).Space(nil)}}
	space, err := checkSpace(plan.Space, &bowl{}, &config{Rate: 1, Width: 9, Kind: "a"})
	if err != nil {
		f.Fatal(err)
	}
	plan.Space = space
	f.Fuzz(func(t *testing.T, header, runs string) {
		out, ran, err := with(t, []byte(header+"\n"+runs))
		if err != nil {
			if c := fault.Of(err); out != nil || c != fault.Data && c != fault.Usage && !strings.Contains(err.Error(), "failed") {
				t.Fatalf("%+v, %v", out, err)
			}
			return
		}
		if ran > 4 || len(out.Board) != 3 || out.Epochs != whole.Epochs || out.Best.Epochs != 3 {
			t.Fatalf("%d runs, %+v", ran, out)
		}
		for _, r := range out.Board {
			drawn := plan.settings(r.Trial)
			if len(r.Settings) != len(drawn) || len(drawn) > 0 && !reflect.DeepEqual(r.Settings, drawn) {
				t.Fatalf("%+v, drawn %v", r, drawn)
			}
		}
	})
}

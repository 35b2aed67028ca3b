package search

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// A search goes on only with what it began with; else what differs is named. A file may have
// been moved.
func TestAnotherSearch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	begin, _ := brief(t.TempDir())
	begin.Data = task.Data{Train: []string{write("a.csv", "1")}, Valid: []string{write("v.csv", "2")}}
	whole, err := Search(context.Background(), begin)
	if err != nil {
		t.Fatal(err)
	}
	if sums := whole.Recipe.SHA256; len(sums) != 2 || sums[0] == sums[1] {
		t.Errorf("the recipe has the checksums %q", sums)
	}
	for want, change := range map[string]func(o *Options){
		"": func(o *Options) {},
		"a.csv has other data; use those, or another folder (--out)": func(*Options) { write("a.csv", "3") },
		"v.csv has other data":                            func(*Options) { write("v.csv", "3") },
		"there were 1 files to validate on and are now 0": func(o *Options) { o.Data.Valid = nil },
		"--trials was 3 and is now 4":                     func(o *Options) { o.Trials = 4 },
		"--epochs was 3 and is now 4":                     func(o *Options) { o.Epochs = 4 },
		"--eta was 3 and is now 2":                        func(o *Options) { o.Eta = 2 },
		"--search-seed was 4 and is now 5":                func(o *Options) { o.Seed = 5 },
		"width was 9 and is now 8":                        func(o *Options) { o.Base = &config{Rate: 1, Width: 8, Kind: "a", Epochs: 9} },
		"--space of kind was another; --space of width w": func(o *Options) { o.Space = map[string]task.Range{"rate": {Min: 1e-4, Max: 1, Log: true}} },
		"seed was 0 and is now 5":                         func(o *Options) { o.Base = &config{Rate: 1, Width: 9, Kind: "a", Epochs: 9, Seed: 5} },
		"moved":                                           func(o *Options) { o.Data.Train = []string{write("b.csv", "1")} },
	} {
		write("a.csv", "1")
		write("v.csv", "2")
		b := &bowl{}
		o := begin
		o.Task = b
		change(&o)
		_, err := Search(context.Background(), o)
		switch {
		case want == "" || want == "moved":
			if err != nil || len(b.ran) != 0 {
				t.Errorf("%s: %d runs, %v", want, len(b.ran), err)
			}
		case fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), want) || len(b.ran) != 0:
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// Seeds are compared to their last digit.
func TestLargeSeeds(t *testing.T) {
	o, _ := brief(t.TempDir())
	o.Base = &config{Rate: 1, Width: 9, Kind: "a", Epochs: 9, Seed: 1 << 60}
	if _, err := Search(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := Search(context.Background(), o); err != nil {
		t.Error(err)
	}
	o.Base = &config{Rate: 1, Width: 9, Kind: "a", Epochs: 9, Seed: 1<<60 + 1}
	if _, err := Search(context.Background(), o); fault.Of(err) != fault.Usage {
		t.Errorf("%v", err)
	}
}

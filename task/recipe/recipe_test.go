package recipe_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

type config struct {
	Width int      `json:"width"`
	Rate  float64  `json:"rate"`
	Name  string   `json:"name,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Drop  float64  `json:"drop,omitempty"`
}

type fake struct{}

func init() { task.Register(fake{}) }

func (fake) Name() string                          { return "fake" }
func (fake) Kinds() []string                       { return []string{"fake"} }
func (fake) Presets() []string                     { return []string{"one"} }
func (fake) Config(string) (any, error)            { return &config{Width: 3, Rate: 0.5, Drop: 0.2}, nil }
func (fake) Metric(any) task.Metric                { return task.Metric{Name: "loss"} }
func (fake) Space(any) map[string]task.Range       { return nil }
func (fake) Load(string) (m task.Model, err error) { return nil, os.ErrNotExist }
func (fake) Fit(context.Context, any, task.Data, task.Options) (task.Model, error) {
	return nil, os.ErrNotExist
}

func write(t *testing.T, name, s string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	for name, s := range map[string]string{
		"r.toml": "version = 2\ntask = \"fake\"\n[data]\ntrain = [\"a.txt\", \"/b.txt\"]\n[config]\nwidth = 7\ndrop = 0\ntags = [\"x\"]\n",
		"r.json": `{"version": 2, "task": "fake", "data": {"train": ["a.txt", "/b.txt"]}, "config": {"width": 7, "drop": 0, "tags": ["x"]}}`,
	} {
		path := write(t, name, s)
		r, err := recipe.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{filepath.Join(filepath.Dir(path), "a.txt"), "/b.txt"}; !reflect.DeepEqual(r.Data.Train, want) {
			t.Errorf("%s: files %v, want %v", name, r.Data.Train, want)
		}
		task, cfg, err := r.Settings()
		if want := (&config{Width: 7, Rate: 0.5, Tags: []string{"x"}}); err != nil || task.Name() != "fake" || !reflect.DeepEqual(cfg, want) {
			t.Errorf("%s: %v %+v, %v", name, task, cfg, err)
		}
		// All settings, written down, give the same config.
		whole, err := recipe.New(task, cfg, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		again := filepath.Join(t.TempDir(), "again.json")
		if err := whole.Write(again); err != nil {
			t.Fatal(err)
		}
		r2, err := recipe.Read(again)
		if err != nil {
			t.Fatal(err)
		}
		if _, cfg2, err := r2.Settings(); err != nil || !reflect.DeepEqual(cfg, cfg2) {
			t.Errorf("%s: %+v came back as %+v, %v", name, cfg, cfg2, err)
		}
	}
}

func TestBad(t *testing.T) {
	for want, s := range map[string]string{
		"recipe of version 1, but this recur reads version 2": `{"task": "fake", "config": {"lr": 1}}`,
		"recipe of version 3":                              `{"version": 3, "task": "fake"}`,
		"names no task":                                    `{"version": 2, "data": {}}`,
		`recipe has no "dat"; did you mean "data"?`:        `{"version": 2, "task": "fake", "dat": {}}`,
		`did you mean "width"`:                             `{"version": 2, "task": "fake", "config": {"widht": 1}}`,
		"choose from width, rate":                          `{"version": 2, "task": "fake", "config": {"learning_momentum": 1}}`,
		"width takes a whole number, not text":             `{"version": 2, "task": "fake", "config": {"width": "wide"}}`,
		`there is no task "fale"`:                          `{"version": 2, "task": "fale"}`,
		"line 1, column 2: it is not JSON":                 `task`,
		"line 2, column 1: there is text after the recipe": "{\"version\": 2, \"task\": \"fake\"}\n{}",
		"ends too early":                                   `{"version": 2, "task": "fake"`,
		"version takes a whole number, not text":           `{"version": "two", "task": "fake"}`,
		"data.train takes a list, not text":                `{"version": 2, "task": "fake", "data": {"train": "a.txt"}}`,
	} {
		r, err := recipe.Read(write(t, "r.json", s))
		if err == nil {
			_, _, err = r.Settings()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", s, err, want)
		}
	}
	for want, s := range map[string]string{
		`line 2: a recipe has no "dota"; did you mean "data"?`:      "task = \"fake\"\n[dota]\nx = 1\n",
		"line 1, column 11: version takes a whole number, not text": "version = \"two\"\ntask = \"fake\"\n",
		"line 2, column 8":                      "version = 2\ntask = fake\n",
		"data.train takes a list":               "version = 2\n[data]\ntrain = \"a.txt\"\n",
		"setting rate takes a number, not text": "version = 2\ntask = \"fake\"\n[config]\nrate = \"fast\"\n",
		"a number is NaN":                       "version = 2\ntask = \"fake\"\n[config]\nrate = nan\n",
	} {
		r, err := recipe.Read(write(t, "r.toml", s))
		if err == nil {
			_, _, err = r.Settings()
		}
		if err == nil || !strings.Contains(err.Error(), want) || fault.Of(err) != fault.Usage || strings.Contains(err.Error(), " toml:") {
			t.Errorf("%s: %v, want %q", s, err, want)
		}
	}
}

func TestSet(t *testing.T) {
	c := &config{}
	for name, value := range map[string]string{"width": "12", "rate": "1e-3", "name": "12", "tags": `["a","b"]`} {
		if err := recipe.Set(c, name, value); err != nil {
			t.Error(err)
		}
	}
	if want := (&config{12, 1e-3, "12", []string{"a", "b"}, 0}); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, want %+v", c, want)
	}
	if err := recipe.Set(c, "width", "wide"); err == nil || c.Width != 12 {
		t.Errorf("%v, %+v", err, c)
	}
}

// Checksums tell which files have changed, whatever their names, and whether a run is another.
func TestSums(t *testing.T) {
	of := func(width int, texts ...string) *recipe.Recipe {
		r := &recipe.Recipe{Task: "fake", Config: map[string]any{"width": width}}
		for _, s := range texts {
			r.Data.Train = append(r.Data.Train, write(t, "a.txt", s))
		}
		if err := r.Sum(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	old := of(1, "a", "b")
	for _, c := range []struct {
		now     *recipe.Recipe
		changed []int
		differs string
	}{
		{now: of(1, "a", "b")},
		{now: of(2, "a", "b"), differs: "width was 1 and is now 2"},
		{now: of(1, "a", "c"), changed: []int{1}, differs: "has other data"},
		{now: of(1, "a"), differs: "there were 2 files to train on and are now 1"},
	} {
		var changed []string
		for _, i := range c.changed {
			changed = append(changed, c.now.Data.Train[i])
		}
		if got := c.now.Changed(old); !slices.Equal(got, changed) {
			t.Errorf("%v: changed %v, want %v", c.now.SHA256, got, changed)
		}
		d := c.now.Differences(old)
		if c.differs == "" && len(d) == 0 {
			continue
		}
		if len(d) != 1 || !strings.Contains(d[0], c.differs) {
			t.Errorf("differences %q, want %q", d, c.differs)
		}
	}
}

// A file that cannot be unpacked is met first by its checksum.
func TestSumOfDamagedFile(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(strings.Repeat("a text ", 100)))
	z.Close()
	r := &recipe.Recipe{Task: "fake", Data: task.Data{Train: []string{write(t, "a.txt.gz", packed.String()[:packed.Len()-9])}}}
	if err := r.Sum(); fault.Of(err) != fault.Data || !strings.Contains(err.Error(), "a.txt.gz: is cut short or damaged") {
		t.Errorf("%v is of class %v", err, fault.Of(err))
	}
}

func FuzzRead(f *testing.F) {
	f.Add("version = 2\ntask = \"fake\"\n[config]\nwidth = 7\n", true)
	f.Add(`{"version": 2, "task": "fake"}`, false)
	f.Fuzz(func(t *testing.T, s string, isTOML bool) {
		name := "r.json"
		if isTOML {
			name = "r.toml"
		}
		if r, err := recipe.Read(write(t, name, s)); err == nil {
			r.Settings()
		}
	})
}

// Whole numbers, as seeds are, keep their last digit: in a setting, in a file, in what differs.
func TestLastDigit(t *testing.T) {
	const n = 1<<53 + 1 // no float64
	c := new(config)
	if err := recipe.Set(c, "width", "9007199254740993"); err != nil || c.Width != n {
		t.Errorf("%d, %v", c.Width, err)
	}
	made, err := recipe.New(fake{}, c, task.Data{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := made.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := recipe.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, cfg, err := again.Settings(); err != nil || cfg.(*config).Width != n {
		t.Errorf("%+v, %v", cfg, err)
	}
	if d := made.Differences(again); d != nil {
		t.Errorf("%q", d)
	}
	c.Width--
	if made, err = recipe.New(fake{}, c, task.Data{}); err != nil {
		t.Fatal(err)
	}
	if d := made.Differences(again); len(d) != 1 || d[0] != "width was 9007199254740993 and is now 9007199254740992" {
		t.Errorf("%q", d)
	}
}

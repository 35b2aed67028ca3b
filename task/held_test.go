package task_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/classify"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/music"
	"github.com/recur-go/recur/task/translate"
)

// Files to test on that are not there, or cannot be read, are found before training.
func TestFilesToTestOnAreReadFirst(t *testing.T) {
	dir := t.TempDir()
	write := func(name, s string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(s), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct{ good, bad string }{
		classify.Name:  {"text,label\ngood,a\nbad,b\nso good,a\nso bad,b\n", "text,label\ngood\n"},
		lm.Name:        {strings.Repeat("a text of words\n", 20), "\xff\n"},
		translate.Name: {"a\tb\nc\td\ne\tf\n", "one side\n"},
		music.Name:     {"[[[60], [62], [64]], [[62], [64]], [[62], [64]]]", "[[[99]]]"},
		caption.Name:   {"mr,ref\nname[A],a is a.\nname[B],b is b.\nname[C],c is c.\n", "mr,ref\nname[A]\n"},
	} {
		by, err := task.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := by.Config("")
		if err != nil {
			t.Fatal(err)
		}
		began := errors.New("began")
		fit := func(test ...string) error {
			good := []string{write(name+".csv", c.good)}
			_, err := by.Fit(context.Background(), cfg, task.Data{Train: good, Valid: good, Test: test}, task.Options{Begin: func() error { return began }})
			return err
		}
		if err := fit(write(name+"-good", c.good)); !errors.Is(err, began) {
			t.Errorf("%s: %v", name, err)
		}
		if err := fit(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s, a file that is not there: %v", name, err)
		}
		if err := fit(write(name+"-bad.csv", c.bad)); fault.Of(err) != fault.Data {
			t.Errorf("%s, a bad file: %v", name, err)
		}
	}
}

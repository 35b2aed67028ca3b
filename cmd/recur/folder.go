package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/recur-go/recur/cmd/recur/internal/filelock"
	"github.com/recur-go/recur/data"
)

// Names of what runs leave in their folders.
const (
	modelFile      = "model.safetensors"
	checkpointFile = "checkpoint.safetensors"
	recipeFile     = "recipe.json"
	historyFile    = "history.json"
	reportFile     = "report.html"
	journalFile    = "journal.jsonl"
	eventsFolder   = "events"
)

// A state is what a folder holds.
type state int

const (
	free     state = iota // nothing of a run
	stopped               // a run that goes on with --resume
	finished              // results
)

// stateOf is the state of a folder, free if it is not there. A checkpoint counts more than a
// model: a run of many nets that was stopped may have both.
func stateOf(dir string) (state, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return free, nil
	}
	is := free // a run that began has events
	for _, f := range files {
		switch name := f.Name(); {
		case strings.HasPrefix(name, checkpointFile):
			return stopped, nil
		case name == modelFile || name == reportFile:
			is = finished
		case (name == journalFile || name == eventsFolder) && is == free:
			is = stopped
		}
	}
	return is, err
}

// A folder is where a run leaves its results. It is the run's own until it is closed, and
// nothing of an earlier run in it is touched before begin.
type folder struct {
	dir   string
	state state    // of what was found there, to go on with
	made  []string // folders that were made for this run, the outermost first
	begun bool
	lock  *filelock.Lock
}

// ask is what a command asks of a folder.
type ask struct {
	out           string // folder that was asked for; if empty, base or the next free name
	base          string // such as recur-out/airline
	resume, force bool
	using         bool // a model is used, whose own folder is never written to

	same func(dir string) error // reports that the run of a folder is not this one
	note func(text string)      // takes what the user should know
}

// openFolder finds the folder of a run and locks it.
func openFolder(a ask) (*folder, error) {
	if a.out != "" {
		return openNamed(a)
	}
	if a.resume {
		dir, err := a.started()
		if err != nil {
			return nil, err
		}
		if dir != "" {
			a.out = dir
			return openNamed(a)
		}
	}
	for dir := range numbered(a.base) {
		f, err := lockFolder(dir)
		if errors.Is(err, filelock.ErrHeld) {
			continue
		}
		if err != nil {
			return nil, err
		}
		left, err := os.ReadDir(dir)
		if err == nil && len(left) <= 1 { // the lock alone
			return f, nil
		}
		f.close()
		if err != nil {
			return nil, err
		}
		if s, err := stateOf(dir); err == nil && s == stopped {
			a.note(fmt.Sprintf("%s holds a run that was stopped: --resume goes on with it", dir))
		}
	}
	panic("unreachable")
}

// numbered yields base, base-2, base-3 …
func numbered(base string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for n, dir := 2, base; yield(dir); n++ {
			dir = fmt.Sprintf("%s-%d", base, n)
		}
	}
}

// started is the last folder of a's names with the same run, empty if none has a run.
func (a ask) started() (last string, err error) {
	var first error // why those are no such runs
	for dir := range numbered(a.base) {
		if _, err := os.Stat(dir); err != nil {
			break
		}
		s, err := stateOf(dir)
		if err != nil {
			return "", err
		}
		if s == free {
			continue
		}
		if err := a.same(dir); err != nil {
			first = err
			continue
		}
		last = dir
	}
	if last == "" {
		err = first
	}
	return last, err
}

// openNamed opens the folder a.out.
func openNamed(a ask) (f *folder, err error) {
	if f, err = lockFolder(a.out); err != nil {
		if errors.Is(err, filelock.ErrHeld) {
			return nil, usage("%s is in use by another run: wait for its end, or give another --out", a.out)
		}
		return nil, err
	}
	if f.state, err = stateOf(a.out); err == nil {
		_, none := os.Stat(f.path(modelFile))
		switch {
		case a.using && none == nil:
			err = usage("%s holds a model, and its report stays as it is: give another --out", a.out)
		case f.state == free, a.force && !a.resume:
			f.state = free
		case a.resume:
			err = a.same(a.out)
		case f.state == stopped:
			err = usage("%s holds a run that was stopped: give --resume to go on with it, --force to begin anew, or another --out", a.out)
		default:
			err = usage("%s holds the results of a run: give another --out, --force to replace them, or --resume to see them", a.out)
		}
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// lockFolder locks a folder, which it makes if it is not there.
func lockFolder(dir string) (f *folder, err error) {
	f = &folder{dir: dir}
	if err := f.make(dir); err != nil {
		return nil, err
	}
	if f.lock, err = filelock.Take(dir); err != nil {
		f.unmake()
	}
	return f, err
}

// make makes a folder and those that it is to be in.
func (f *folder) make(dir string) error {
	err := os.Mkdir(dir, 0o777)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := f.make(parent); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o777)
	}
	if err == nil {
		f.made = append(f.made, dir)
	}
	if info, e := os.Stat(dir); errors.Is(err, fs.ErrExist) && e == nil && info.IsDir() {
		return nil
	}
	return err
}

// unmake takes away the folders that were made, unless there is something in them.
func (f *folder) unmake() {
	for _, dir := range slices.Backward(f.made) {
		if os.Remove(dir) != nil {
			return
		}
	}
}

// close gives the folder back. If no run has begun in it, it is as it was.
func (f *folder) close() error {
	err := f.lock.Release()
	if !f.begun {
		f.unmake()
	}
	return err
}

// path is that of a file of the folder.
func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// temporary is the name of a file that was being written, by internal/atomicfile.
var temporary = regexp.MustCompile(`^\..+\.tmp\d+$`)

// begin takes away what a killed run left half-written and, unless this run goes on with it,
// all that an earlier one left that would not be replaced.
func (f *folder) begin() error {
	f.begun = true
	files, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range files {
		name := e.Name()
		old := strings.HasPrefix(name, checkpointFile) || name == modelFile || name == reportFile || name == historyFile || name == journalFile
		if temporary.MatchString(name) || old && f.state == free {
			err = errors.Join(err, os.Remove(f.path(name)))
		}
	}
	if f.state != free {
		return err
	}
	events, _ := os.ReadDir(f.path(eventsFolder))
	for _, e := range events {
		if strings.HasPrefix(e.Name(), "events.out.tfevents") {
			err = errors.Join(err, os.Remove(filepath.Join(f.path(eventsFolder), e.Name())))
		}
	}
	return err
}

// removeCheckpoints removes those of a run that has ended.
func (f *folder) removeCheckpoints() error {
	files, err := os.ReadDir(f.dir)
	for _, e := range files {
		if strings.HasPrefix(e.Name(), checkpointFile) {
			err = errors.Join(err, os.Remove(f.path(e.Name())))
		}
	}
	return err
}

// write replaces a file of the folder.
func (f *folder) write(name string, content func(w io.Writer) error) error {
	return replace(f.path(name), content)
}

// stem is the name of a file without its folder and endings, all but those that tell it from
// others: foo.a.csv.gz is foo.a.
func stem(file string) string {
	if file == data.Stdin {
		return "stdin"
	}
	base := strings.TrimSuffix(filepath.Base(file), ".gz")
	if s := strings.TrimSuffix(base, filepath.Ext(base)); s != "" {
		return s
	}
	return base
}

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
	"sync/atomic"
	"syscall"

	"github.com/recur-go/recur/cmd/recur/internal/tfevents"
	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/filelock"
	"github.com/recur-go/recur/task/caption"
	"github.com/recur-go/recur/task/classify"
	"github.com/recur-go/recur/task/forecast"
	"github.com/recur-go/recur/task/lm"
	"github.com/recur-go/recur/task/music"
	"github.com/recur-go/recur/task/recipe"
	"github.com/recur-go/recur/task/search"
	"github.com/recur-go/recur/task/translate"
)

// Names of what runs leave in their folders.
const (
	modelFile      = "model.safetensors"
	checkpointFile = "checkpoint.safetensors"
	recipeFile     = recipe.File
	historyFile    = "history.json"
	reportFile     = "report.html"
	journalFile    = search.JournalFile
	eventsFolder   = "events"
)

// besides are the names of what stands beside the report of a run, by task.
var besides = map[string]*regexp.Regexp{
	forecast.Name:  regexp.MustCompile(`^((curves|forecast)\.(svg|png)|(forecast|paths|models|outliers|components|backtest|scores|steps)\.csv)$`),
	classify.Name:  regexp.MustCompile(`^(curves|reliability)\.(svg|png)$`),
	lm.Name:        regexp.MustCompile(`^curves\.(svg|png)$`),
	translate.Name: regexp.MustCompile(`^(curves|attention)\.(svg|png)$`),
	caption.Name:   regexp.MustCompile(`^(curves\.(svg|png)|strip-(right|wrong)-\d+\.png)$`),
	music.Name:     regexp.MustCompile(`^(curves\.(svg|png)|sample\.(json|mid))$`),
}

// isBeside reports whether a file has the name of what stands beside the report of a run.
func isBeside(name string) bool {
	for _, names := range besides {
		if names.MatchString(name) {
			return true
		}
	}
	return false
}

// Names of what runs keep for themselves. A checkpoint has parts; temporary files are those of
// internal/atomicfile.
var (
	checkpoint = regexp.MustCompile(`^checkpoint\.safetensors(\.(backtest|\d+))*$`)
	trial      = regexp.MustCompile(`^trial-\d+(\.safetensors|-\d+\.checkpoint(\.(backtest|\d+))*)$`)
	temporary  = regexp.MustCompile(`^\..+\.tmp\d{15,20}$`)
)

// isOld reports whether a file is one that a run which begins anew would take for its own, so
// that it is removed first.
func isOld(name string) bool {
	return name == modelFile || name == reportFile || name == historyFile || name == journalFile || checkpoint.MatchString(name) || trial.MatchString(name)
}

// isResult reports whether a file is one that a run replaces or removes.
func isResult(name string) bool { return name == recipeFile || isBeside(name) || isOld(name) }

// A state is what a folder holds.
type state int

const (
	free     state = iota // nothing of a run
	stopped               // a run that goes on with --resume
	finished              // results
)

func (s state) String() string {
	return [...]string{"nothing of a run", "a run that was stopped", "the results of a run"}[s]
}

// stateOf is the state of a folder, free if it is not there. A checkpoint counts more than a
// model: a run of many nets that was stopped may have both.
func stateOf(dir string) (state, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return free, nil
	}
	is := free
	for _, f := range files {
		switch name := f.Name(); {
		case checkpoint.MatchString(name):
			return stopped, nil
		case name == modelFile || name == reportFile:
			is = finished
		case name == journalFile && is == free:
			is = stopped
		}
	}
	if is == free { // a run that began has events
		if events, e := tfevents.Files(filepath.Join(dir, eventsFolder)); e == nil && len(events) > 0 {
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
	begun atomic.Bool
	lock  *filelock.Lock
}

// current is the folder of the run in progress, nil for none.
var current atomic.Pointer[folder]

// ask is what a command asks of a folder.
type ask struct {
	out           string // folder that was asked for; if empty, base or the next free name
	base          string // such as recur-out/airline
	resume, force bool
	using         bool     // a model is used, whose own folder is never written to
	data          []string // files that the run reads

	same func(dir string) error // reports that the run of a folder is not this one
	note func(text string)      // takes what the user should know
}

// openFolder finds the folder of a run and locks it.
func openFolder(a ask) (*folder, error) {
	if a.resume && a.force {
		return nil, usage("--resume goes on with a run and --force begins it anew: give one of them")
	}
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
		var file noFolder
		if errors.Is(err, filelock.ErrHeld) || errors.As(err, &file) && string(file) == dir {
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
			a.note(fmt.Sprintf("%s holds a run that was stopped: --resume with the same data and settings goes on with it", dir))
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

// started is the last folder of a's names with the same run, one that was stopped if there is
// one, empty if none has a run.
func (a ask) started() (last string, err error) {
	var is state
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
		if is != stopped || s == stopped {
			last, is = dir, s
		}
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
		err = a.allowed(f)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	if a.force {
		f.state = free
	}
	return f, nil
}

// allowed is an error if the run may not have a folder, for what is in it.
func (a ask) allowed(f *folder) error {
	if file := a.overwritten(f.dir); file != "" {
		return usage("the run reads %s and would replace it: give another --out", file)
	}
	_, none := os.Stat(f.path(modelFile))
	switch {
	case a.using && none == nil:
		return usage("%s has a model, whose report is kept: give another --out", f.dir)
	case a.force:
		return nil
	case f.state == free:
		return a.vacant(f.dir)
	case a.resume:
		return a.same(f.dir)
	case a.using:
		return usage("%s holds %s: give another --out, or --force to replace it", f.dir, f.state)
	case f.state == stopped:
		return usage("%s holds %s: give --resume to go on with it, --force to begin anew, or another --out", f.dir, f.state)
	}
	return usage("%s holds %s: give another --out, --force to replace them, or --resume to see them", f.dir, f.state)
}

// overwritten is a file that the run reads and would replace or remove, empty for none.
func (a ask) overwritten(dir string) string {
	files, _ := os.ReadDir(dir)
	for _, e := range files {
		there, err := e.Info()
		if err != nil || !isResult(e.Name()) {
			continue
		}
		for _, file := range a.data {
			if in, err := os.Stat(file); err == nil && os.SameFile(in, there) {
				return file
			}
		}
	}
	return ""
}

// vacant is an error for a file of no run that the run would replace.
func (a ask) vacant(dir string) error {
	files, err := os.ReadDir(dir)
	for _, e := range files {
		switch name := e.Name(); {
		case !isResult(name), a.using && name == recipeFile:
		case a.resume && name == recipeFile: // a run was killed as it began
			err = errors.Join(err, a.same(dir))
		default:
			return usage("%s is there already: give another --out, or --force to replace it", filepath.Join(dir, name))
		}
	}
	return err
}

// lockFolder locks a folder, which it makes if it is not there.
func lockFolder(dir string) (f *folder, err error) {
	f = &folder{dir: dir}
	for range 3 { // a run that does not begin may take the folder away just now
		if err = f.make(dir); err == nil {
			f.lock, err = filelock.Take(dir)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		f.unmake()
		return nil, err
	}
	current.Store(f)
	return f, nil
}

// noFolder is the error for a path at which there is something else.
type noFolder string

func (path noFolder) Error() string        { return string(path) + " is not a folder: give another --out" }
func (path noFolder) Is(target error) bool { return target == fault.Usage }

// make makes a folder and those that it is to be in.
func (f *folder) make(dir string) error {
	err := os.Mkdir(dir, 0o777)
	if parent := filepath.Dir(dir); parent != dir && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
		if err := f.make(parent); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o777)
	}
	switch {
	case err == nil:
		f.made = append(f.made, dir)
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return noFolder(dir)
		}
		return nil
	}
	return err
}

// unmake takes away the folders that were made, unless there is something in them.
func (f *folder) unmake() {
	for _, dir := range slices.Backward(f.made) {
		os.Remove(dir)
	}
}

// close gives the folder back. If no run has begun in it, it is as it was.
func (f *folder) close() error {
	current.CompareAndSwap(f, nil)
	err := f.lock.Release()
	if !f.begun.Load() {
		f.unmake()
	}
	return err
}

// path is that of a file of the folder.
func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// begin removes what a killed run left half-written and, unless this run goes on with it, all
// that an earlier one left that would not be replaced.
func (f *folder) begin() error {
	f.begun.Store(true)
	beside := f.beside()
	old := func(name string) bool { return isOld(name) || beside != nil && beside.MatchString(name) }
	return errors.Join(f.clear("", old), f.clear(eventsFolder, tfevents.IsFile))
}

// beside are the names of what a run left beside its report, by the task of its recipe: nil
// without a report, and those of a forecast by a saved model without a recipe.
func (f *folder) beside() *regexp.Regexp {
	if _, err := os.Stat(f.path(reportFile)); err != nil {
		return nil
	}
	r, err := recipe.Read(f.path(recipeFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return besides[forecast.Name]
	case err != nil:
		return nil // of whom they are is not known
	}
	return besides[r.Task]
}

// clear removes temporary files from a part of the folder and, unless the run goes on, old ones.
func (f *folder) clear(part string, old func(name string) bool) error {
	return f.remove(part, func(name string) bool { return temporary.MatchString(name) || f.state == free && old(name) })
}

// noteStopped tells how to go on with a run that was stopped, if it had begun.
func (f *folder) noteStopped(stderr io.Writer) {
	if f.begun.Load() {
		fmt.Fprintf(stderr, "  stopped; the same command with --resume goes on with %s\n", f.dir)
	}
}

// removeCheckpoints removes those of a run that has ended.
func (f *folder) removeCheckpoints() error { return f.remove("", checkpoint.MatchString) }

// remove removes files from a part of the folder.
func (f *folder) remove(part string, which func(name string) bool) error {
	files, err := os.ReadDir(f.path(part))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, e := range files {
		if which(e.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(f.dir, part, e.Name())))
		}
	}
	return err
}

// replace has f write the file at path, in place of what was there.
func replace(path string, f func(w io.Writer) error) error { return atomicfile.WriteFile(path, f) }

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

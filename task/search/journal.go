package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/recipe"
)

// JournalFile is the name of the journal in the folder of a search.
const JournalFile = "journal.jsonl"

// A header is what a journal begins with: all that determines the search.
type header struct {
	Task   string                `json:"task"`
	Data   task.Data             `json:"data"`
	SHA256 []string              `json:"sha256,omitempty"` // checksums of the files, as a recipe has them
	Base   map[string]any        `json:"base"`
	Space  map[string]task.Range `json:"space"`
	Trials int                   `json:"trials"`
	Epochs int                   `json:"epochs"`
	Eta    int                   `json:"eta"`
	Seed   uint64                `json:"seed"`
}

// A journal is a file of JSON lines, the header and a line for each run that has ended.
type journal struct {
	path   string
	header *header
	size   int64 // bytes of whole lines that were read
	f      *os.File
	runs   map[place]Run
}

// A place is that of a run.
type place struct{ trial, rung int }

// readJournal reads the journal at path, if it is there. It is an error if that is of another
// search, or if check finds a run in it that is none of this one's.
func readJournal(path string, h *header, check func(Run) error) (*journal, error) {
	j := &journal{path: path, header: h, runs: map[place]Run{}}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// A run was killed while it wrote what follows the last newline.
	whole := old[:bytes.LastIndexByte(old, '\n')+1]
	j.size = int64(len(whole))
	if j.size == 0 {
		return j, nil
	}
	return j, j.read(whole, check)
}

// open begins the journal, or goes on with it.
func (j *journal) open() (err error) {
	if j.f, err = os.OpenFile(j.path, os.O_CREATE|os.O_WRONLY, 0o666); err != nil {
		return err
	}
	if err = j.f.Truncate(j.size); err == nil {
		_, err = j.f.Seek(0, io.SeekEnd)
	}
	if err == nil && j.size == 0 {
		err = j.line(j.header)
	}
	if err != nil {
		j.f.Close()
	}
	return err
}

// read takes the runs of the whole lines b. Of what check refuses nothing is kept, so that
// the memory is in proportion to the search.
func (j *journal) read(b []byte, check func(Run) error) error {
	n := 0
	for line := range bytes.Lines(b) {
		n++
		line = bytes.TrimSuffix(line, []byte("\n"))
		if n == 1 {
			if err := j.header.check(line); err != nil {
				return fault.Errorf(fault.Usage, "%s is of another search: %w; use those, or another folder (--out)", j.path, err)
			}
			continue
		}
		var r Run
		err := json.Unmarshal(line, &r)
		if err == nil {
			err = check(r)
		}
		if err != nil {
			why := strings.TrimPrefix(setting.JSONError(line, err).Error(), "line 1, ")
			return fault.Errorf(fault.Data, "%s, line %d is not a run of this search: %s; delete the line to run that trial again, or search in another folder (--out)", j.path, n, why)
		}
		j.runs[place{r.Trial, r.Rung}] = r
	}
	return nil
}

// check is an error if the first line of a journal is that of another search, naming what
// differs. Files may have other names, as long as their checksums are the same.
func (h *header) check(line []byte) error {
	old := new(header)
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber() // to the last digit of a seed
	if err := d.Decode(old); err != nil {
		return fmt.Errorf("its first line cannot be read (%w)", setting.JSONError(line, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is text after its first line")
	}
	if all := h.differences(old); all != nil {
		return errors.New(strings.Join(all, "; "))
	}
	old.Data, old.SHA256 = h.Data, h.SHA256
	if textOf(old) != textOf(h) {
		return errors.New("other settings")
	}
	return nil
}

// differences lists what sets the search of h apart from that of old.
func (h *header) differences(old *header) []string {
	all := h.recipe().Differences(old.recipe())
	for _, n := range []struct {
		name    string
		was, is any
	}{
		{"--trials", old.Trials, h.Trials}, {"--epochs", old.Epochs, h.Epochs}, {"--eta", old.Eta, h.Eta}, {"--search-seed", old.Seed, h.Seed},
	} {
		if n.was != n.is {
			all = append(all, fmt.Sprintf("%s was %v and is now %v", n.name, n.was, n.is))
		}
	}
	names := maps.Clone(h.Space)
	maps.Copy(names, old.Space)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if textOf(old.Space[name]) != textOf(h.Space[name]) {
			all = append(all, "--space of "+setting.Cut(name)+" was another")
		}
	}
	return all
}

// recipe is the run that the trials vary.
func (h *header) recipe() *recipe.Recipe {
	return &recipe.Recipe{Task: h.Task, Data: h.Data, Config: h.Base, SHA256: h.SHA256}
}

// textOf is a value as JSON; all that a journal holds can be that.
func textOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("search: %v", err))
	}
	return string(b)
}

// add writes a run, to the disk.
func (j *journal) add(r Run) error {
	j.runs[place{r.Trial, r.Rung}] = r
	return j.line(r)
}

func (j *journal) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := j.f.Write(append(b, '\n')); err != nil {
		return err
	}
	return j.f.Sync()
}

// run finds a run that has ended.
func (j *journal) run(mu *sync.Mutex, at place) (Run, bool) {
	mu.Lock()
	defer mu.Unlock()
	r, ok := j.runs[at]
	return r, ok
}

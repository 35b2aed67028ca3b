package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/task"
)

// A header is what a journal begins with: all that determines the search.
type header struct {
	Task   string                `json:"task"`
	Data   task.Data             `json:"data"`
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
	header []byte
	size   int64 // bytes of whole lines that were read
	f      *os.File
	runs   map[place]Run
}

// A place is that of a run.
type place struct{ trial, rung int }

// readJournal reads the journal at path, if it is there. It is an error if that is of another
// search, or if check finds a run in it that is none of this one's.
func readJournal(path string, h header, check func(Run) error) (*journal, error) {
	want, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	j := &journal{path: path, header: want, runs: map[place]Run{}}
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
			if !bytes.Equal(line, j.header) {
				return fault.Errorf(fault.Usage, "%s is of another search: other data, settings, space, trials, epochs or seed; give another folder, or those of that search", j.path)
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
			return fault.Errorf(fault.Data, "%s, line %d is no run of this search: %s; take the line out, and what is missing is run again, or search in another folder", j.path, n, why)
		}
		j.runs[place{r.Trial, r.Rung}] = r
	}
	return nil
}

// add writes a run, to the disk.
func (j *journal) add(r Run) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	j.runs[place{r.Trial, r.Rung}] = r
	return j.line(b)
}

func (j *journal) line(b []byte) error {
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

package search

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"sync"

	"github.com/recur-go/recur/internal/fault"
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
// search.
func readJournal(path string, h header) (*journal, error) {
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
	return j, j.read(path, whole, want)
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

func (j *journal) read(path string, b, want []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		if n == 1 {
			if !sameJSON(lines.Bytes(), want) {
				return fault.Errorf(fault.Usage, "%s is of another search: other data, settings, space, trials, epochs or seed; give another folder, or those of that search", path)
			}
			continue
		}
		var r Run
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		j.runs[place{r.Trial, r.Rung}] = r
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
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

package tfevents

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/recur-go/recur/internal/atomicfile"
)

// Resume goes on with the events in dir, if there are some: with the first new one, or with
// Close, all that were there become one file, without those after the step given to From.
func Resume(dir string) (*Writer, error) { return resume(dir, time.Now) }

func resume(dir string, now func() time.Time) (*Writer, error) {
	files, err := Files(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	old := &earlier{files: files, keys: map[string]int{}}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		old.read(b)
	}
	if len(old.files) == 0 {
		return create(dir, now)
	}
	return &Writer{now: now, old: old}, nil
}

// From is the number of steps that the run goes on from. The greatest counts, if several are
// given. Without any the run begins anew.
func (w *Writer) From(steps int) {
	if w.old != nil {
		w.old.from = max(w.old.from, steps)
	}
}

// goOn rewrites the events of before, and opens their file to append.
func (w *Writer) goOn() error {
	old := w.old
	err := atomicfile.WriteFile(old.files[0], func(to io.Writer) error {
		_, err := to.Write(old.kept())
		return err
	})
	if err != nil {
		return err
	}
	for _, path := range old.files[1:] {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	w.f, err = os.OpenFile(old.files[0], os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	w.old = nil
	return nil
}

// earlier is what a run that was stopped has left.
type earlier struct {
	files  []string
	events []event
	keys   map[string]int // steps of the events by key
	from   int
}

// An event is one of scalars, or the version that begins a file.
type event struct {
	step int
	raw  []byte
}

// read takes the records of a file, up to one that is not whole, as a killed run leaves it.
// What appears twice, or has the version again, is passed over.
func (o *earlier) read(b []byte) {
	for len(b) >= 16 {
		n := binary.LittleEndian.Uint64(b)
		if binary.LittleEndian.Uint32(b[8:]) != masked(b[:8]) || n > uint64(len(b)-16) {
			return
		}
		raw := b[12 : 12+n]
		if binary.LittleEndian.Uint32(b[12+n:]) != masked(raw) {
			return
		}
		b = b[16+n:]
		step, names, ok := scalars(raw)
		if !ok {
			return
		}
		if _, twice := o.keys[key(step, names)]; !twice {
			o.keys[key(step, names)] = step
			o.events = append(o.events, event{step, raw})
		}
	}
}

func (o *earlier) has(step int, names []string) bool {
	_, ok := o.keys[key(step, names)]
	return ok && step <= o.from
}

// kept are the records up to the step from which the run goes on.
func (o *earlier) kept() (b []byte) {
	for _, e := range o.events {
		if e.step <= o.from {
			b = appendRecord(b, e.raw)
		}
	}
	return b
}

// key tells events apart.
func key(step int, names []string) string {
	sorted := slices.Sorted(slices.Values(names))
	return strings.Join(append(sorted, string(binary.AppendVarint(nil, int64(step)))), "\x00")
}

// scalars reads the step of an event and the names of its values.
func scalars(b []byte) (step int, names []string, ok bool) {
	ok = fields(b, func(num protowire.Number, v []byte, x uint64) bool {
		switch num {
		case eventStep:
			step = int(x)
		case eventSummary:
			return fields(v, func(num protowire.Number, v []byte, _ uint64) bool {
				return num != summaryValue || fields(v, func(num protowire.Number, v []byte, _ uint64) bool {
					if num == valueTag {
						names = append(names, string(v))
					}
					return true
				})
			})
		}
		return true
	})
	return step, names, ok
}

// fields calls f with each field of a message, with its bytes or its number.
func fields(b []byte, f func(num protowire.Number, v []byte, x uint64) bool) bool {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		var v []byte
		var x uint64
		switch kind {
		case protowire.BytesType:
			v, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			x, n = protowire.ConsumeVarint(b)
		default:
			n = protowire.ConsumeFieldValue(num, kind, b)
		}
		if n < 0 || !f(num, v, x) {
			return false
		}
		b = b[n:]
	}
	return true
}

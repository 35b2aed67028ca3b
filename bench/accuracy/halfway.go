package accuracy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/recur-go/recur/internal/atomicfile"
)

// A halfway is what a run leaves that is stopped: a checkpoint, if the case writes one, and
// beside it how many seconds it took so far.
type halfway struct {
	path  string
	began time.Time
	early float64 // seconds of runs before this one
}

// halfwayKey is that of the checkpoint's path in the context of a run.
type halfwayKey struct{}

// checkpoint is where a run may leave its checkpoint, and find an earlier one.
func checkpoint(ctx context.Context) string {
	path, _ := ctx.Value(halfwayKey{}).(string)
	return path
}

func (h *halfway) clock() string { return h.path + ".seconds" }

// load reads how long it took before. Without a checkpoint that was for nothing.
func (h *halfway) load() error {
	if _, err := os.Stat(h.path); err != nil {
		return nil
	}
	b, err := os.ReadFile(h.clock())
	if err == nil {
		_, err = fmt.Sscan(string(b), &h.early)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", h.clock(), err)
	}
	return nil
}

func (h *halfway) seconds() float64 { return h.early + time.Since(h.began).Seconds() }

// keep writes down how long it took so far.
func (h *halfway) keep() error {
	return atomicfile.WriteFile(h.clock(), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%.1f\n", h.seconds())
		return err
	})
}

// done removes what is left of a run that has ended.
func (h *halfway) done() error {
	for _, path := range []string{h.path, h.clock()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

package session

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
)

// Memory is a Store that lasts as long as the process: for tests, and to hand sessions from
// one model to another.
type Memory struct {
	mu  sync.RWMutex
	all map[string]Record
}

// NewMemory returns a store without records.
func NewMemory() *Memory { return &Memory{all: map[string]Record{}} }

func (m *Memory) Load(ctx context.Context, id string) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.all[id]
	if !ok {
		return Record{}, fmt.Errorf("session %q: %w", id, ErrNotFound)
	}
	r.Blob = slices.Clone(r.Blob)
	return r, nil
}

func (m *Memory) Save(ctx context.Context, records []Record) error {
	if err := errors.Join(ctx.Err(), storable(records)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		r.Blob = append(m.all[r.ID].Blob[:0], r.Blob...)
		m.all[r.ID] = r
	}
	return nil
}

func (m *Memory) Delete(ctx context.Context, ids ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		delete(m.all, id)
	}
	return nil
}

func (m *Memory) All(ctx context.Context, after string) iter.Seq2[Record, error] {
	return inOrder(ctx, after, func(after string, n int) (page []Record, err error) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		for _, id := range smallest(maps.Keys(m.all), after, n) {
			page = append(page, Record{ID: id, Used: m.all[id].Used})
		}
		return page, nil
	})
}

// The widths that a store takes.
const (
	maxID   = 256
	maxBlob = 1 << 30
)

// storable checks records before they are saved.
func storable(records []Record) error {
	for _, r := range records {
		if r.ID == "" || len(r.ID) > maxID {
			return fmt.Errorf("the name of a session has 1 to %d bytes, that of %.20q has %d", maxID, r.ID, len(r.ID))
		}
		if len(r.Blob) > maxBlob {
			return fmt.Errorf("session %q has %d bytes, a store takes up to %d", r.ID, len(r.Blob), maxBlob)
		}
	}
	return nil
}

// inOrder lists records by pages that grow, so that neither one page of a large store nor the
// whole of it takes long. The function page gives the first n after an ID.
func inOrder(ctx context.Context, after string, page func(after string, n int) ([]Record, error)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for n := 256; ; n *= 4 {
			records, err := page(after, n)
			if err = errors.Join(ctx.Err(), err); err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range records {
				if !yield(r, nil) {
					return
				}
				after = r.ID
			}
			if len(records) < n {
				return
			}
		}
	}
}

// smallest returns the first n of the IDs after one, sorted.
func smallest(ids iter.Seq[string], after string, n int) []string {
	var first []string
	end := "" // no more than n are before it, if it is set
	cut := func() {
		slices.Sort(first)
		if len(first) >= n {
			first = first[:n]
			end = first[n-1]
		}
	}
	for id := range ids {
		if id > after && (end == "" || id < end) {
			if first = append(first, id); len(first) == 2*n {
				cut()
			}
		}
	}
	cut()
	return first
}

package session

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/recur-go/recur/internal/saved"
)

// Info is what is known of a session of a table.
type Info struct {
	ID     string
	Steps  uint64    // steps since the first state; 0 where the session is in the store alone
	Used   time.Time // last use
	Memory bool      // the session is in memory
}

// Create makes a session at the first state. The error wraps ErrExists if there is one.
func (t *Table) Create(ctx context.Context, id string) error {
	e, err := t.open(ctx, id, create, t.now())
	if err != nil {
		return err
	}
	e.keep.Store(true)
	return t.letGo(e, t.put(ctx, e))
}

// Info returns what is known of a session.
func (t *Table) Info(ctx context.Context, id string) (info Info, err error) {
	err = t.alone(ctx, id, get, func(e *entry, _ *Model) error {
		info = Info{id, e.Steps(), time.Unix(0, t.used(e)), true}
		return nil
	})
	return info, err
}

// Export returns the saved session, as Session.AppendBinary writes it.
func (t *Table) Export(ctx context.Context, id string) (b []byte, err error) {
	err = t.alone(ctx, id, get, func(e *entry, m *Model) error {
		b = e.append(m, nil)
		return nil
	})
	return b, err
}

// Import takes up a saved session under a name, in place of the one that has it. On an error,
// which wraps ErrCorrupt or ErrModel where the bytes are at fault, all is as it was.
func (t *Table) Import(ctx context.Context, id string, blob []byte) error {
	if err := t.check(blob); err != nil {
		return err
	}
	return t.alone(ctx, id, restart, func(e *entry, m *Model) error {
		e.keep.Store(true)
		return t.replace(ctx, e, m, blob)
	})
}

// check reports what is wrong with a saved session before a name is looked for.
func (t *Table) check(blob []byte) error {
	s := t.Model().New()
	return s.parse(t.Model(), blob)
}

// Fork makes a session of another name that goes on from the present state of the first. The
// error wraps ErrExists if there is one of that name.
func (t *Table) Fork(ctx context.Context, from, to string) error {
	return t.alone(ctx, from, get, func(f *entry, m *Model) error {
		e, err := t.open(ctx, to, beside, t.now())
		if err != nil {
			return err
		}
		e.keep.Store(true)
		return t.letGo(e, t.replace(ctx, e, e.model.Load(), f.append(m, nil)))
	})
}

// Reset goes back to the first state.
func (t *Table) Reset(ctx context.Context, id string) error {
	return t.alone(ctx, id, get, func(e *entry, m *Model) error {
		err := t.replace(ctx, e, m, saved.Append(nil, m.id, 0, m.first, nil))
		if err == nil {
			e.keep.Store(true)
		}
		return err
	})
}

// Delete ends a session. The error wraps ErrNotFound if there is none.
func (t *Table) Delete(ctx context.Context, id string) error {
	err := t.alone(ctx, id, get, func(e *entry, m *Model) error {
		t.writing.Lock()
		defer t.writing.Unlock()
		if t.options.Store != nil {
			if err := t.options.Store.Delete(ctx, id); err != nil {
				return &SaveError{err}
			}
		}
		e.reset(m)
		e.ended.Store(true)
		e.changes.Add(1)
		e.isSaved()
		return nil
	})
	if errors.Is(err, ErrStateLost) || errors.Is(err, ErrModel) { // what cannot be read can go
		t.writing.Lock()
		defer t.writing.Unlock()
		return t.options.Store.Delete(ctx, id)
	}
	return err
}

// alone calls f with a session that no step is done of meanwhile.
func (t *Table) alone(ctx context.Context, id string, how how, f func(*entry, *Model) error) error {
	for {
		e, err := t.open(ctx, id, how, t.now())
		if err != nil {
			return err
		}
		m, ok := e.hold()
		switch {
		case !ok:
			continue
		case how == get && e.failed != nil:
			err = e.failed
		case how == get && e.void():
			err = ErrNotFound
		default:
			err = f(e, m)
		}
		m.release(&e.Session)
		t.tidy(e)
		return err
	}
}

// replace gives a held entry a saved state, and saves it first if there is a store.
func (t *Table) replace(ctx context.Context, e *entry, m *Model, blob []byte) error {
	next := &Session{floats: make([]Float, len(e.floats))}
	if err := next.parse(m, blob); err != nil {
		return err
	}
	if t.options.Store != nil {
		t.writing.Lock()
		defer t.writing.Unlock()
		now := t.now()
		if err := t.options.Store.Save(ctx, []Record{{e.id, time.Unix(0, now), blob}}); err != nil {
			return &SaveError{err}
		}
		e.recorded.Store(now)
	}
	e.floats, e.answered, e.failed = next.floats, next.answered, nil
	e.ended.Store(false)
	e.steps.Store(next.Steps())
	e.changes.Add(1)
	e.isSaved()
	return nil
}

// put saves a held entry as it is.
func (t *Table) put(ctx context.Context, e *entry) error {
	m := e.model.Load()
	return t.replace(ctx, e, m, e.append(m, nil))
}

// letGo releases an entry that was made, or ends it after an error, which it returns.
func (t *Table) letGo(e *entry, err error) error {
	if err != nil {
		e.ended.Store(true)
	}
	e.model.Load().release(&e.Session)
	t.tidy(e)
	return err
}

// All lists the sessions in memory and in the store by name, from the first after the given
// one on. What is made or ends meanwhile may be listed or not.
func (t *Table) All(ctx context.Context, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		// Pages of those in memory grow, so that none has to sort all and the last are there soon.
		// Each is there before its part of the store is read: a session may be put away meanwhile,
		// and what is taken up again stays in the store.
		for n, more := 256, true; more; n *= 8 {
			ids := smallest(t.names(after), after, n)
			end := ""
			if more = len(ids) == n; more {
				end = ids[n-1]
			}
			if !t.page(ctx, after, end, t.infos(ids), yield) {
				return
			}
			after = end
		}
	}
}

// page lists the sessions after a name and up to end, or all if end is "": those in memory and
// the others of the store.
func (t *Table) page(ctx context.Context, after, end string, memory []Info, yield func(Info, error) bool) bool {
	if t.options.Store != nil {
		now := t.now()
		for r, err := range t.options.Store.All(ctx, after) {
			if err != nil {
				if !yield(Info{ID: r.ID}, err) {
					return false
				}
				continue
			}
			if end != "" && r.ID > end {
				break
			}
			for len(memory) > 0 && memory[0].ID < r.ID {
				if !yield(memory[0], nil) {
					return false
				}
				memory = memory[1:]
			}
			if len(memory) > 0 && memory[0].ID == r.ID || t.over(r.Used.UnixNano(), now) {
				continue
			}
			if !yield(Info{ID: r.ID, Used: r.Used}, nil) {
				return false
			}
		}
	}
	for _, info := range memory {
		if !yield(info, nil) {
			return false
		}
	}
	return true
}

// names lists the names of entries in memory after one. No shard is locked while yield runs.
func (t *Table) names(after string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var ids []string
		for i := range t.shards {
			ids = t.shards[i].names(ids[:0], after)
			for _, id := range ids {
				if !yield(id) {
					return
				}
			}
		}
	}
}

func (s *shard) names(ids []string, after string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.byID {
		if id > after {
			ids = append(ids, id)
		}
	}
	return ids
}

// infos are those of the sessions in memory of these names.
func (t *Table) infos(ids []string) (list []Info) {
	now := t.now()
	for _, id := range ids {
		sh := t.shard(id)
		sh.mu.Lock()
		if e := sh.byID[id]; e != nil && !t.over(e.used, now) && !e.over() {
			list = append(list, Info{id, e.Steps(), time.Unix(0, e.used), true})
		}
		sh.mu.Unlock()
	}
	return list
}

// Swap has m step the sessions from their next steps on. It is an error that wraps ErrModel
// if m's states are not those of the present model; nothing changes then.
func (t *Table) Swap(m *Model) error {
	if old := t.Model(); old.id != m.id {
		return fmt.Errorf("%w: sessions of ID %x… (%d floats) cannot go on in a model of ID %x… (%d floats)", ErrModel, old.id[:8], old.width, m.id[:8], m.width)
	}
	t.model.Store(m)
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.Lock()
		for _, e := range sh.byID {
			e.lock(m).mu.Unlock()
		}
		sh.mu.Unlock()
	}
	return nil
}

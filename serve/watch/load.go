package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// update loads the highest version of a model that is new and can be loaded.
func (r *Repository) update(ctx context.Context, md *model, c candidate, now bool) error {
	var failed error
	for _, f := range c.files {
		if md.current != nil && f.version != "" && number(f.version) < number(md.current.m.Version) {
			break
		}
		stamp := stampOf(f.path)
		settled := now || md.seen[f.path] == stamp
		md.seen[f.path] = stamp
		switch {
		case md.tried[f.path] == stamp:
			if md.current != nil && md.current.path == f.path {
				return failed
			}
			continue // it failed before
		case !settled:
			continue
		}
		sum := sumOf(f.path)
		md.tried[f.path] = stamp
		if sum != "" && md.tried["sum "+f.path] == sum && md.current != nil && md.current.path == f.path {
			return failed
		}
		md.tried["sum "+f.path] = sum
		err := r.load(ctx, md, f)
		if err == nil {
			md.failed = nil
			return failed
		}
		if failed == nil {
			failed = err
			if !strings.Contains(err.Error(), f.path) {
				failed = fmt.Errorf("%s: %w", f.path, err)
			}
		}
	}
	return failed
}

func number(version string) uint64 {
	n, _ := strconv.ParseUint(version, 10, 63)
	return n
}

// load serves a version, and has the sessions go on in it if they can.
func (r *Repository) load(ctx context.Context, md *model, f file) (err error) {
	began := time.Now()
	e := Event{Kind: Loaded, Model: md.name, Version: f.version, Path: f.path}
	if f.version == "" {
		e.Version = strconv.Itoa(md.made + 1)
	}
	defer func() {
		if err != nil {
			e.Kind, e.Err, e.Told = Failed, err, r.tells && md.named
			reason := err.Error()
			if f.path != "" {
				reason = strings.ReplaceAll(reason, f.path, filepath.Base(f.path)) // where it is, clients need not know
			}
			md.failed = &serve.IndexEntry{Name: md.name, Version: e.Version, State: "UNAVAILABLE", Reason: reason}
		} else if f.version == "" {
			md.made++
		}
		e.Took = time.Since(began)
		r.event(e)
	}()
	table := r.o.Table
	late := &lateStore{}
	if r.o.Store != nil {
		table.Store = late
	}
	m, err := r.o.Open(ctx, f.path, md.name, e.Version, table)
	if err != nil {
		return err
	}
	v := &version{m: m, path: f.path}
	if m.Sessions == nil {
		if err := r.put(md, m); err != nil {
			return err
		}
		return r.succeed(ctx, md, v, &e)
	}
	if old := md.fitting(m.Sessions.Model()); old != nil {
		before := old.m.Sessions.Model()
		if err := old.m.Sessions.Swap(m.Sessions.Model()); err != nil {
			return err
		}
		unused := m.Sessions
		m.Sessions, v.store = old.m.Sessions, old.store
		restore := r.retire(md, old)
		if err := r.server.Replace(old.m.Version, m); err != nil {
			restore()
			old.m.Sessions.Swap(before)
			m.Sessions = unused
			return errors.Join(err, unused.Close(ctx))
		}
		e.Kind = Moved
		return errors.Join(unused.Close(ctx), r.moved(ctx, md, old, v, &e))
	}
	if md.current != nil && md.current.m.Version == e.Version {
		return errors.Join(fmt.Errorf("version %s has become a model with other states, whose sessions could not go on: give it a folder of a higher version", e.Version), m.Sessions.Close(ctx))
	}
	if r.o.Store != nil {
		store, err := r.o.Store(md.name, m.Sessions.Model())
		if err != nil {
			return errors.Join(err, m.Sessions.Close(ctx))
		}
		late.to.Store(&store)
		v.store, _ = store.(io.Closer)
	}
	restore := r.retire(md, nil)
	if err := r.server.Add(m); err != nil {
		restore()
		return errors.Join(err, v.close(ctx))
	}
	return r.succeed(ctx, md, v, &e)
}

// retire retires the current version, unless it is the one that is replaced.
func (r *Repository) retire(md *model, replaced *version) (restore func()) {
	v := md.current
	if v == nil || v == replaced || v.m.Sessions == nil {
		return func() {}
	}
	r.server.Retire(md.name, v.m.Version)
	return func() { r.server.Restore(md.name, v.m.Version) }
}

// put serves a model without sessions.
func (r *Repository) put(md *model, m *serve.Model) error {
	if md.current != nil && md.current.m.Version == m.Version {
		return r.server.Replace(m.Version, m)
	}
	return r.server.Add(m)
}

// fitting is the version whose sessions can go on in m, nil if there is none.
func (md *model) fitting(m *session.Model) *version {
	for _, v := range append([]*version{md.current}, md.old...) {
		if v == nil || v.m.Sessions == nil {
			continue
		}
		if old := v.m.Sessions.Model(); old.ID() == m.ID() && old.In() == m.In() && old.Out() == m.Out() {
			return v
		}
	}
	return nil
}

// moved makes v, which has the sessions of old, the current version.
func (r *Repository) moved(ctx context.Context, md *model, old, v *version, e *Event) error {
	if old == md.current {
		md.current = v
		return nil
	}
	for i, o := range md.old {
		if o == old {
			md.old = append(md.old[:i:i], md.old[i+1:]...)
		}
	}
	return r.succeed(ctx, md, v, e)
}

// succeed makes v the current version. The one before stays while it has sessions.
func (r *Repository) succeed(ctx context.Context, md *model, v *version, e *Event) error {
	old := md.current
	md.current = v
	if old == nil {
		return nil
	}
	if old.m.Sessions == nil {
		if old.m.Version != v.m.Version {
			r.server.Remove(md.name, old.m.Version)
		}
		return nil
	}
	md.old = append(md.old, old)
	r.endOld(ctx, md)
	if len(md.old) > 0 && e.Kind == Loaded {
		e.Kind = Kept
	}
	return nil
}

// endOld removes old versions that have no sessions any more.
func (r *Repository) endOld(ctx context.Context, md *model) {
	left := md.old[:0]
	for _, v := range md.old {
		if v.m.InUse() || !empty(ctx, v.m.Sessions) {
			left = append(left, v)
			continue
		}
		r.server.Remove(md.name, v.m.Version)
		err := v.close(ctx)
		r.event(Event{Kind: Ended, Model: md.name, Version: v.m.Version, Path: v.path, Err: err})
	}
	clear(md.old[len(left):])
	md.old = left
}

func empty(ctx context.Context, t *session.Table) bool {
	for range t.All(ctx, "") {
		return false
	}
	return true
}

// A lateStore is one that is known only once the model is.
type lateStore struct{ to atomic.Pointer[session.Store] }

var errNoStore = errors.New("watch: the store of the sessions is not open")

func (l *lateStore) Load(ctx context.Context, id string) (session.Record, error) {
	if s := l.to.Load(); s != nil {
		return (*s).Load(ctx, id)
	}
	return session.Record{}, errNoStore
}

func (l *lateStore) Save(ctx context.Context, records []session.Record) error {
	if s := l.to.Load(); s != nil {
		return (*s).Save(ctx, records)
	}
	return errNoStore
}

func (l *lateStore) Delete(ctx context.Context, ids ...string) error {
	if s := l.to.Load(); s != nil {
		return (*s).Delete(ctx, ids...)
	}
	return errNoStore
}

// End keeps nothing of the sessions if the store does not.
func (l *lateStore) End(ctx context.Context, records []session.Record) error {
	s := l.to.Load()
	if s == nil {
		return errNoStore
	}
	if s, ok := (*s).(session.EndStore); ok {
		return s.End(ctx, records)
	}
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return (*s).Delete(ctx, ids...)
}

func (l *lateStore) Ended(ctx context.Context, id string) (session.Record, error) {
	s := l.to.Load()
	if s == nil {
		return session.Record{}, errNoStore
	}
	if s, ok := (*s).(session.EndStore); ok {
		return s.Ended(ctx, id)
	}
	return session.Record{}, session.ErrNotFound
}

func (l *lateStore) All(ctx context.Context, after string) iter.Seq2[session.Record, error] {
	if s := l.to.Load(); s != nil {
		return (*s).All(ctx, after)
	}
	return func(yield func(session.Record, error) bool) {}
}

// Package watch serves models of files and folders, and what these become: a new version is
// loaded beside the old one, live sessions move to it if its states fit theirs, and else stay
// with the old one until they end. A new file that is broken leaves the old one in service.
//
//	r := watch.New(watch.Options{Open: open})
//	s := serve.New(serve.Options{Repository: r})
//	r.Serve(s)
//	r.Set(watch.Source{Path: "models"}) // a folder, or a file
//	err := r.Scan(ctx)
//	go r.Run(ctx)
//	…
//	err = r.Close(ctx)
package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// Options of a Repository.
type Options struct {
	// Open makes the model of a file or folder; its sessions, if it has them, are in a table
	// with these options.
	Open func(ctx context.Context, path, name, version string, table session.TableOptions) (*serve.Model, error)

	// Table are the options of tables, but for their Store.
	Table session.TableOptions

	// Store opens what keeps the sessions of a model; those of models whose states do not fit
	// one another are kept apart. nil keeps them in memory alone. It is closed if it is an
	// io.Closer.
	Store func(name string, m *session.Model) (session.Store, error)

	// IsModel reports whether a path is that of a model, be it a file or a folder. By default
	// these are files whose names end as models do.
	IsModel func(path string, folder bool) bool

	Every   time.Duration // how often Run looks; default 1 s
	OnEvent func(Event)   // called for all that happens
}

// A Kind is what happened.
type Kind int

const (
	Loaded  Kind = iota // a version is served
	Moved               // it is, and the sessions of the one before go on in it
	Kept                // it is, and the sessions of the one before stay with that until they end
	Ended               // the last of these has ended, and that version is gone
	Failed              // a version could not be loaded, or a source not be read: what was served still is
	Removed             // its file is gone, or it was unloaded
)

// An Event is what happened to a model.
type Event struct {
	Kind                 Kind
	Model, Version, Path string
	Took                 time.Duration // to load it
	Err                  error         // of Failed
	Told                 bool          // Scan returns Err too
}

// A Repository is models of files and folders. It is a serve.Repository.
type Repository struct {
	o      Options
	server *serve.Server
	index  atomic.Pointer[[]serve.IndexEntry]

	mu      sync.Mutex // held while models are looked for and loaded
	sources []Source
	models  map[string]*model
	tells   bool   // Scan returns errors
	unread  string // why not all sources could be read at the last look
	closed  bool
}

// A Source is a path to look at: a model, a folder of versions of one, or a folder of these. With
// the path "" it is a model that Open makes without one. The name "" is that of the path.
type Source struct{ Name, Path string }

// A model is one of a name, in one version or while sessions remain in several.
type model struct {
	name    string
	source  Source
	named   bool // by its source itself: it stays if its file goes
	current *version
	old     []*version
	tried   map[string]string // stamps of paths that were loaded, or that failed
	seen    map[string]string // stamps at the last look
	made    int               // versions of a plain file
	failed  *serve.IndexEntry
	off     bool // Unload was called
}

// A version is one that is served.
type version struct {
	m     *serve.Model
	path  string
	store io.Closer
}

// New makes a Repository without models.
func New(o Options) *Repository {
	o.Every = cmp.Or(o.Every, time.Second)
	if o.IsModel == nil {
		o.IsModel = func(path string, folder bool) bool {
			return !folder && slices.Contains(endings, strings.ToLower(filepath.Ext(path)))
		}
	}
	r := &Repository{o: o, models: map[string]*model{}}
	r.index.Store(&[]serve.IndexEntry{})
	return r
}

// endings are those of files of models.
var endings = []string{".onnx", ".safetensors", ".pt", ".pth", ".keras", ".h5", ".hdf5"}

// Serve names the server whose models these are. It is called once, before all else.
func (r *Repository) Serve(s *serve.Server) { r.server = s }

// Set has Scan and Run look at these sources from now on, and remove the models of others.
func (r *Repository) Set(sources ...Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = nil
	for _, s := range sources {
		if s.Path != "" {
			s.Path = filepath.Clean(s.Path)
		}
		r.sources = append(r.sources, s)
	}
}

// Run looks for changes until ctx ends. A file is loaded once it has not changed between two
// looks.
func (r *Repository) Run(ctx context.Context) {
	tick := time.NewTicker(r.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.mu.Lock()
			r.scan(ctx, false)
			r.mu.Unlock()
		}
	}
}

// Scan loads what there is now. The error is of those models that sources themselves name.
func (r *Repository) Scan(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tells = true
	defer func() { r.tells = false }()
	return r.scan(ctx, true)
}

// scan loads what is new: at once, or only what has settled.
func (r *Repository) scan(ctx context.Context, now bool) error {
	if r.closed {
		return session.ErrClosed
	}
	found, err := r.find()
	errs := []error{err}
	unread := ""
	if err != nil {
		unread = err.Error()
	}
	if !r.tells && err != nil && unread != r.unread {
		r.event(Event{Kind: Failed, Err: err})
	}
	r.unread = unread
	for _, c := range found {
		md := r.models[c.name]
		if md == nil {
			md = &model{name: c.name, tried: map[string]string{}, seen: map[string]string{}}
			r.models[c.name] = md
		}
		md.named, md.source = c.named, c.source
		if !md.off {
			if err := r.update(ctx, md, c, now); err != nil && c.named {
				errs = append(errs, err)
			}
		}
	}
	r.forget(ctx, found, err == nil)
	for _, md := range r.models {
		r.endOld(ctx, md)
	}
	r.tell()
	return errors.Join(errs...)
}

// forget removes models that no source names any more and, if all could be read, those that have
// gone from their folders.
func (r *Repository) forget(ctx context.Context, found []candidate, all bool) {
	for name, md := range r.models {
		if slices.ContainsFunc(found, func(c candidate) bool { return c.name == name }) {
			continue
		}
		named := slices.ContainsFunc(r.sources, func(s Source) bool {
			return s == md.source || md.named && s.nameOr(nameOf(s.Path)) == name // whose new file is not there
		})
		if !named || !md.named && all {
			r.remove(ctx, md)
			delete(r.models, name)
		}
	}
}

// remove ends a model; its sessions are saved.
func (r *Repository) remove(ctx context.Context, md *model) error {
	var errs []error
	for _, v := range append(md.old, md.current) {
		if v != nil {
			errs = append(errs, r.server.Remove(md.name, v.m.Version), v.close(ctx))
			r.event(Event{Kind: Removed, Model: md.name, Version: v.m.Version, Path: v.path})
		}
	}
	md.old, md.current = nil, nil
	clear(md.tried)
	return errors.Join(errs...)
}

// close saves the sessions of a version.
func (v *version) close(ctx context.Context) error {
	var errs []error
	if v.m.Sessions != nil {
		errs = append(errs, v.m.Sessions.Close(ctx))
	}
	if v.store != nil {
		errs = append(errs, v.store.Close())
	}
	return errors.Join(errs...)
}

// Close saves all sessions and ends the tables and their stores. The models are still in the
// server, which is to have ended.
func (r *Repository) Close(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var errs []error
	for _, md := range r.models {
		for _, v := range append(md.old, md.current) {
			if v != nil {
				if err := v.close(ctx); err != nil {
					errs = append(errs, fmt.Errorf("model %s: %w", md.name, err))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// Index implements serve.Repository.
func (r *Repository) Index() []serve.IndexEntry { return *r.index.Load() }

// tell makes the index anew.
func (r *Repository) tell() {
	list := []serve.IndexEntry{}
	for _, md := range r.models {
		if md.failed != nil {
			list = append(list, *md.failed)
		} else if md.off {
			list = append(list, serve.IndexEntry{Name: md.name, State: "UNAVAILABLE", Reason: "unloaded"})
		}
	}
	slices.SortFunc(list, func(a, b serve.IndexEntry) int { return strings.Compare(a.Name, b.Name) })
	r.index.Store(&list)
}

// Load implements serve.Repository: it looks for a model now, even if it failed before.
func (r *Repository) Load(ctx context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if md := r.models[name]; md != nil {
		md.off = false
		if md.failed != nil {
			clear(md.tried)
		}
	}
	r.scan(ctx, true)
	md := r.models[name]
	switch {
	case md == nil:
		return fmt.Errorf("there is no model '%s' in the folders of the server", name)
	case md.failed != nil:
		return fmt.Errorf("model '%s' cannot be loaded: %s", name, md.failed.Reason)
	}
	return nil
}

// Unload implements serve.Repository. The sessions are saved.
func (r *Repository) Unload(ctx context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	md := r.models[name]
	if md == nil || md.off {
		return fmt.Errorf("model '%s' is not loaded", name)
	}
	md.off = true
	defer r.tell()
	return r.remove(ctx, md)
}

func (r *Repository) event(e Event) {
	if r.o.OnEvent != nil {
		r.o.OnEvent(e)
	}
}

package watch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/watch"
	"github.com/recur-go/recur/session"
)

// An adder adds what a file says to the sum of its inputs. Its second state entry is of another layout.
type adder struct {
	add    session.Float
	layout byte
}

func (a adder) In() int           { return 1 }
func (a adder) Out() int          { return 1 }
func (a adder) StateSizes() []int { return []int{1} }
func (a adder) ID() [32]byte      { return [32]byte{a.layout} }

func (a adder) Step(_ context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	for i := range rows {
		states[0][i] += x[i]
		y[i] = states[0][i] + a.add
	}
	return nil
}

// open reads files such as "1a": a digit to add, and a layout.
func open(_ context.Context, path, name, version string, table session.TableOptions) (*serve.Model, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) != 2 {
		return nil, errors.New(path + ": it is no adder")
	}
	m := &serve.Model{Name: name, Version: version, ImplicitStart: true}
	m.Sessions = session.NewTable(session.New(adder{session.Float(b[0] - '0'), b[1]}, session.Options{OnBatch: m.OnBatch}), table)
	return m, nil
}

type world struct {
	t   *testing.T
	dir string
	s   *serve.Server
	r   *watch.Repository
	log []string
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir()}
	kinds := [...]string{"loaded", "moved", "kept", "ended", "failed", "removed"}
	w.r = watch.New(watch.Options{
		Open: open, IsModel: func(path string, folder bool) bool { return !folder && strings.HasSuffix(path, ".add") },
		OnEvent: func(e watch.Event) {
			told := map[bool]string{true: " told"}[e.Told]
			w.log = append(w.log, kinds[e.Kind]+" "+e.Model+" "+e.Version+told)
		},
	})
	w.s = serve.New(serve.Options{Repository: w.r})
	w.r.Serve(w.s)
	t.Cleanup(func() {
		if err := w.r.Close(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o666); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		w.t.Fatal(err)
	}
}

// step steps a session by 1 and checks the answer and which version gave it.
func (w *world) step(model, id string, want session.Float, version string) {
	w.t.Helper()
	req := &serve.Request{Model: model, Session: id, Inputs: []serve.Value{serve.FloatValue("x", []int64{1, 1}, []serve.Float{1})}}
	var resp serve.Response
	if err := w.s.Infer(w.t.Context(), req, &resp); err != nil {
		w.t.Fatal(err)
	}
	if got := resp.Outputs[0].Floats(nil)[0]; got != want || resp.Version != version {
		w.t.Errorf("%s %s: %v of version %s, want %v of %s", model, id, got, resp.Version, want, version)
	}
}

func (w *world) scan(events ...string) {
	w.t.Helper()
	w.log = nil
	w.r.Scan(w.t.Context())
	if got, want := strings.Join(w.log, ", "), strings.Join(events, ", "); got != want {
		w.t.Errorf("%s; want %s", got, want)
	}
}

// Sessions go on in a new version whose states fit, and stay with the old one if they do not.
func TestVersions(t *testing.T) {
	w := newWorld(t)
	w.r.Set(watch.Source{Path: w.dir})
	w.write("sum/1/model.add", "0a")
	w.scan("loaded sum 1")
	w.step("sum", "s", 1, "1")
	w.write("sum/2/model.add", "5a")
	w.scan("moved sum 2")
	w.step("sum", "s", 7, "2")
	w.write("sum/3/model.add", "broken")
	w.scan("failed sum 3")
	w.step("sum", "s", 8, "2")
	if list := w.r.Index(); len(list) != 1 || list[0].Version != "3" || list[0].State != "UNAVAILABLE" || !strings.Contains(list[0].Reason, "no adder") || strings.Contains(list[0].Reason, w.dir) {
		t.Errorf("%+v", list)
	}
	w.write("sum/4/model.add", "0b")
	w.scan("kept sum 4")
	w.step("sum", "s", 9, "2")
	w.step("sum", "new", 1, "4")
	m, err := w.s.Model("sum", "2")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Sessions.Delete(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	w.scan("ended sum 2")
	w.step("sum", "s", 1, "4")
}

// A plain file counts its versions; the same bytes are no new one, and a folder's file that goes
// takes its model along.
func TestPlainFiles(t *testing.T) {
	w := newWorld(t)
	w.r.Set(watch.Source{Path: w.dir})
	w.write("a.add", "0a")
	w.write("notes.txt", "x")
	w.scan("loaded a 1")
	w.step("a", "s", 1, "1")
	w.write("a.add", "0a")
	w.scan()
	w.write("a.add", "3a")
	w.scan("moved a 2")
	w.step("a", "s", 5, "2")
	os.Remove(filepath.Join(w.dir, "a.add"))
	w.scan("removed a 2")
	if _, err := w.s.Model("a", ""); err == nil {
		t.Error("it is still there")
	}
}

// A model that is named stays if its file goes, and one that cannot be opened is an error.
func TestNamed(t *testing.T) {
	w := newWorld(t)
	w.write("a.add", "0a")
	w.r.Set(watch.Source{Name: "b", Path: filepath.Join(w.dir, "a.add")})
	w.scan("loaded b 1")
	os.Remove(filepath.Join(w.dir, "a.add"))
	w.scan()
	w.step("b", "s", 1, "1")
	w.write("c.add", "no")
	w.r.Set(watch.Source{Path: os.DevNull})
	if err := w.r.Scan(t.Context()); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Error(err)
	}
	w.r.Set(watch.Source{Path: filepath.Join(w.dir, "none.add")})
	if err := w.r.Scan(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Unload takes a model away until Load.
func TestLoadAndUnload(t *testing.T) {
	w := newWorld(t)
	w.r.Set(watch.Source{Path: w.dir})
	w.write("a.add", "0a")
	w.scan("loaded a 1")
	if err := w.s.Unload(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	w.scan()
	if err := w.s.Load(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	w.step("a", "s", 1, "2")
	if err := w.s.Load(t.Context(), "b"); err == nil || !strings.Contains(err.Error(), "no model 'b'") {
		t.Error(err)
	}
}

// Models that no source names any more are removed, and their sessions are saved; a new source of
// a name that cannot be read leaves the model that was there.
func TestSet(t *testing.T) {
	w := newWorld(t)
	w.write("a.add", "0a")
	w.write("more/b.add", "1a")
	w.write("more/c.add", "2a")
	at := func(name, path string) watch.Source {
		return watch.Source{Name: name, Path: filepath.Join(w.dir, path)}
	}
	w.r.Set(at("a", "a.add"), at("", "more"))
	w.scan("loaded a 1", "loaded b 1", "loaded c 1")
	w.step("a", "s", 1, "1")
	w.r.Set(at("a", "gone.add"), at("", "more"))
	if err := w.r.Scan(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	w.step("a", "s", 2, "1")
	w.r.Set(at("a", "more/b.add"))
	w.log = nil
	if err := w.r.Scan(t.Context()); err != nil {
		t.Error(err)
	}
	slices.Sort(w.log)
	if got := strings.Join(w.log, ", "); got != "moved a 2, removed b 1, removed c 1" {
		t.Error(got)
	}
	w.step("a", "s", 4, "2")
	for _, name := range []string{"b", "c"} {
		if _, err := w.s.Model(name, ""); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// Scan returns the errors of models that are named, and the events tell so; those of others are
// in the events alone.
func TestTold(t *testing.T) {
	w := newWorld(t)
	w.write("a.add", "broken")
	w.write("more/b.add", "broken")
	w.r.Set(watch.Source{Path: filepath.Join(w.dir, "a.add")}, watch.Source{Path: filepath.Join(w.dir, "more")})
	if err := w.r.Scan(t.Context()); err == nil || strings.Contains(err.Error(), "b.add") {
		t.Error(err)
	}
	if got := strings.Join(w.log, ", "); got != "failed a 1 told, failed b 1" {
		t.Error(got)
	}
	w.log = nil
	if err := w.s.Load(t.Context(), "a"); err == nil {
		t.Error("it is loaded")
	}
	if got := strings.Join(w.log, ", "); got != "failed a 1" {
		t.Error(got)
	}
}

// Run tells once of what it cannot read.
func TestRunTells(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x/a.add", "y/a.add"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("0a"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	events := make(chan watch.Event, 100)
	r := watch.New(watch.Options{
		Open: open, IsModel: func(path string, folder bool) bool { return !folder && strings.HasSuffix(path, ".add") },
		Every: time.Millisecond, OnEvent: func(e watch.Event) { events <- e },
	})
	r.Serve(serve.New(serve.Options{Repository: r}))
	r.Set(watch.Source{Path: filepath.Join(dir, "x")}, watch.Source{Path: filepath.Join(dir, "y")})
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan bool)
	go func() {
		r.Run(ctx)
		close(ran)
	}()
	if e := <-events; e.Kind != watch.Failed || e.Err == nil || !strings.Contains(e.Err.Error(), "two models have the name a") {
		t.Errorf("%+v", e)
	}
	if e := <-events; e.Kind != watch.Loaded { // of the first one, once it has settled
		t.Errorf("%+v", e)
	}
	if err := os.Remove(filepath.Join(dir, "x/a.add")); err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Kind != watch.Moved {
		t.Errorf("%+v", e)
	}
	stop()
	<-ran
	if err := r.Close(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(events)
	for e := range events {
		t.Errorf("then %+v", e)
	}
}

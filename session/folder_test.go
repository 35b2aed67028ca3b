package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// openSim opens a store on a disk without its goroutine.
func openSim(t testing.TB, d *simDisk, o FolderOptions) *Folder {
	t.Helper()
	f, err := openFolder("sim", d, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func saveVersion(t testing.TB, f *Folder, id string, version int) {
	t.Helper()
	if err := saveOne(f, id, version); err != nil {
		t.Fatal(err)
	}
}

func saveOne(f *Folder, id string, version int) error {
	return f.Save(context.Background(), []Record{{ID: id, Used: usedOf(version), Blob: stateOf(id, version)}})
}

// wantVersion checks what a store has; -1 is a session that is lost.
func wantVersion(t testing.TB, f *Folder, id string, want int) {
	t.Helper()
	got, err := version(f, id)
	if want < 0 {
		if !errors.Is(err, ErrStateLost) {
			t.Errorf("session %q: version %d, %v, want %v", id, got, err, ErrStateLost)
		}
	} else if err != nil || got != want {
		t.Errorf("session %q: version %d, %v, want %d", id, got, err, want)
	}
}

func TestFolderReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for round := range 4 {
		f, err := OpenFolder(dir, FolderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			id := fmt.Sprint(i)
			if round > 0 {
				want := round
				if i%4 == round-1 {
					want = 0
				}
				wantVersion(t, f, id, want)
			}
			saveVersion(t, f, id, round+1)
			if i%4 == round {
				if err := f.Delete(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s := f.Stats(); s.Sessions != 15 || s.Damaged != 0 || s.Cut != 0 || s.Err != nil {
			t.Errorf("%+v", s)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v; want one file", files, err)
	}
}

func TestFolderIsOfOneProcess(t *testing.T) {
	dir := t.TempDir()
	f, err := OpenFolder(dir, FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(dir, FolderOptions{}); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("it opens twice: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = OpenFolder(dir, FolderOptions{}); err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestFolderClosed(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	f, err := OpenFolder(t.TempDir(), FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	saveVersion(t, f, "a", 1)
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err = f.Load(t.Context(), "a")
	errs := []error{err, saveOne(f, "a", 2), f.Delete(t.Context(), "a"), f.Delete(t.Context(), "b"), f.Compact(t.Context())}
	for _, err := range f.All(t.Context(), "") {
		errs = append(errs, err)
	}
	for i, err := range errs {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("call %d after Close: %v", i, err)
		}
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
}

func TestFolderOptionsAreChecked(t *testing.T) {
	for _, o := range []FolderOptions{{SegmentBytes: -1}, {SegmentBytes: 1<<30 + 1}, {Waste: -1}} {
		dir := t.TempDir()
		if _, err := OpenFolder(dir, o); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(file, FolderOptions{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file is opened: %v", err)
	}
}

// A gate holds syncs up.
type gate struct {
	*simDisk
	entered, open chan struct{}
}

type gateFile struct {
	diskFile
	g *gate
}

func (g *gate) Create(name string) (diskFile, error) {
	f, err := g.simDisk.Create(name)
	return gateFile{f, g}, err
}

func (f gateFile) Sync() error {
	f.g.entered <- struct{}{}
	<-f.g.open
	return f.diskFile.Sync()
}

// waiting waits until so many calls wait for the next group.
func waiting(f *Folder, n int) {
	for {
		f.queue.mu.Lock()
		now := len(f.queue.waiting)
		f.queue.mu.Unlock()
		if now == n {
			return
		}
		runtime.Gosched()
	}
}

// Calls that come while the disk syncs share the next sync; one that is cancelled meanwhile
// is not written.
func TestFolderGroups(t *testing.T) {
	g := &gate{newSimDisk(rand.New(rand.NewPCG(1, 1))), make(chan struct{}), make(chan struct{})}
	f, err := openFolder("sim", g, FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { saveVersion(t, f, "first", 1) })
	<-g.entered
	for i := range 50 {
		all.Go(func() { saveVersion(t, f, fmt.Sprint(i), 1) })
	}
	waiting(f, 50)
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := make(chan error)
	go func() { cancelled <- f.Save(ctx, []Record{{ID: "late"}}) }()
	waiting(f, 51)
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that was cancelled: %v", err)
	}
	g.open <- struct{}{}
	<-g.entered
	wantVersion(t, f, "first", 1)
	wantVersion(t, f, "7", 0) // not before it is safe
	g.open <- struct{}{}
	all.Wait()
	for i := range 50 {
		wantVersion(t, f, fmt.Sprint(i), 1)
	}
	wantVersion(t, f, "late", 0)
	if g.syncs != 1+1+2 { // of the folder when it was opened and for the file, and two groups
		t.Errorf("%d syncs", g.syncs)
	}
	go func() { <-g.entered; g.open <- struct{}{} }()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// What a group has filled is not taken for old before the group is acknowledged.
func TestFolderTidyDuringGroup(t *testing.T) {
	g := &gate{newSimDisk(rand.New(rand.NewPCG(1, 1))), make(chan struct{}), make(chan struct{})}
	f, err := openFolder("sim", g, FolderOptions{SegmentBytes: 1000, Waste: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	var group []Record
	for v := 1; v <= 3; v++ {
		group = append(group, Record{ID: fmt.Sprint(v), Used: usedOf(v), Blob: make([]byte, 900)})
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := f.Save(t.Context(), group); err != nil {
			t.Error(err)
		}
	})
	for range 2 { // the first segments
		<-g.entered
		g.open <- struct{}{}
	}
	<-g.entered
	all.Go(f.tidy)
	waiting(f, 1)
	g.open <- struct{}{}
	all.Wait()
	for _, r := range group {
		if _, err := f.Load(t.Context(), r.ID); err != nil {
			t.Error(err)
		}
	}
}

// Goroutines save, load and delete while segments are emptied.
func TestFolderBusy(t *testing.T) {
	dir := t.TempDir()
	o := FolderOptions{SegmentBytes: 20000, Waste: 0.1, NoSync: true}
	f, err := OpenFolder(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	last := make([]map[string]int, 4)
	for g := range last {
		last[g] = map[string]int{}
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for v := 1; v < 400; v++ {
				id := fmt.Sprintf("%d-%d", g, r.IntN(10))
				if r.IntN(5) == 0 {
					if err := f.Delete(t.Context(), id); err != nil {
						t.Error(err)
					}
					last[g][id] = 0
				} else {
					if err := saveOne(f, id, v); err != nil {
						t.Error(err)
					}
					last[g][id] = v
				}
				id = fmt.Sprintf("%d-%d", g, r.IntN(10))
				wantVersion(t, f, id, last[g][id])
			}
		})
	}
	saved := make(chan struct{})
	go func() {
		all.Wait()
		close(saved)
	}()
	for busy := true; busy; {
		select {
		case <-saved:
			busy = false
		default:
			if err := f.Compact(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	for range 2 {
		for _, of := range last {
			for id, v := range of {
				wantVersion(t, f, id, v)
			}
		}
		if err := f.Stats().Err; err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if f, err = OpenFolder(dir, o); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
}

// Close lets calls end that have begun, and refuses others.
func TestFolderCloseWhileSaving(t *testing.T) {
	dir := t.TempDir()
	o := FolderOptions{SegmentBytes: 20000, Waste: 0.1}
	f, err := OpenFolder(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	last := make([]int, 8)
	saved := make(chan struct{}, 1000)
	for g := range last {
		all.Go(func() {
			for {
				err := saveOne(f, fmt.Sprint(g), last[g]+1)
				if errors.Is(err, os.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				last[g]++
				select {
				case saved <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 100 {
		<-saved
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if f, err = OpenFolder(dir, o); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for g, v := range last {
		wantVersion(t, f, fmt.Sprint(g), v)
	}
}

// Who is to write the next group cannot go away any more.
func TestFolderChiefStays(t *testing.T) {
	r := &request{chief: true}
	q := groups{waiting: []*request{r}}
	if q.withdraw(r) {
		t.Error("the chief is gone")
	}
	r.chief = false
	if !q.withdraw(r) || len(q.waiting) != 0 {
		t.Error("one who waits is not gone")
	}
}

// Times that nanoseconds do not reach become those next to them.
func TestFolderTimes(t *testing.T) {
	for _, year := range []int{-1, 1500, 1677, 1678, 2026, 2261, 2262, 9999} {
		at := time.Date(year, 7, 1, 0, 0, 0, 1, time.UTC)
		got := fromNanos(toNanos(at))
		if want := min(max(year, 1677), 2262); got.Year() != want || year == want && year > 1677 && year < 2262 && !got.Equal(at) {
			t.Errorf("%v becomes %v", at, got)
		}
	}
}

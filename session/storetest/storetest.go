// Package storetest checks implementations of session.Store.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recur-go/recur/session"
)

// Test checks that the stores which open returns are what session.Store asks for. Each is
// empty, and closed by the cleanup of its test.
func Test(t *testing.T, open func(t *testing.T) session.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s session.Store)
	}{
		{"Load", testLoad},
		{"Replace", testReplace},
		{"Blobs", testBlobs},
		{"Names", testNames},
		{"Times", testTimes},
		{"Delete", testDelete},
		{"End", testEnd},
		{"All", testAll},
		{"Large", testLarge},
		{"Cancelled", testCancelled},
		{"Goroutines", testGoroutines},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var noon = time.Date(2026, 11, 30, 12, 0, 0, 123456789, time.UTC)

func record(id, blob string) session.Record {
	return session.Record{ID: id, Used: noon, Blob: []byte(blob)}
}

func save(t *testing.T, s session.Store, records ...session.Record) {
	t.Helper()
	if err := s.Save(t.Context(), records); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

// has checks what is kept of a session.
func has(t *testing.T, s session.Store, want session.Record) {
	t.Helper()
	got, err := s.Load(t.Context(), want.ID)
	if err != nil {
		t.Errorf("Load(%q): %v", want.ID, err)
		return
	}
	if got.ID != want.ID || !got.Used.Equal(want.Used) || !bytes.Equal(got.Blob, want.Blob) {
		t.Errorf("Load(%q) = %q %v %.40q, want %v %.40q", want.ID, got.ID, got.Used, got.Blob, want.Used, want.Blob)
	}
}

func hasNot(t *testing.T, s session.Store, id string) {
	t.Helper()
	if _, err := s.Load(t.Context(), id); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("Load(%q): %v, want %v", id, err, session.ErrNotFound)
	}
}

func testLoad(t *testing.T, s session.Store) {
	hasNot(t, s, "a")
	save(t, s)
	a, b := record("a", "state of a"), record("b", "")
	save(t, s, a, b)
	has(t, s, a)
	has(t, s, b)
	hasNot(t, s, "c")
}

func testReplace(t *testing.T, s session.Store) {
	save(t, s, record("a", "1"), record("b", "1"))
	two := record("a", "the second, which is longer")
	two.Used = noon.Add(time.Nanosecond)
	save(t, s, two)
	has(t, s, two)
	has(t, s, record("b", "1"))
	save(t, s, record("a", "3"), record("b", "3"), record("a", "4"))
	has(t, s, record("a", "4"))
	has(t, s, record("b", "3"))
}

// The caller may use its blobs again, and change those that it gets.
func testBlobs(t *testing.T, s session.Store) {
	blob := []byte("state")
	save(t, s, session.Record{ID: "a", Used: noon, Blob: blob})
	clear(blob)
	r, err := s.Load(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	clear(r.Blob)
	has(t, s, record("a", "state"))
}

func testNames(t *testing.T, s session.Store) {
	names := []string{
		"a", " ", ".", "..", "../a", "/", "a/b", `a\b`, "a\x00b", "\n", "é", "e\u0301", "\xff\xfe", "A", "con", "*", "a.b", "한국",
		strings.Repeat("n", 256), strings.Repeat("/", 256),
	}
	for i, id := range names {
		save(t, s, record(id, fmt.Sprint(i)))
	}
	for i, id := range names {
		has(t, s, record(id, fmt.Sprint(i)))
	}
	for _, id := range []string{"", strings.Repeat("n", 257), strings.Repeat("n", 1<<20)} {
		hasNot(t, s, id)
		err := s.Save(t.Context(), []session.Record{record("fine", "1"), record(id, "1")})
		if err == nil {
			t.Errorf("a name of %d bytes is saved", len(id))
		} else if len(err.Error()) > 1000 {
			t.Errorf("the error of a name of %d bytes has %d", len(id), len(err.Error()))
		}
		if err := s.Delete(t.Context(), id); err != nil {
			t.Errorf("Delete of a name of %d bytes: %v", len(id), err)
		}
	}
}

func testTimes(t *testing.T, s session.Store) {
	for _, used := range []time.Time{{}, time.Unix(0, 0), noon, noon.In(time.FixedZone("KST", 9*3600)), time.Now()} {
		r := session.Record{ID: "a", Used: used, Blob: []byte("1")}
		save(t, s, r)
		has(t, s, r)
		if got, err := s.Load(t.Context(), "a"); err != nil || got.Used.IsZero() != used.IsZero() {
			t.Errorf("the time of %v is %v, %v", used, got.Used, err)
		}
	}
}

func testDelete(t *testing.T, s session.Store) {
	del := func(ids ...string) {
		t.Helper()
		if err := s.Delete(t.Context(), ids...); err != nil {
			t.Errorf("Delete(%q): %v", ids, err)
		}
	}
	del()
	del("a")
	save(t, s, record("a", "1"), record("b", "1"), record("c", "1"))
	del("a", "none", "c", "a")
	hasNot(t, s, "a")
	has(t, s, record("b", "1"))
	hasNot(t, s, "c")
	save(t, s, record("a", "2"))
	has(t, s, record("a", "2"))
}

// What a session ended with is kept until there is something newer of its ID.
func testEnd(t *testing.T, store session.Store) {
	s, ok := store.(session.EndStore)
	if !ok {
		t.Skip("it keeps nothing of sessions that have ended")
	}
	end := func(records ...session.Record) {
		t.Helper()
		if err := s.End(t.Context(), records); err != nil {
			t.Errorf("End: %v", err)
		}
	}
	// ended checks what a session ended with, "" for nothing.
	ended := func(id, blob string) {
		t.Helper()
		r, err := s.Ended(t.Context(), id)
		switch {
		case blob == "" && !errors.Is(err, session.ErrNotFound):
			t.Errorf("Ended(%q): %q, %v, want %v", id, r.Blob, err, session.ErrNotFound)
		case blob != "" && (err != nil || r.ID != id || !r.Used.Equal(noon) || string(r.Blob) != blob):
			t.Errorf("Ended(%q) = %q %v %q, %v, want %v %q", id, r.ID, r.Used, r.Blob, err, noon, blob)
		}
	}
	ended("a", "")
	save(t, s, record("a", "1"), record("b", "1"), record("c", "1"))
	ended("a", "")
	end(record("a", "end of a"), record("b", ""), record("d", "end of d"), record("e", ""))
	hasNot(t, s, "a")
	hasNot(t, s, "b")
	hasNot(t, s, "d")
	has(t, s, record("c", "1"))
	ended("a", "end of a")
	ended("b", "")
	ended("c", "")
	ended("d", "end of d")
	ended("e", "")
	if got := list(t, s, "", -1); !slices.Equal(got, []string{"c"}) {
		t.Errorf("All gives %q, want the one that has not ended", got)
	}

	end(record("a", "again"))
	ended("a", "again")
	save(t, s, record("a", "2"))
	has(t, s, record("a", "2"))
	ended("a", "")
	end(record("a", ""))
	ended("a", "")
	if err := s.Delete(t.Context(), "d"); err != nil {
		t.Error(err)
	}
	ended("d", "")
	if err := s.End(t.Context(), []session.Record{record("c", "end"), record("", "end")}); err == nil {
		t.Error("an end without a name is kept")
	}
	has(t, s, record("c", "1"))
}

// list returns the IDs that All gives, and checks its times.
func list(t *testing.T, s session.Store, after string, most int) (ids []string) {
	t.Helper()
	for r, err := range s.All(t.Context(), after) {
		if err != nil {
			t.Fatalf("All(%q): %v", after, err)
		}
		if r.Blob != nil || !r.Used.Equal(noon) {
			t.Errorf("All(%q) gives %+v", after, r)
		}
		if ids = append(ids, r.ID); len(ids) == most {
			break
		}
	}
	return ids
}

func testAll(t *testing.T, s session.Store) {
	if got := list(t, s, "", -1); len(got) > 0 {
		t.Errorf("an empty store has %q", got)
	}
	var want []string
	var records []session.Record
	for i := range 600 {
		id := fmt.Sprintf("%d", i*7919%600)
		want = append(want, id)
		records = append(records, record(id, id))
	}
	save(t, s, records...)
	if err := s.Delete(t.Context(), "7", "599"); err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(id string) bool { return id == "7" || id == "599" })
	slices.Sort(want)
	if got := list(t, s, "", -1); !slices.Equal(got, want) {
		t.Errorf("All gives %d IDs %.10q, want %d", len(got), got, len(want))
	}
	for _, after := range []string{"0", "1", "15", "598", "7", "99", "999", "zzz"} {
		i, found := slices.BinarySearch(want, after)
		if found {
			i++
		}
		if got := list(t, s, after, -1); !slices.Equal(got, want[i:]) {
			t.Errorf("All(%q) gives %d IDs, want %d", after, len(got), len(want)-i)
		}
		end := min(len(want), i+5)
		if got := list(t, s, after, 5); !slices.Equal(got, want[i:end]) {
			t.Errorf("All(%q) begins with %q, want %q", after, got, want[i:end])
		}
	}
	// The store may change while it is listed.
	n := 0
	for r, err := range s.All(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != len(want) || len(list(t, s, "", -1)) > 0 {
		t.Errorf("%d of %d were listed while they were deleted", n, len(want))
	}
}

func testLarge(t *testing.T, s session.Store) {
	large := record("large", strings.Repeat("0123456789abcdef", 3<<16)+"end")
	save(t, s, record("a", "1"), large, record("b", "2"))
	has(t, s, record("a", "1"))
	has(t, s, large)
	has(t, s, record("b", "2"))
}

func testCancelled(t *testing.T, s session.Store) {
	save(t, s, record("a", "1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Load(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Load: %v", err)
	}
	if err := s.Save(ctx, []session.Record{record("a", "2")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Save: %v", err)
	}
	if err := s.Delete(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Delete: %v", err)
	}
	for _, err := range s.All(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("All: %v", err)
		}
	}
	has(t, s, record("a", "1"))
}

// Goroutines share the store, each with sessions of its own.
func testGoroutines(t *testing.T, s session.Store) {
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 30 {
				a, b := record(fmt.Sprintf("%d/a", g), fmt.Sprint(i)), record(fmt.Sprintf("%d/b", g), fmt.Sprint(-i))
				if err := s.Save(t.Context(), []session.Record{a, b}); err != nil {
					t.Errorf("Save: %v", err)
					return
				}
				has(t, s, a)
				has(t, s, b)
				if i%3 == 0 {
					if err := s.Delete(t.Context(), a.ID); err != nil {
						t.Errorf("Delete: %v", err)
					}
					hasNot(t, s, a.ID)
				}
				for _, err := range s.All(t.Context(), b.ID) {
					if err != nil {
						t.Errorf("All: %v", err)
					}
				}
			}
		})
	}
	all.Wait()
	for g := range 8 {
		has(t, s, record(fmt.Sprintf("%d/a", g), "29"))
		has(t, s, record(fmt.Sprintf("%d/b", g), "-29"))
	}
}

package session

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// All lists all sessions by name whatever page they are on, those of the store among them.
func TestAllInPages(t *testing.T) {
	for _, o := range []TableOptions{{}, {Store: newShelf(), Max: 300}} {
		tab := NewTable(New(sum{}, Options{}), o)
		var want []string
		for i := range 3000 {
			id := fmt.Sprint(i * 7919 % 3000)
			wants(t, tab, id, 0, 1)
			want = append(want, id)
		}
		for i := 0; i < 3000; i += 3 {
			if err := tab.Delete(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		want = slices.DeleteFunc(want, func(id string) bool {
			var n int
			fmt.Sscan(id, &n)
			return n%3 == 0
		})
		slices.Sort(want)
		for _, from := range []int{0, 1, 255, 256, 257, 1999} {
			after := ""
			if from > 0 {
				after = want[from-1]
			}
			var got []string
			for info, err := range tab.All(t.Context(), after) {
				if got = append(got, info.ID); err != nil || info.Memory && info.Steps != 1 {
					t.Fatal(info, err)
				}
			}
			if !slices.Equal(got, want[from:]) {
				t.Errorf("after %q there are %d, want %d", after, len(got), len(want)-from)
			}
		}
		tab.Close(context.Background())
	}
}

// Sessions that are put away and taken up meanwhile are listed all the same, once.
func TestAllWhileTheyMove(t *testing.T) {
	const n = 1500
	tab := NewTable(New(sum{}, Options{}), TableOptions{Store: NewMemory(), Max: n / 2})
	defer tab.Close(t.Context())
	id := func(i int) string { return fmt.Sprintf("%04d", i) }
	for i := range n {
		wants(t, tab, id(i), 0, 1)
	}
	ctx, stop := context.WithCancel(t.Context())
	var stepping sync.WaitGroup
	for w := range 2 {
		stepping.Go(func() {
			for i := w; ctx.Err() == nil; i = (i + 769) % n {
				if _, err := tab.Step(t.Context(), id(i), 0, nil, []Float{1}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 100 {
		i := 0
		for info, err := range tab.All(t.Context(), "") {
			if err != nil || info.ID != id(i) {
				t.Errorf("%+v, %v, want %s", info, err, id(i))
				break
			}
			i++
		}
		if i != n {
			t.Errorf("%d are listed", i)
			break
		}
	}
	stop()
	stepping.Wait()
}

// A page of 100,000 sessions.
func BenchmarkAll(b *testing.B) {
	tab := NewTable(New(sum{}, Options{}), TableOptions{})
	defer tab.Close(b.Context())
	for i := range 100_000 {
		if _, err := tab.Step(b.Context(), fmt.Sprintf("session-%d", i*7919%100_000), 0, nil, []Float{1}); err != nil {
			b.Fatal(err)
		}
	}
	for _, page := range []int{100, 10_000} {
		b.Run(fmt.Sprint(page), func(b *testing.B) {
			after := ""
			for b.Loop() {
				n, from := 0, after
				after = ""
				for info := range tab.All(b.Context(), from) {
					if n++; n > page {
						break
					}
					after = info.ID
				}
				if n <= page {
					after = ""
				}
			}
		})
	}
}

package session

import (
	"context"
	"fmt"
	"slices"
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

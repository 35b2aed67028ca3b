package session_test

import (
	"testing"

	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/session/storetest"
)

func TestMemoryIsAStore(t *testing.T) {
	storetest.Test(t, func(t *testing.T) session.Store { return session.NewMemory() })
}

func TestFolderIsAStore(t *testing.T) {
	for name, o := range map[string]session.FolderOptions{
		"synced":   {},
		"NoSync":   {NoSync: true},
		"segments": {NoSync: true, SegmentBytes: 1000, Waste: 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Test(t, func(t *testing.T) session.Store {
				f, err := session.OpenFolder(t.TempDir(), o)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := f.Close(); err != nil {
						t.Error(err)
					}
				})
				return f
			})
		})
	}
}

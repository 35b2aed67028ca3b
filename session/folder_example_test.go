package session_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/recur-go/recur/session"
)

// What Save returned nil for is there when the folder is opened again, whatever happened to
// the process.
func ExampleOpenFolder() {
	tmp, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	ctx, dir := context.Background(), filepath.Join(tmp, "sessions")

	store, err := session.OpenFolder(dir, session.FolderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	err = store.Save(ctx, []session.Record{{ID: "alice", Used: time.Now(), Blob: []byte("a state")}})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Close(); err != nil {
		log.Fatal(err)
	}

	store, err = session.OpenFolder(dir, session.FolderOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	r, err := store.Load(ctx, "alice")
	fmt.Printf("%s, %v\n", r.Blob, err)
	_, err = store.Load(ctx, "bob")
	fmt.Println(err)
	// Output:
	// a state, <nil>
	// session "bob": no such session
}

package session

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// What one durable step of each of 256 sessions costs, by one call for all and by a call of
// each. Beside it stands what the disk allows: the sessions by the time of one sync of the
// same bytes, which are appended to a file in the same run.
func BenchmarkFolderSave(b *testing.B) {
	const sessions, size = 256, 1600
	all := records(sessions, size)
	bench := func(b *testing.B, save func(f *Folder, steps int)) {
		dir := b.TempDir()
		f, err := OpenFolder(dir, FolderOptions{})
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		file, err := os.Create(filepath.Join(dir, "bound"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		bytes := make([]byte, sessions*(headSize+len(all[0].ID)+size))
		var bound, store time.Duration
		save(f, 3)
		b.ResetTimer()
		// Both in turns, so that they meet the same disk.
		for done := 0; done < b.N; {
			n := min(8, b.N-done)
			began := time.Now()
			save(f, n)
			store += time.Since(began)
			b.StopTimer()
			began = time.Now()
			for range n {
				if _, err := file.Write(bytes); err != nil {
					b.Fatal(err)
				}
				if err := syncData(file); err != nil {
					b.Fatal(err)
				}
			}
			bound += time.Since(began)
			b.StartTimer()
			done += n
		}
		b.ReportMetric(float64(b.N*sessions)/store.Seconds(), "steps/s")
		b.ReportMetric(float64(b.N*sessions)/bound.Seconds(), "bound/s")
		b.ReportMetric(bound.Seconds()/store.Seconds(), "of-bound")
	}
	b.Run("call", func(b *testing.B) {
		bench(b, func(f *Folder, steps int) {
			for range steps {
				if err := f.Save(context.Background(), all); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
	b.Run("callers", func(b *testing.B) {
		bench(b, func(f *Folder, steps int) {
			var wait sync.WaitGroup
			for i := range all {
				wait.Go(func() {
					for range steps {
						if err := f.Save(context.Background(), all[i:i+1]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
		})
	})
}

// What it takes to open 100,000 sessions of 1.6 kB.
func BenchmarkFolderOpen(b *testing.B) {
	dir := b.TempDir()
	f, err := OpenFolder(dir, FolderOptions{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	all := records(1000, 1600)
	for i := range 100 {
		for j := range all {
			all[j].ID = fmt.Sprintf("session-%03d-%04d", i, j)
		}
		if err := f.Save(context.Background(), all); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := OpenFolder(dir, FolderOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if n := f.Stats().Sessions; n != 100000 {
			b.Fatalf("%d sessions", n)
		}
		f.Close()
	}
}

package session

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	crashSavers   = 4
	crashSessions = 20 // of each
)

var crashOptions = FolderOptions{SegmentBytes: 100 << 10, Waste: 0.2}

// crashChild saves until it is killed, and prints before each call what it tries, and after
// it that it was acknowledged.
func crashChild(dir string, seed uint64) {
	f, err := OpenFolder(dir, crashOptions)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	print := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format, args...)
		out.Flush()
	}
	for g := range crashSavers {
		r := rand.New(rand.NewPCG(seed, uint64(g)))
		go func() {
			for v := int(seed); ; v++ {
				id, version := fmt.Sprintf("%d-%d", g, r.IntN(crashSessions)), v
				switch r.IntN(8) {
				case 0:
					version = 0
				case 1:
					version = -v
				}
				print("try %s %d\n", id, version)
				var err error
				switch {
				case version == 0:
					err = f.Delete(context.Background(), id)
				case version < 0:
					err = f.End(context.Background(), []Record{{ID: id, Used: usedOf(v), Blob: stateOf(id, v)}})
				default:
					err = saveOne(f, id, version)
				}
				if err != nil {
					print("error %v\n", err)
					os.Exit(1)
				}
				print("ack %s %d\n", id, version)
			}
		}()
	}
	select {}
}

// A process that is killed at any moment loses nothing that was acknowledged.
func TestFolderCrash(t *testing.T) {
	if dir := os.Getenv("RECUR_CRASH_DIR"); dir != "" {
		seed, _ := strconv.ParseUint(os.Getenv("RECUR_CRASH_SEED"), 10, 64)
		crashChild(dir, seed)
	}
	if runtime.GOOS == "windows" {
		t.Skip("no kill")
	}
	rounds := 6
	if s := os.Getenv("RECUR_CRASH_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	w := newWitness()
	acks := 0
	for round := range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFolderCrash$")
		cmd.Env = append(os.Environ(), "RECUR_CRASH_DIR="+dir, fmt.Sprintf("RECUR_CRASH_SEED=%d", 1+round*1000000))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killer := time.AfterFunc(time.Duration(r.IntN(400))*time.Millisecond, func() { cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var what, id string
			var version int
			if n, _ := fmt.Sscan(lines.Text(), &what, &id, &version); n != 3 {
				t.Errorf("the child: %s", lines.Text())
				continue
			}
			if what == "ack" {
				w.ack(id, version)
				acks++
			} else {
				w.tried[id] = append(w.tried[id], version)
			}
		}
		killer.Stop()
		cmd.Process.Kill()
		cmd.Wait()

		f, err := OpenFolder(dir, crashOptions)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for g := range crashSavers {
			for i := range crashSessions {
				ids = append(ids, fmt.Sprintf("%d-%d", g, i))
			}
		}
		if err := w.check(f, ids, true); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d kills, %d calls were acknowledged", rounds, acks)
	if acks == 0 {
		t.Error("nothing was saved")
	}
}

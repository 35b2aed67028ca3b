package session

import (
	"maps"
	"math/rand/v2"
	"testing"
)

// However often the process ends or the power fails between calls, what a table answers that
// saves each step is what one would answer that nothing happened to.
func TestTableRestarts(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := newSimDisk(r)
		var tab *Table
		start := func() {
			f := openSim(t, d, FolderOptions{SegmentBytes: 4 << 10, Waste: 0.1})
			tab = NewTable(New(sum{}, Options{}), TableOptions{Store: f, Save: SaveEach, Max: 2})
		}
		start()
		have := map[string]known{}
		old := map[string]bool{} // sessions that were begun anew since they ended, so that the end may be forgotten
		repeated := 0
		var in asked
		for call := range 400 {
			restarted := r.IntN(4) == 0
			if restarted {
				switch r.IntN(3) { // else the process was killed
				case 0:
					d.crash()
				case 1:
					if err := tab.Close(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				start()
			}
			if in.op != "end" || r.IntN(2) == 0 {
				if in = randomCall(r); in.op == "step" && r.IntN(3) == 0 {
					in.op = "end"
				}
			}
			_, there := have[in.id]
			out := do(t, tab, in)
			ok, next := book.Step(have, in, out)
			if !ok && in.op == "end" && old[in.id] {
				have = maps.Clone(have)
				delete(have, ended+in.id)
				ok, next = book.Step(have, in, out)
			}
			if !ok {
				t.Fatalf("seed %d, call %d: %s, though there was %v", seed, call, book.DescribeOperation(in, out), have)
			}
			have = next.(map[string]known)
			for id := range have {
				old[id] = true
			}
			if in.op == "end" && out.err == "" && there && in.n > 0 {
				old[in.id] = false
			} else if in.op == "end" && out.err == "" && restarted {
				repeated++
			}
		}
		if repeated == 0 {
			t.Errorf("seed %d: no end was repeated after a restart", seed)
		}
	}
}

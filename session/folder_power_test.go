package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// A witness knows what a store must have: of each session the version that was acknowledged
// last, or one that was tried since. 0 is none, below 0 is a session that has ended with -version.
type witness struct {
	versions int
	acked    map[string]int
	tried    map[string][]int
}

func newWitness() *witness { return &witness{acked: map[string]int{}, tried: map[string][]int{}} }

// stateOf is the state of a session in a version.
func stateOf(id string, version int) []byte {
	r := rand.New(rand.NewPCG(hashID(id), uint64(version)))
	b := binary.LittleEndian.AppendUint64(nil, uint64(version))
	sizes := []int{0, 1, 40, 500, 3000}
	for range r.IntN(sizes[r.IntN(len(sizes))] + 1) {
		b = append(b, byte(r.Uint32()>>3))
	}
	return b
}

func usedOf(version int) time.Time { return time.Unix(int64(version), int64(version)).UTC() }

func (w *witness) record(id string, ends bool) Record {
	w.versions++
	w.tried[id] = append(w.tried[id], signed(w.versions, ends))
	return Record{ID: id, Used: usedOf(w.versions), Blob: stateOf(id, w.versions)}
}

func (w *witness) ack(id string, version int) {
	w.acked[id] = version
	delete(w.tried, id)
}

func signed(version int, ends bool) int {
	if ends {
		return -version
	}
	return version
}

// version returns what a store has of a session.
func version(f *Folder, id string) (int, error) {
	v, err := versionOf(f.Load(context.Background(), id))
	if err != nil {
		return 0, err
	}
	ended, err := versionOf(f.Ended(context.Background(), id))
	if v != 0 && ended != 0 {
		return 0, fmt.Errorf("session %q is there, in version %d, and has ended, in version %d", id, v, ended)
	}
	return v - ended, err
}

func versionOf(r Record, err error) (int, error) {
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	id := r.ID
	if len(r.Blob) < 8 {
		return 0, fmt.Errorf("session %q has %d bytes", id, len(r.Blob))
	}
	v := int(binary.LittleEndian.Uint64(r.Blob))
	if !bytes.Equal(r.Blob, stateOf(id, v)) || !r.Used.Equal(usedOf(v)) {
		return 0, fmt.Errorf("session %q in version %d is torn", id, v)
	}
	return v, nil
}

// check compares a store. When settle is set, what it has counts as acknowledged from now on.
func (w *witness) check(f *Folder, ids []string, settle bool) error {
	var have []string
	for _, id := range ids {
		v, err := version(f, id)
		if err != nil {
			return err
		}
		if v != w.acked[id] && !slices.Contains(w.tried[id], v) {
			return fmt.Errorf("session %q is in version %d, acknowledged is %d, tried were %v", id, v, w.acked[id], w.tried[id])
		}
		if settle {
			w.ack(id, v)
		}
		if v > 0 {
			have = append(have, id)
		}
	}
	var listed []string
	for r, err := range f.All(context.Background(), "") {
		if err != nil {
			return err
		}
		listed = append(listed, r.ID)
	}
	if slices.Sort(have); !slices.Equal(listed, have) {
		return fmt.Errorf("All lists %q, want %q", listed, have)
	}
	if s := f.Stats(); s.Damaged != 0 || s.Lost != 0 {
		return fmt.Errorf("%d records are damaged, %d sessions lost", s.Damaged, s.Lost)
	}
	return nil
}

// A powerRun is a store on a disk that fails, and what is done to it.
type powerRun struct {
	r    *rand.Rand
	d    *simDisk
	f    *Folder
	w    *witness
	ids  []string
	o    FolderOptions
	done map[string]int // what happened
}

// pick returns a few of the sessions.
func (p *powerRun) pick() []string {
	var ids []string
	for _, i := range p.r.Perm(len(p.ids))[:1+p.r.IntN(4)] {
		ids = append(ids, p.ids[i])
	}
	return ids
}

// request makes a call of Save, Delete or End, and what to do when it is acknowledged.
func (p *powerRun) request() (request, func()) {
	ids := p.pick()
	var r request
	var want []int
	switch p.r.IntN(5) {
	case 0:
		for _, id := range ids {
			p.w.tried[id] = append(p.w.tried[id], 0)
			want = append(want, 0)
		}
		r.drop = ids
	case 1:
		for _, id := range ids {
			r.ended = append(r.ended, p.w.record(id, true))
			want = append(want, -p.w.versions)
		}
	default:
		for _, id := range ids {
			r.save = append(r.save, p.w.record(id, false))
			want = append(want, p.w.versions)
		}
	}
	return r, func() {
		for i, id := range ids {
			p.w.ack(id, want[i])
		}
	}
}

// step does one thing, and counts what.
func (p *powerRun) step() error {
	ctx := context.Background()
	switch n := p.r.IntN(40); {
	case n < 25:
		r, ack := p.request()
		var err error
		switch {
		case r.drop != nil:
			p.done["deletes"]++
			err = p.f.Delete(ctx, r.drop...)
		case r.ended != nil:
			p.done["ends"]++
			err = p.f.End(ctx, r.ended)
		default:
			p.done["saves"]++
			err = p.f.Save(ctx, r.save)
		}
		if err == nil {
			ack()
		}
	case n < 32:
		p.done["groups"]++
		var group []*request
		var acks []func()
		for range 2 + p.r.IntN(3) {
			r, ack := p.request()
			group, acks = append(group, &r), append(acks, ack)
		}
		if p.f.write(group) == nil {
			for _, ack := range acks {
				ack()
			}
		}
	case n < 36:
		p.done["tidied"]++
		p.f.tidy()
	case n < 37:
		p.done["compacted"]++
		p.f.Compact(ctx)
	case n < 39:
		if err := p.w.check(p.f, p.ids, false); err != nil && !errors.Is(err, errPower) {
			return err
		}
	default:
		p.done["closed"]++
		p.f.Close()
		return p.open()
	}
	return nil
}

// open opens the store again, while the power may fail and other calls do, and checks it.
func (p *powerRun) open() error {
	for {
		f, err := openFolder("sim", p.d, p.o)
		if p.d.dead {
			p.crash()
			continue
		}
		if err != nil {
			if p.d.fails == 0 {
				return err
			}
			p.d.fault = 0 // somebody has mended it
			continue
		}
		p.f = f
		return p.w.check(f, p.ids, true)
	}
}

// crash lets the power come back. Now and then it fails again soon. Or it was only the process
// that ended: what was not synced is still seen, but not sure.
func (p *powerRun) crash() {
	if p.r.IntN(4) == 0 {
		p.done["kills"]++
		p.d.dead = false
	} else {
		p.done["cuts"]++
		p.d.crash()
	}
	p.d.calls, p.d.fails, p.d.fault, p.d.cutAt = 0, 0, 0, -1
	if p.r.IntN(4) == 0 {
		p.d.cutAt = p.r.IntN(6)
	}
}

// life is that of a store until the power has failed, and it is open again.
func (p *powerRun) life(faults bool) error {
	p.d.calls, p.d.cutAt = 0, p.r.IntN(80)
	if p.r.IntN(8) == 0 {
		p.d.cutAt = 0
	}
	if faults && p.r.IntN(2) == 0 {
		p.d.fault = 0.1 * p.r.Float64()
	}
	ends := func() int { return p.done["cuts"] + p.done["kills"] }
	for n := ends(); !p.d.dead; {
		if err := p.step(); err != nil || ends() > n { // it was opened again by the step
			return err
		}
		if p.d.fails > 20 {
			p.d.fault = 0
		}
	}
	p.f.Close()
	p.crash()
	return p.open()
}

// history is of a store for many lives.
func history(seed uint64, cuts int, faults bool, done map[string]int) error {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &powerRun{r: r, d: newSimDisk(r), w: newWitness(), done: done}
	p.o = FolderOptions{SegmentBytes: 1 + r.Int64N(12<<10), Waste: 0.05 + r.Float64()}
	for i := range 4 + r.IntN(12) {
		p.ids = append(p.ids, fmt.Sprintf("session-%d", i))
	}
	if err := p.open(); err != nil {
		return err
	}
	for end := done["cuts"] + cuts; done["cuts"] < end; {
		if err := p.life(faults); err != nil {
			return fmt.Errorf("seed %d, after %d cuts: %w", seed, cuts-(end-done["cuts"]), err)
		}
	}
	p.d.cutAt, p.d.fault = -1, 0
	return p.f.Close()
}

// Nothing that was acknowledged is lost or old, and nothing that was not is there in part,
// wherever the power fails, and whatever of what was not synced gets to the disk.
func TestFolderPowerCuts(t *testing.T) {
	cuts := 2000
	if testing.Short() {
		cuts = 400
	}
	if s := os.Getenv("RECUR_POWERCUTS"); s != "" {
		var err error
		if cuts, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("RECUR_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("RECUR_SEED=%d", seed)
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprintf("faults=%v", faults), func(t *testing.T) {
			done := map[string]int{}
			for s := seed; done["cuts"] < cuts/2; s++ {
				if err := history(s, 20, faults, done); err != nil {
					t.Fatal(err)
				}
			}
			t.Log(done)
		})
	}
}

package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What a client asked of a table of sums.
type asked struct {
	op       string // step, start, end, fork, export, import, reset or delete
	id, to   string
	n        uint64
	x        Float
	imported known
}

// What it was answered.
type answered struct {
	err   string // "" or the kind of it
	y     Float
	steps uint64
}

// A known is what a session holds.
type known struct {
	sum, last Float
	steps     uint64
}

// ended comes before the names of sessions that were ended by a numbered step.
const ended = "ended "

// book is what a table of sums does, one call after another.
var book = porcupine.Model{
	Init:  func() any { return map[string]known{} },
	Equal: func(a, b any) bool { return maps.Equal(a.(map[string]known), b.(map[string]known)) },
	Step: func(state, input, output any) (bool, any) {
		have, in, out := state.(map[string]known), input.(asked), output.(answered)
		if out.err == "full" && in.op == "fork" { // which may be at any time, and does nothing
			return true, have
		}
		k, there := have[in.id]
		next := maps.Clone(have)
		var want answered
		switch in.op {
		case "step", "start", "end":
			if in.op == "start" {
				k = known{}
			}
			switch last := have[ended+in.id]; {
			case in.op == "end" && !there && in.n > 0 && in.n == last.steps:
				want = answered{"", last.last, last.steps}
			case in.op == "end" && !there:
				want.err = "none"
			case in.n == 0 || in.n == k.steps+1 || in.n == k.steps:
				if in.n == 0 || in.n > k.steps {
					k = known{k.sum + in.x, k.sum + in.x, k.steps + 1}
				}
				next[in.id] = k
				want = answered{"", k.last, k.steps}
				if in.op == "end" {
					delete(next, in.id)
					if in.n > 0 {
						next[ended+in.id] = k
					}
				}
			default:
				want.err = "step"
			}
		case "fork":
			_, taken := have[in.to]
			switch {
			case !there:
				want.err = "none"
			case taken:
				want.err = "exists"
			default:
				next[in.to] = k
			}
		case "export":
			if want = (answered{"", k.sum, k.steps}); !there {
				want = answered{err: "none"}
			}
		case "import":
			next[in.id] = in.imported
		case "delete":
			if delete(next, in.id); !there {
				want.err = "none"
			}
		}
		return out == want, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
}

// Whatever clients do at the same time, there is an order of it that explains every answer.
// RECUR_HISTORIES sets how many histories are tried.
func TestLinearizable(t *testing.T) {
	histories := 60
	if n, err := strconv.Atoi(os.Getenv("RECUR_HISTORIES")); err == nil {
		histories = n
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for h := range histories {
		o := []TableOptions{{}, {Store: newShelf(), Max: 2}, {Store: newShelf(), Save: SaveEach, Max: 2}, {Store: newShelf(), Save: SaveBehind, After: 50 * time.Microsecond, Max: 2}}[h%4]
		tab := NewTable(New(sum{}, Options{MaxBatch: 2}), o)
		var mu sync.Mutex
		var ops []porcupine.Operation
		var wg sync.WaitGroup
		began := time.Now()
		for client := range 4 {
			r := rand.New(rand.NewPCG(seed+uint64(h), uint64(client)))
			wg.Go(func() {
				for range 12 {
					in := randomCall(r)
					from := time.Since(began)
					out := do(t, tab, in)
					op := porcupine.Operation{ClientId: client, Input: in, Call: int64(from), Output: out, Return: int64(time.Since(began))}
					mu.Lock()
					ops = append(ops, op)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if result := porcupine.CheckOperationsTimeout(book, ops, 20*time.Second); result != porcupine.Ok {
			t.Errorf("history %d, %v: %v", h, o.Save, result)
			for _, op := range ops {
				t.Logf("client %d, %d to %d: %s", op.ClientId, op.Call, op.Return, book.DescribeOperation(op.Input, op.Output))
			}
		}
		if err := tab.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			return
		}
	}
}

func randomCall(r *rand.Rand) asked {
	id := func() string { return string('a' + rune(r.IntN(3))) }
	in := asked{op: "step", id: id(), x: Float(r.IntN(50) + 1), n: uint64(r.IntN(4))}
	switch r.IntN(14) {
	case 0:
		in.op, in.n = "start", uint64(r.IntN(2))
	case 1:
		in.op = "end"
	case 2, 3:
		in = asked{op: "fork", id: in.id, to: id()}
	case 4, 5:
		in = asked{op: "export", id: in.id}
	case 6:
		in = asked{op: "import", id: in.id, imported: known{100 + in.x, 100 + in.x, 7}}
	case 7:
		in = asked{op: "delete", id: in.id}
	}
	return in
}

// do has a table do what was asked.
func do(t *testing.T, tab *Table, in asked) (out answered) {
	ctx := context.Background()
	var err error
	switch in.op {
	case "fork":
		err = tab.Fork(ctx, in.id, in.to)
	case "export":
		var b []byte
		if b, err = tab.Export(ctx, in.id); err == nil {
			s := tab.Model().New()
			err = s.UnmarshalBinary(b)
			out = answered{"", s.floats[0], s.Steps()}
		}
	case "import":
		s := tab.Model().New()
		s.floats = []Float{in.imported.sum, 0, in.imported.last}
		s.steps.Store(in.imported.steps)
		s.answered = true
		var b []byte
		if b, err = s.MarshalBinary(); err == nil {
			err = tab.Import(ctx, in.id, b)
		}
	case "delete":
		err = tab.Delete(ctx, in.id)
	default:
		c := &Call{ID: in.id, Number: in.n, X: []Float{in.x}, Start: in.op == "start", End: in.op == "end", Exist: in.op == "end"}
		if err = tab.Do(ctx, c); err == nil {
			out = answered{"", c.Y[0], c.Steps}
		}
	}
	var step *StepError
	switch {
	case errors.Is(err, ErrNotFound):
		return answered{err: "none"}
	case errors.Is(err, ErrExists):
		return answered{err: "exists"}
	case errors.Is(err, ErrFull):
		return answered{err: "full"}
	case errors.As(err, &step):
		return answered{err: "step"}
	case err != nil:
		t.Errorf("%+v: %v", in, err)
	}
	return out
}

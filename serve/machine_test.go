package serve_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// A book is what the sessions of an accumulator should be, and under ended and their names what
// those were that a numbered step ended.
type book map[string]*entry

const ended = "ended "

type entry struct {
	sum, steps int
	answered   bool
}

// do does one numbered step as session.Call describes it, and returns the status and sum.
func (b book) do(id string, x, n int, start, end, must bool) (status, sum int) {
	e := b[id]
	base, known := entry{}, e != nil
	if known && !start {
		base = *e
	}
	last := b[ended+id]
	switch {
	case !known && !start && end && (n > 1 || n == 1 && must) && last != nil && n == last.steps:
		return 200, last.sum
	case !known && !start && n > 1 && !must:
		return 409, 0
	case !known && !start && must:
		return 404, 0
	case n == 0 || n == base.steps+1:
		if x == 666 {
			return 500, 0
		}
		b[id] = &entry{base.sum + x, base.steps + 1, true}
	case n == base.steps && base.answered: // not done again
		b[id] = &base
	default:
		return 409, 0
	}
	sum = b[id].sum
	if end {
		if n > 0 {
			b[ended+id] = b[id]
		}
		delete(b, id)
	}
	return 200, sum
}

// numbered is the member of a request that numbers its step; 0 leaves it out.
func numbered(key string, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(`,"%s":%d`, key, n)
}

// play does the operations that the bytes tell, by HTTP and in a book, and compares them.
func play(t *testing.T, ops []byte, o session.TableOptions) {
	s := server(t, serve.Options{}, accumulate(t, 1, o))
	b := book{}
	const all = "/v2/models/acc/sessions/"
	for i := 0; i+2 < len(ops) && i < 300; i += 3 {
		id, other := string(rune('a'+ops[i]&3)), string(rune('a'+ops[i]>>2&3))
		x := int(ops[i+1] % 10)
		if ops[i+1] > 240 {
			x = 666
		}
		n, e := int(ops[i+2]>>2&3), b[id]
		if n > 0 && e != nil {
			n += e.steps - 1 // the last, the next, the one after
		}
		start, end := ops[i+2]&1 == 1, ops[i+2]&2 == 2
		switch op := ops[i] >> 4; op {
		case 0, 1, 2, 3, 4, 5:
			must := !start && n != 1
			status, sum := b.do(id, x, n, start, end, must)
			if status == 404 {
				status = 400 // by Triton's rules
			}
			w := ask(s, "POST", "/v2/models/acc/infer", step(fmt.Sprint(x), fmt.Sprintf(`"sequence_id":"%s","sequence_start":%v,"sequence_end":%v`, id, start, end)+numbered("sequence_step", n)))
			want(t, w, status)
			if status == 200 {
				want(t, w, 200, fmt.Sprintf(`"data":[%d]`, sum))
			}
		case 6, 7:
			xs := []int{x, 1, 2}
			var sums []string
			status, sum := 200, 0
			for j, x := range xs {
				nth := 0
				if n > 0 {
					nth = n + j
				}
				if status, sum = b.do(id, x, nth, start && j == 0, end && j == len(xs)-1, j > 0); status != 200 {
					break
				}
				sums = append(sums, fmt.Sprintf("[%d]", sum))
			}
			w := ask(s, "POST", all+id+"/steps", fmt.Sprintf(`{"x":[%d,1,2],"start":%v,"end":%v%s}`, x, start, end, numbered("step", n)))
			want(t, w, status)
			if len(sums) > 0 {
				want(t, w, status, `"y":[`+strings.Join(sums, ",")+`]`)
			}
		case 8:
			w := ask(s, "GET", all+id, "", "Accept", "application/octet-stream")
			if e == nil {
				want(t, w, 404)
				break
			}
			want(t, w, 200)
			want(t, ask(s, "PUT", all+other, w.Body.String()), 200)
			copied := *e
			b[other] = &copied
		case 9:
			w := ask(s, "POST", all+id+"/fork", `{"to":"`+other+`"}`)
			switch {
			case e == nil:
				want(t, w, 404)
			case b[other] != nil:
				want(t, w, 409)
			default:
				want(t, w, 201)
				copied := *e
				b[other] = &copied
			}
		case 10:
			w := ask(s, "POST", all+id+"/reset", "")
			if e == nil {
				want(t, w, 404)
				break
			}
			want(t, w, 200, `"steps":0`)
			*e = entry{}
		case 11:
			w := ask(s, "DELETE", all+id, "")
			if e == nil {
				want(t, w, 404)
				break
			}
			want(t, w, 204)
			delete(b, id)
		case 12:
			w := ask(s, "PUT", all+id, "rubbish")
			want(t, w, 400)
		default:
			w := ask(s, "GET", all+id, "")
			if e == nil {
				want(t, w, 404)
				break
			}
			want(t, w, 200, fmt.Sprintf(`"steps":%d`, e.steps))
		}
		if t.Failed() {
			t.Fatalf("operation %d: % x, session %s, other %s, x %d, n %d, start %v, end %v, was %+v", i/3, ops[i:i+3], id, other, x, n, start, end, e)
		}
	}
	for id, e := range b {
		if strings.HasPrefix(id, ended) {
			delete(b, id)
			continue
		}
		want(t, ask(s, "GET", all+id, ""), 200, fmt.Sprintf(`"steps":%d`, e.steps))
	}
	// One that has ended may still be listed while it is being saved behind.
	for try := 0; ; try++ {
		n := strings.Count(ask(s, "GET", "/v2/models/acc/sessions", "").Body.String(), `"id"`)
		if n == len(b) {
			return
		}
		if try == 100 {
			t.Fatalf("%d sessions are listed, there should be %d", n, len(b))
		}
		time.Sleep(time.Millisecond)
	}
}

// Whatever clients do, in whatever order, sessions are what they should be.
func TestSessionMachine(t *testing.T) {
	for name, o := range machines() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			for range 30 {
				ops := make([]byte, 300)
				for i := range ops {
					ops[i] = byte(r.Uint32())
				}
				play(t, ops, o())
			}
		})
	}
}

// machines are options of tables that clients should see no difference between.
func machines() map[string]func() session.TableOptions {
	return map[string]func() session.TableOptions{
		"memory":   func() session.TableOptions { return session.TableOptions{} },
		"at close": func() session.TableOptions { return session.TableOptions{Store: session.NewMemory()} },
		"each": func() session.TableOptions {
			return session.TableOptions{Store: session.NewMemory(), Save: session.SaveEach}
		},
		"behind": func() session.TableOptions {
			return session.TableOptions{Store: session.NewMemory(), Save: session.SaveBehind, Steps: 1}
		},
		"put away": func() session.TableOptions {
			return session.TableOptions{Store: session.NewMemory(), Save: session.SaveEach, Max: 1}
		},
	}
}

func FuzzSessionMachine(f *testing.F) {
	f.Add([]byte("\x00\x01\x05\x00\x02\x08\x60\x03\x00\x84\x00\x00\x94\x00\x00\xa0\x00\x00\xb0\x00\x00"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		for _, o := range machines() {
			play(t, ops, o())
		}
	})
}

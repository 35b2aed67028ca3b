package watch_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/recur-go/recur/serve/client"
	"github.com/recur-go/recur/serve/watch"
)

// listen serves w on a real listener until the test ends.
func (w *world) listen() (address string) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	h := w.s.HTTP()
	var serving sync.WaitGroup
	serving.Go(func() { h.Serve(l) })
	w.t.Cleanup(func() {
		h.Close()
		serving.Wait()
	})
	return l.Addr().String()
}

// A sequence is one of a client, which knows what is answered next. A model of version n is an
// adder of n%10, so an answer is the sum of the steps and that.
type sequence struct {
	address, id string
	steps       int
}

func (s *sequence) step(start, end bool) error {
	if start {
		s.steps = 0
	}
	body := fmt.Sprintf(`{"parameters":{"sequence_id":"%s","sequence_start":%v,"sequence_end":%v},"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[1]}]}`, s.id, start, end)
	r, err := http.Post("http://"+s.address+"/v2/models/sum/infer", "application/json", strings.NewReader(body))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	var a struct {
		Error   string
		Version string `json:"model_version"`
		Outputs []struct{ Data []float64 }
	}
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil || a.Error != "" || len(a.Outputs) != 1 {
		return fmt.Errorf("session %s after %d steps, start %v: %s, %v", s.id, s.steps, start, a.Error, err)
	}
	s.steps++
	if y := a.Outputs[0].Data[0]; y < float64(s.steps) || y > float64(s.steps+9) {
		return fmt.Errorf("session %s: step %d is answered by %v of version %s", s.id, s.steps, y, a.Version)
	}
	return nil
}

// New versions come while clients step, with states that fit and with others: no request fails,
// and no session loses its state.
func TestSwapUnderLoad(t *testing.T) {
	w := newWorld(t)
	w.r.Set(watch.Source{Path: w.dir})
	w.write("sum/1/model.add", "1a")
	w.scan("loaded sum 1")
	address := w.listen()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	for i := range 6 {
		clients.Go(func() { // sequences of one to ten steps
			s := &sequence{address: address}
			for n := 0; ctx.Err() == nil; n++ {
				s.id = fmt.Sprint(i, "-", n%3)
				for j := range n%10 + 1 {
					if err := s.step(j == 0, j == n%10); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	c, err := client.Dial(ctx, address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 2 {
		long, err := c.Session(ctx, "sum", fmt.Sprint("long ", i))
		if err != nil {
			t.Fatal(err)
		}
		clients.Go(func() { // one sequence by frames, begun anew from time to time
			for n := 1; ctx.Err() == nil; n++ {
				step := long.Step
				if n == 100 {
					step, n = long.Restart, 1
				}
				y, err := step(ctx, nil, []float32{1})
				if ctx.Err() == nil && (err != nil || y[0] < float32(n) || y[0] > float32(n+9)) {
					t.Errorf("step %d: %v, %v", n, y, err)
					return
				}
			}
		})
	}
	for v := 2; v < 60 && !t.Failed(); v++ {
		w.write(fmt.Sprintf("sum/%d/model.add", v), fmt.Sprintf("%d%c", v%10, 'a'+rune(v/2%2)))
		if err := w.r.Scan(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	clients.Wait()
	kinds := map[string]int{}
	for _, e := range w.log {
		kinds[strings.Fields(e)[0]]++
	}
	if kinds["moved"] == 0 || kinds["kept"] == 0 {
		t.Errorf("what happened: %v", kinds)
	}
}

// A request that had begun when another version came is still answered, by the version before,
// and so are the sessions that a connection has opened. They end with the request and the
// connection.
func TestSwapWaitsForRequests(t *testing.T) {
	w := newWorld(t)
	w.r.Set(watch.Source{Path: w.dir})
	w.write("sum/1/model.add", "1a")
	w.scan("loaded sum 1")
	address := w.listen()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = `{"x":[1],"end":true}`
	fmt.Fprintf(conn, "POST /v2/models/sum/sessions/a/steps HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); !strings.Contains(line, "100 Continue") { // its body is waited for
		t.Fatal(line, err)
	}
	if line, err := in.ReadString('\n'); line != "\r\n" {
		t.Fatal(line, err)
	}
	c, err := client.Dial(t.Context(), address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.Session(t.Context(), "sum", "b")
	if err != nil {
		t.Fatal(err)
	}

	w.write("sum/2/model.add", "2b")
	w.scan("kept sum 2")
	fmt.Fprint(conn, body)
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err != nil || string(b) != `{"steps":1,"y":[[2]]}`+"\n" {
		t.Errorf("%d, %s, %v", r.StatusCode, b, err)
	}
	w.scan()
	if y, err := s.Step(t.Context(), nil, []float32{1}); err != nil || y[0] != 2 {
		t.Error(y, err)
	}
	if y, err := s.End(t.Context(), nil, []float32{1}); err != nil || y[0] != 3 {
		t.Error(y, err)
	}
	w.step("sum", "a", 3, "2")
	c.Close()
	for deadline := time.Now().Add(20 * time.Second); len(w.s.Versions("sum")) > 1 && time.Now().Before(deadline); {
		w.r.Scan(t.Context()) // the server has yet to see that the connection has ended
	}
	if got := w.s.Versions("sum"); len(got) != 1 {
		t.Errorf("there are versions %v", got)
	}
}

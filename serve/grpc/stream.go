package grpc

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	statuspb "google.golang.org/grpc/status"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

// window is how many requests of a stream are under way at once. More wait in the connection.
const window = 32

// errDraining ends streams.
var errDraining = &serve.Error{Class: serve.Unavailable, Text: "the server is about to end", Code: "draining"}

// errStuck ends the stream of a client that does not read.
var errStuck = &serve.Error{Class: serve.Timeout, Text: "the answers of the stream were not read in time", Code: "timeout"}

// ModelStreamInfer answers requests in their order. Those of different sequences are done side
// by side, those of one sequence one after another.
func (s *service) ModelStreamInfer(rpc oip.GRPCInferenceService_ModelStreamInferServer) error {
	ctx, end, err := begin(rpc.Context(), s.s, oip.GRPCInferenceService_ModelStreamInfer_FullMethodName, new(serve.Call))
	st := new(stream)
	drained := false
	defer func() {
		told := err
		if drained { // which is no failure
			told = nil
		}
		end(cmp.Or(told, st.failure()))
	}()
	if err != nil {
		return status(ctx, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	st.service, st.rpc, st.last = s, rpc, map[sequence]chan struct{}{}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		v := md.Get("triton_grpc_error")
		st.strict = len(v) > 0 && v[0] == "true"
	}
	stuck := make(chan struct{}, 1)
	st.timer = time.AfterFunc(time.Hour, func() {
		select {
		case stuck <- struct{}{}:
		default:
		}
	})
	st.timer.Stop()
	done := make(chan error, 1)
	go func() {
		defer st.timer.Stop()
		done <- st.run(ctx)
	}()
	select {
	case err = <-done:
	case <-stuck:
		err = errStuck
	}
	drained = err == errDraining
	return status(ctx, err)
}

// A stream is what one call of ModelStreamInfer has under way.
type stream struct {
	*service
	rpc    oip.GRPCInferenceService_ModelStreamInferServer
	strict bool // an error ends the stream
	timer  *time.Timer
	queue  []*slot // in the order of the requests
	free   []*slot
	last   map[sequence]chan struct{} // is closed when the last request of a sequence is done

	mu     sync.Mutex
	failed error // the first failure of a model or the server, which is told to nobody but the server
}

func (st *stream) failure() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.failed
}

// A sequence is a session of a model.
type sequence struct{ model, version, session string }

// A slot is a request that is under way. Its memory is used again.
type slot struct {
	req  serve.Request
	resp serve.Response
	err  error // of what was asked, before anything is done
	of   sequence
	turn chan struct{}                      // of the request before it in its sequence; nil for none
	done chan struct{}                      // its own
	out  chan *oip.ModelStreamInferResponse // answers; nil is the end
	last bool                               // the client wants to be told which answer is the last
}

func (st *stream) run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	requests, broken := make(chan *oip.ModelInferRequest), make(chan error, 1)
	go st.receive(ctx, requests, broken)
	drained := st.s.Drained()
	var end error
	for {
		var head chan *oip.ModelStreamInferResponse
		if len(st.queue) > 0 {
			head = st.queue[0].out
		} else if requests == nil {
			return end
		}
		in := requests
		if len(st.queue) == window {
			in = nil
		}
		select {
		case q := <-in:
			st.start(ctx, &running, q)
		case err := <-broken:
			if !errors.Is(err, io.EOF) {
				return broke(err)
			}
			requests = nil
		case r := <-head:
			if r == nil {
				st.pop()
				continue
			}
			if st.strict && r.ErrorMessage != "" {
				return st.queue[0].err
			}
			if err := st.send(r); err != nil {
				return err
			}
		case <-drained:
			requests, drained, end = nil, nil, errDraining
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// receive passes on what comes until the stream ends.
func (st *stream) receive(ctx context.Context, requests chan<- *oip.ModelInferRequest, broken chan<- error) {
	for {
		q, err := st.rpc.Recv()
		if err != nil {
			broken <- err
			return
		}
		select {
		case requests <- q:
		case <-ctx.Done():
			return
		}
	}
}

func (st *stream) send(r *oip.ModelStreamInferResponse) error {
	st.timer.Reset(st.s.Options().Timeout)
	err := st.rpc.Send(r)
	st.timer.Stop()
	if err != nil {
		return broke(err)
	}
	return nil
}

// broke is why a stream cannot be read or written.
func broke(err error) error {
	if s := statuspb.Convert(err); s.Code() == codes.ResourceExhausted {
		return &serve.Error{Class: serve.TooLarge, Text: s.Message(), Err: err}
	}
	return &serve.Error{Class: serve.Cancelled, Text: "the client has gone", Err: err}
}

// start begins a request.
func (st *stream) start(ctx context.Context, running *sync.WaitGroup, q *oip.ModelInferRequest) {
	var sl *slot
	if n := len(st.free); n > 0 {
		sl, st.free = st.free[n-1], st.free[:n-1]
	} else {
		sl = &slot{out: make(chan *oip.ModelStreamInferResponse, 2)}
	}
	sl.last, _ = value(q.Parameters["triton_enable_empty_final_response"]).(bool)
	sl.err = decode(q, &sl.req)
	if sl.req.Timeout == 0 {
		sl.req.Timeout = st.s.Options().Timeout
	}
	sl.of = sequence{q.ModelName, q.ModelVersion, sl.req.Session}
	sl.turn, sl.done = st.last[sl.of], make(chan struct{})
	if sl.req.Session == "" {
		sl.turn = nil
	} else {
		st.last[sl.of] = sl.done
	}
	st.queue = append(st.queue, sl)
	running.Go(func() { st.do(ctx, sl) })
}

// pop forgets the first request, all of whose answers have been sent.
func (st *stream) pop() {
	sl := st.queue[0]
	st.queue = append(st.queue[:0], st.queue[1:]...)
	if st.last[sl.of] == sl.done {
		delete(st.last, sl.of)
	}
	st.free = append(st.free, sl)
}

// do does a request and puts its answers into out.
func (st *stream) do(ctx context.Context, sl *slot) {
	if sl.turn != nil {
		select {
		case <-sl.turn:
		case <-ctx.Done():
			if sl.err == nil {
				sl.err = context.Cause(ctx)
			}
		}
	}
	if sl.err == nil {
		sl.err = guard(func() error { return st.answer(ctx, sl) })
	}
	close(sl.done)
	if sl.err != nil {
		e := serve.AsError(sl.err)
		if e.Class == serve.Internal {
			st.mu.Lock()
			st.failed = cmp.Or(st.failed, sl.err)
			st.mu.Unlock()
		}
		st.put(ctx, sl, &oip.ModelStreamInferResponse{
			ErrorMessage:  e.Text,
			InferResponse: &oip.ModelInferResponse{ModelName: sl.req.Model, ModelVersion: sl.req.Version, Id: sl.req.ID},
		})
	}
	st.put(ctx, sl, nil)
}

func (st *stream) put(ctx context.Context, sl *slot, r *oip.ModelStreamInferResponse) error {
	select {
	case sl.out <- r:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// answer does a request and puts what it gave into out.
func (st *stream) answer(ctx context.Context, sl *slot) error {
	m, err := st.s.Model(sl.req.Model, sl.req.Version)
	if err != nil {
		return err
	}
	if writes(m) {
		return st.pieces(ctx, m, sl)
	}
	if err := st.s.Infer(ctx, &sl.req, &sl.resp); err != nil {
		return err
	}
	return st.put(ctx, sl, final(encode(&sl.req, &sl.resp), true))
}

// pieces puts the pieces that a model writes into out.
func (st *stream) pieces(ctx context.Context, m *serve.Model, sl *slot) error {
	g, err := generation(&sl.req)
	if err != nil {
		return err
	}
	g.Stream = true
	err = st.s.Generate(ctx, m, g, func(p serve.Piece) error {
		select {
		case <-st.s.Drained():
			return errDraining
		default:
		}
		return st.put(ctx, sl, final(piece(m, &sl.req, p), false))
	})
	if err == nil && sl.last {
		err = st.put(ctx, sl, final(&oip.ModelInferResponse{ModelName: m.Name, ModelVersion: m.Version, Id: sl.req.ID}, true))
	}
	return err
}

// final marks an answer as the last of its request, or as one that others follow.
func final(r *oip.ModelInferResponse, last bool) *oip.ModelStreamInferResponse {
	if r.Parameters == nil {
		r.Parameters = map[string]*oip.InferParameter{}
	}
	r.Parameters["triton_final_response"] = parameterOf(last)
	return &oip.ModelStreamInferResponse{InferResponse: r}
}

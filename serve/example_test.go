package serve_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// A model whose sessions are stepped by requests. Server.HTTP has the limits for a listener.
func ExampleServer() {
	cell := rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 3, 4)
	runner, err := rnn.NewRunner(cell, rnn.Single)
	if err != nil {
		panic(err)
	}
	m := &serve.Model{Name: "meter"}
	m.Sessions = session.NewTable(session.New(runner, session.Options{OnBatch: m.OnBatch}), session.TableOptions{})
	defer m.Sessions.Close(context.Background())

	s := serve.New(serve.Options{})
	if err := s.Add(m); err != nil {
		panic(err)
	}
	web := httptest.NewServer(s) // or s.HTTP(), whose Addr you set
	defer web.Close()

	answer, err := http.Post(web.URL+"/v2/models/meter/sessions/kitchen/steps", "application/json", strings.NewReader(`{"x": [[1, 2, 3], [4, 5, 6]]}`))
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status, answer.Header.Get("Recur-Steps"), "steps")

	answer, err = http.Get(web.URL + "/v2/models/meter")
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	fmt.Println(string(b))
	// Output:
	// 200 OK 2 steps
	// {"name":"meter","versions":["1"],"platform":"recur_rnnv1","inputs":[{"name":"x","datatype":"FP32","shape":[-1,3]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,4]}]}
}

// A model without state answers each request by itself.
func ExampleModel_infer() {
	m := &serve.Model{
		Name:    "double",
		Inputs:  []serve.Tensor{{Name: "x", Datatype: serve.FP32, Shape: []int64{-1}}},
		Outputs: []serve.Tensor{{Name: "y", Datatype: serve.FP32, Shape: []int64{-1}}},
		Infer: func(_ context.Context, in []serve.Value) ([]serve.Value, error) {
			x := in[0].Floats(nil)
			for i := range x {
				x[i] *= 2
			}
			return []serve.Value{serve.FloatValue("y", in[0].Shape, x)}, nil
		},
	}
	s := serve.New(serve.Options{})
	if err := s.Add(m); err != nil {
		panic(err)
	}
	req := &serve.Request{Model: "double", Inputs: []serve.Value{serve.FloatValue("x", []int64{3}, []serve.Float{1, 2, 3})}}
	var resp serve.Response
	err := s.Infer(context.Background(), req, &resp)
	fmt.Println(resp.Outputs[0].Floats(nil), err)
	// Output: [2 4 6] <nil>
}

// Each session has the sums of what came before; one that is not there has to be started.
func ExampleServer_Infer() {
	m := &serve.Model{Name: "sum"}
	m.Sessions = session.NewTable(session.New(accumulator{1}, session.Options{}), session.TableOptions{})
	defer m.Sessions.Close(context.Background())
	s := serve.New(serve.Options{})
	if err := s.Add(m); err != nil {
		panic(err)
	}
	one := []serve.Value{serve.FloatValue("x", []int64{1, 1}, []serve.Float{1})}
	var resp serve.Response
	for _, req := range []serve.Request{
		{Model: "sum", Session: "a", Inputs: one},
		{Model: "sum", Session: "a", Inputs: one, Start: true},
		{Model: "sum", Session: "a", Inputs: one},
	} {
		if err := s.Infer(context.Background(), &req, &resp); err != nil {
			fmt.Println(serve.AsError(err).Status(), err)
			continue
		}
		fmt.Println(resp.Outputs[0].Floats(nil), resp.Steps)
	}
	// Output:
	// 400 inference request for sequence a to model 'sum' must specify the START flag on the first request of the sequence
	// [1] 1
	// [2] 2
}

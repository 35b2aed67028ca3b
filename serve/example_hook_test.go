package serve_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/recur-go/recur/serve"
)

// OnCall is where logs, metrics and traces hang on: it is told of each request when it begins,
// and what it returns when the request has ended. examples/otel makes spans by it.
func ExampleOptions() {
	s := serve.New(serve.Options{
		OnCall: func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
			return ctx, func(r serve.Result) {
				fmt.Println(c.ID, c.Method, c.Path, r.Status, r.Err) // and r.Took
			}
		},
	})
	r := httptest.NewRequest("GET", "http://localhost/v2/models/none", nil)
	r.Header.Set("X-Request-Id", "7")
	s.ServeHTTP(httptest.NewRecorder(), r)
	// Output: 7 GET /v2/models/none 404 Request for unknown model: 'none' is not found
}

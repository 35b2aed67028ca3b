package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

// A request is a span of its client's trace, and a point of the histogram.
func TestObserve(t *testing.T) {
	spans, points := tracetest.NewInMemoryExporter(), sdkmetric.NewManualReader()
	onCall, err := observe(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), sdkmetric.NewMeterProvider(sdkmetric.WithReader(points)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := tasks.Open("../../cmd/recur/airline.safetensors", tasks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Sessions.Close(t.Context())
	s := serve.New(serve.Options{OnCall: onCall})
	if err := s.Add(m); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	for _, body := range []string{`{"x": [112, 118]}`, `{"x": "?"}`} {
		r, err := http.NewRequest("POST", web.URL+"/v2/models/airline/sessions/a/steps", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	web.Close() // waits for what OnCall was told

	const name = "POST /v2/models/{model}/sessions/{session}/steps"
	list := spans.GetSpans()
	if len(list) != 2 {
		t.Fatalf("%d spans, want 2", len(list))
	}
	for i, status := range []int64{200, 400} {
		span := list[i]
		if span.Name != name {
			t.Errorf("span %q, want %q", span.Name, name)
		}
		if id := span.SpanContext.TraceID().String(); id != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("trace %s is not the client's", id)
		}
		has := map[string]any{}
		for _, a := range span.Attributes {
			has[string(a.Key)] = a.Value.AsInterface()
		}
		if has["recur.model"] != "airline" || has["recur.session"] != "a" || has["http.request.method"] != "POST" || has["http.response.status_code"] != status {
			t.Errorf("attributes %v", has)
		}
		if errors := len(span.Events); (errors == 0) != (status == 200) {
			t.Errorf("status %d has %d events", status, errors)
		}
	}

	var all metricdata.ResourceMetrics
	if err := points.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	h, ok := all.ScopeMetrics[0].Metrics[0].Data.(metricdata.Histogram[float64])
	if !ok || len(h.DataPoints) != 2 || h.DataPoints[0].Count != 1 {
		t.Errorf("metrics %+v", all.ScopeMetrics)
	}
}

func TestRoute(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/models/m/versions/1/sessions/s/steps": "/v2/models/{model}/versions/{version}/sessions/{session}/steps",
		"/v2/models":       "/v2/models",
		"/v2/models/stats": "/v2/models/{model}", // as that of a model would be
		"/":                "/",
		"":                 "",
	} {
		if got := route(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

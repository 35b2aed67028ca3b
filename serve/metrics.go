package serve

import (
	"net/http"
	"runtime"
	"runtime/metrics"
	"strconv"
	"time"
)

// A writer of Prometheus' text, version 0.0.4.
type exposition struct {
	b []byte
}

// family begins a metric.
func (e *exposition) family(name, kind, help string) {
	e.b = append(append(append(append(e.b, "# HELP "...), name...), ' '), help...)
	e.b = append(append(append(append(e.b, "\n# TYPE "...), name...), ' '), kind...)
	e.b = append(e.b, '\n')
}

// sample adds a sample. labels are names and values in turn.
func (e *exposition) sample(name string, v float64, labels ...string) {
	e.b = append(e.b, name...)
	for i := 0; i+1 < len(labels); i += 2 {
		if i == 0 {
			e.b = append(e.b, '{')
		} else {
			e.b = append(e.b, ',')
		}
		e.b = append(append(e.b, labels[i]...), '=', '"')
		for _, c := range []byte(labels[i+1]) {
			switch c {
			case '\n':
				e.b = append(e.b, '\\', 'n')
			case '"', '\\':
				e.b = append(e.b, '\\', c)
			default:
				e.b = append(e.b, c)
			}
		}
		e.b = append(e.b, '"')
	}
	if len(labels) > 0 {
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, ' ')
	e.b = strconv.AppendFloat(e.b, v, 'g', -1, 64)
	e.b = append(e.b, '\n')
}

// AppendMetrics appends the metrics of the server as the text that Prometheus reads.
func (s *Server) AppendMetrics(b []byte) []byte {
	e := &exposition{b}
	models := s.Models()
	each := func(name, kind, help string, value func(*Model) (float64, bool)) {
		first := true
		for _, m := range models {
			if v, ok := value(m); ok {
				if first {
					e.family(name, kind, help)
					first = false
				}
				e.sample(name, v, "model", m.Name, "version", m.Version)
			}
		}
	}
	count := func(f func(*stats) int64) func(*Model) (float64, bool) {
		return func(m *Model) (float64, bool) { return float64(f(&m.stats)), true }
	}
	micro := func(f func(*stats) int64) func(*Model) (float64, bool) {
		return func(m *Model) (float64, bool) { return float64(f(&m.stats)) / 1e3, true }
	}
	each("recur_inference_request_success", "counter", "Requests that were answered.", count(func(s *stats) int64 { return s.success.count.Load() }))
	each("recur_inference_request_failure", "counter", "Requests that failed.", count(func(s *stats) int64 { return s.fail.count.Load() }))
	each("recur_inference_count", "counter", "Rows that the model computed.", count(func(s *stats) int64 { return s.rows.Load() }))
	each("recur_inference_exec_count", "counter", "Batches that the model computed.", count(func(s *stats) int64 { return s.execs.Load() }))
	each("recur_inference_pending_request_count", "gauge", "Requests that have no answer yet.", count(func(s *stats) int64 { return s.pending.Load() }))
	each("recur_inference_request_duration_us", "counter", "Time of answered requests, in microseconds.", micro(func(s *stats) int64 { return s.success.ns.Load() }))
	each("recur_inference_queue_duration_us", "counter", "Time of answered requests but for the model's, in microseconds.", micro(func(s *stats) int64 { return max(0, s.success.ns.Load()-s.compute.ns.Load()) }))
	each("recur_inference_compute_infer_duration_us", "counter", "Time of the model, counted for each row, in microseconds.", micro(func(s *stats) int64 { return s.compute.ns.Load() }))
	each("recur_model_start_time_seconds", "gauge", "When the model began to be served, in seconds since 1970.", func(m *Model) (float64, bool) {
		return float64(m.since.UnixMilli()) / 1e3, true
	})
	each("recur_sessions", "gauge", "Sessions in memory.", func(m *Model) (float64, bool) {
		if m.Sessions == nil {
			return 0, false
		}
		return float64(m.Sessions.Len()), true
	})
	e.family("recur_inference_request_duration_seconds", "histogram", "Time of answered requests.")
	for _, m := range models {
		total := int64(0)
		bound := timeFirst
		for i := range m.stats.byTime {
			total += m.stats.byTime[i].Load()
			le := "+Inf"
			if i < timeBuckets-1 {
				le = strconv.FormatFloat(bound.Seconds(), 'g', -1, 64)
				bound *= 2
			}
			e.sample("recur_inference_request_duration_seconds_bucket", float64(total), "model", m.Name, "version", m.Version, "le", le)
		}
		e.sample("recur_inference_request_duration_seconds_sum", time.Duration(m.stats.success.ns.Load()).Seconds(), "model", m.Name, "version", m.Version)
		e.sample("recur_inference_request_duration_seconds_count", float64(total), "model", m.Name, "version", m.Version)
	}
	e.family("recur_batch_size", "histogram", "Rows of a batch.")
	for _, m := range models {
		total := int64(0)
		for i := range m.stats.bySize {
			total += m.stats.bySize[i].Load()
			le := "+Inf"
			if i < sizeBuckets-1 {
				le = strconv.Itoa(1 << i)
			}
			e.sample("recur_batch_size_bucket", float64(total), "model", m.Name, "version", m.Version, "le", le)
		}
		e.sample("recur_batch_size_sum", float64(m.stats.rows.Load()), "model", m.Name, "version", m.Version)
		e.sample("recur_batch_size_count", float64(total), "model", m.Name, "version", m.Version)
	}
	g := &s.gauge
	e.family("recur_http_responses", "counter", "Answers by HTTP, by the first digit of their status.")
	for i := range g.byStatus {
		if i > 0 {
			e.sample("recur_http_responses", float64(g.byStatus[i].Load()), "code", strconv.Itoa(i)+"xx")
		}
	}
	one := func(name, kind, help string, v float64) {
		e.family(name, kind, help)
		e.sample(name, v)
	}
	one("recur_requests_in_flight", "gauge", "Requests that are being answered, streams too.", float64(g.inFlight.Load()))
	one("recur_requests_refused", "counter", "Requests and connections that were too many.", float64(g.refused.Load()))
	one("recur_request_body_bytes", "gauge", "Bytes of long requests that are held.", float64(g.bodies.Load()))
	one("recur_connections", "gauge", "Connections of HTTP.", float64(g.conns.Load()))
	one("recur_panics", "counter", "Requests that made the server panic.", float64(g.panics.Load()))
	one("process_start_time_seconds", "gauge", "Start of the server, in seconds since 1970.", float64(s.began.UnixMilli())/1e3)
	one("go_goroutines", "gauge", "Goroutines.", float64(runtime.NumGoroutine()))
	live := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(live)
	one("go_memstats_heap_alloc_bytes", "gauge", "Bytes of objects on the heap.", float64(live[0].Value.Uint64()))
	one("go_memstats_sys_bytes", "gauge", "Bytes of memory from the system that are not given back.", float64(live[1].Value.Uint64()-live[2].Value.Uint64()))
	return e.b
}

func (x *exchange) metrics() error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	x.out = x.s.AppendMetrics(x.out[:0])
	x.w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	return x.send(http.StatusOK)
}

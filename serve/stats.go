package serve

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// stats are the counters of a model.
type stats struct {
	last    atomic.Int64 // Unix nanoseconds of the last inference
	pending atomic.Int64
	success duration
	fail    duration
	compute duration // of batches, by row
	execs   atomic.Int64
	byTime  [timeBuckets]atomic.Int64 // successful requests, by their duration
	bySize  [sizeBuckets]atomic.Int64 // batches, by the bits of their size
	sizeNS  [sizeBuckets]atomic.Int64
	rows    atomic.Int64
}

// A duration is how often something was done and how long all of it took.
type duration struct{ count, ns atomic.Int64 }

func (d *duration) add(n int64, took time.Duration) {
	d.count.Add(n)
	d.ns.Add(int64(took))
}

// Buckets of histograms: batches of at most 1, 2, 4 … rows; requests of at most 50 µs, 100 µs,
// 200 µs … 1.6 s, and longer.
const (
	sizeBuckets = 12
	timeBuckets = 17
	timeFirst   = 50 * time.Microsecond
)

// batch counts a batch of rows that took so long.
func (s *stats) batch(rows int, took time.Duration) {
	s.execs.Add(1)
	s.rows.Add(int64(rows))
	s.compute.add(int64(rows), took*time.Duration(rows))
	b := min(bits.Len(uint(max(rows, 1)-1)), sizeBuckets-1)
	s.bySize[b].Add(1)
	s.sizeNS[b].Add(int64(took))
}

// request counts a request that has ended.
func (s *stats) request(now time.Time, took time.Duration, err error) {
	if err != nil {
		s.fail.add(1, took)
		return
	}
	s.success.add(1, took)
	s.last.Store(now.UnixNano())
	s.byTime[timeBucket(took)].Add(1)
}

func timeBucket(took time.Duration) int {
	return min(bits.Len64(uint64(max(took-1, 0)/timeFirst)), timeBuckets-1)
}

// A Total is how often something was done and for how many nanoseconds in all.
type Total struct {
	Count int64 `json:"count"`
	NS    int64 `json:"ns"`
}

func (d *duration) get() Total { return Total{d.count.Load(), d.ns.Load()} }

// Stats are the statistics of a model, as Triton's extension has them.
type Stats struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	LastInference  int64  `json:"last_inference"` // milliseconds since 1970
	InferenceCount int64  `json:"inference_count"`
	ExecutionCount int64  `json:"execution_count"`

	InferenceStats struct {
		Success       Total `json:"success"`
		Fail          Total `json:"fail"`
		Queue         Total `json:"queue"`
		ComputeInput  Total `json:"compute_input"`
		ComputeInfer  Total `json:"compute_infer"`
		ComputeOutput Total `json:"compute_output"`
		CacheHit      Total `json:"cache_hit"`
		CacheMiss     Total `json:"cache_miss"`
	} `json:"inference_stats"`
	ResponseStats struct{}     `json:"response_stats"`
	BatchStats    []BatchStats `json:"batch_stats"`
	MemoryUsage   []struct{}   `json:"memory_usage"`
}

// BatchStats are those of the batches of a size and all smaller ones down to half of it.
type BatchStats struct {
	BatchSize     int64 `json:"batch_size"`
	ComputeInput  Total `json:"compute_input"`
	ComputeInfer  Total `json:"compute_infer"`
	ComputeOutput Total `json:"compute_output"`
}

// Stats are the statistics of the model until now.
func (m *Model) Stats() Stats {
	s := &m.stats
	r := Stats{
		Name: m.Name, Version: m.Version,
		LastInference:  s.last.Load() / int64(time.Millisecond),
		InferenceCount: s.rows.Load(),
		ExecutionCount: s.execs.Load(),
		BatchStats:     []BatchStats{},
		MemoryUsage:    []struct{}{},
	}
	in := &r.InferenceStats
	in.Success, in.Fail, in.ComputeInfer = s.success.get(), s.fail.get(), s.compute.get()
	in.Queue = Total{in.Success.Count, max(0, in.Success.NS-in.ComputeInfer.NS)}
	in.ComputeInput.Count, in.ComputeOutput.Count = in.ComputeInfer.Count, in.ComputeInfer.Count
	for i := range s.bySize {
		if n := s.bySize[i].Load(); n > 0 {
			r.BatchStats = append(r.BatchStats, BatchStats{
				BatchSize:     1 << i,
				ComputeInput:  Total{Count: n},
				ComputeInfer:  Total{n, s.sizeNS[i].Load()},
				ComputeOutput: Total{Count: n},
			})
		}
	}
	return r
}

// ModelStats are the statistics of a model, all its versions if version is "", or of all
// models if name is "" too.
func (s *Server) ModelStats(name, version string) ([]Stats, error) {
	list := []Stats{}
	if name != "" {
		if _, err := s.Model(name, version); err != nil {
			return nil, err
		}
	}
	for _, m := range s.Models() {
		if (name == "" || m.Name == name) && (version == "" || m.Version == version) {
			list = append(list, m.Stats())
		}
	}
	return list, nil
}

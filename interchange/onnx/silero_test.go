package onnx_test

import (
	"math"
	"os"
	"testing"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/tensor"
)

// sound is something like a voice at 16 kHz, which comes and goes.
func sound(n int) []tensor.Float {
	clip := func(x float64) float64 { return min(max(x, 0), 1) }
	v := make([]tensor.Float, n)
	for i := range v {
		t := float64(i) / 16000
		phase, sum := 2*math.Pi*120*t-30/0.7*math.Cos(2*math.Pi*0.7*t), 0.0
		for k := 1.0; k < 25; k++ {
			sum += math.Sin(k*phase) / k
		}
		v[i] = tensor.Float(float32(0.2 * sum * clip(1.5*math.Sin(2*math.Pi*1.3*t)) * clip(math.Sin(2*math.Pi*4*t)+0.6)))
	}
	return v
}

// sileroScores are what ONNX Runtime 1.32 gives for every fifth frame of sound, by
// silero_vad.onnx of the package silero-vad 6.2.3 of PyPI.
var sileroScores = []float64{0.08293, 0.04498, 0.01010, 0.00590, 0.14528, 0.00476, 0.01402, 0.00236, 0.00152, 0.00380, 0.04336, 0.00703}

// silero opens the file that RECUR_SILERO names, or skips the test.
func silero(t testing.TB) *onnx.Runner {
	path := os.Getenv("RECUR_SILERO")
	if path == "" {
		t.Skip("RECUR_SILERO does not name silero_vad.onnx")
	}
	m, err := onnx.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	run, err := m.Runner(onnx.RunnerOptions{
		Fixed: map[string]*onnx.Tensor{"sr": onnx.NewTensor([]int64{16000})},
		Sizes: map[string]int{"input.1": 64 + 512}, // the end of the frame before, and a frame
	})
	if err != nil {
		t.Fatal(err)
	}
	if why := run.Separate(); why != "" {
		t.Fatalf("rows run one by one: %s", why)
	}
	return run
}

// Streams of silero_vad.onnx that started at different times give what each gives alone, and
// what ONNX Runtime gives.
func TestSilero(t *testing.T) {
	const rows, frames = 7, 60
	run := silero(t)
	a := append(make([]tensor.Float, 64), sound(512*frames)...)
	step := func(from []int, states [][]tensor.Float) []tensor.Float {
		var x []tensor.Float
		for _, k := range from {
			x = append(x, a[k*512:k*512+576]...)
		}
		y := make([]tensor.Float, len(from))
		if err := run.Step(t.Context(), len(from), x, y, states); err != nil {
			t.Fatal(err)
		}
		return y
	}
	alone, scores := [][]tensor.Float{make([]tensor.Float, 256)}, make([]tensor.Float, frames)
	for k := range frames {
		scores[k] = step([]int{k}, alone)[0]
		if d := math.Abs(float64(scores[k]) - sileroScores[k/5]); k%5 == 4 && !(d < 1e-4) {
			t.Errorf("frame %d scores %v, want %v", k, scores[k], sileroScores[k/5])
		}
	}
	states := make([]tensor.Float, rows*256) // row r begins 3r steps after the first
	for now := range frames {
		var from []int
		for r := 0; r < rows && 3*r <= now; r++ {
			from = append(from, now-3*r)
		}
		for r, y := range step(from, [][]tensor.Float{states[:len(from)*256]}) {
			if y != scores[from[r]] {
				t.Fatalf("frame %d of row %d scores %v in a batch, %v alone", from[r], r, y, scores[from[r]])
			}
		}
	}
}

func BenchmarkSilero(b *testing.B) {
	run := silero(b)
	for name, rows := range map[string]int{"1": 1, "8": 8, "32": 32} {
		b.Run(name, func(b *testing.B) {
			x, y, states := make([]tensor.Float, 0, rows*576), make([]tensor.Float, rows), [][]tensor.Float{make([]tensor.Float, rows*256)}
			for range rows {
				x = append(x, sound(576)...)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := run.Step(b.Context(), rows, x, y, states); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*rows), "µs/frame")
		})
	}
}

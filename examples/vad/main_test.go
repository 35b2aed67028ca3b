package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/session"
)

// golden is what golden.py has written.
type golden struct {
	Voice    []float32
	Segments []struct {
		P       []float32
		Samples int
		Speech  [][2]int
	}
}

func readGolden(t *testing.T) (g golden) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// voice is that of golden.py.
func voice(n int) []int16 {
	vowels := [4][3]float64{{730, 1090, 2440}, {270, 2290, 3010}, {570, 840, 2410}, {530, 1840, 2480}}
	var low [3][2]float64
	phase, out := 0.0, make([]int16, n)
	for i := range out {
		t, v := float64(i)/rate, 0.0
		if phase += (120 + 25*math.Sin(2*math.Pi*0.7*t)) / rate; phase >= 1 {
			phase, v = phase-1, 1
		}
		for f, hertz := range vowels[int(t*4)%4] {
			r := math.Exp(-math.Pi * float64(60+40*f) / rate)
			v += 2*r*math.Cos(2*math.Pi*hertz/rate)*low[f][0] - r*r*low[f][1]
			low[f] = [2]float64{v, low[f][0]}
			v *= 0.25
		}
		loud := max(0, math.Sin(2*math.Pi*4*t))
		if math.Mod(t, 2) >= 1.3 {
			loud = 0
		}
		out[i] = int16(math.Floor(min(max(0.2*v*loud, -1), 1) * 32767))
	}
	return out
}

// bursts is half a second of silence and half a second of noise, n times.
func bursts(n int) []int16 {
	v := make([]int16, n*rate)
	for i := range v {
		if i%rate >= rate/2 {
			v[i] = int16(i*7919%20001 - 10000)
		}
	}
	return v
}

func write(t *testing.T, samples []int16) string {
	path := filepath.Join(t.TempDir(), "sound.wav")
	if err := os.WriteFile(path, file(format(1, 1, rate, 16), shorts(samples...)), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// started serves a detector until the test ends, and returns the address.
func started(t *testing.T, d session.Runner, most int) string {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := listen(ctx, d, "127.0.0.1:0", most, w)
		w.CloseWithError(io.ErrUnexpectedEOF)
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended by %v", err)
		}
	})
	var address string
	if _, err := fmt.Fscanf(r, "listening on http://%s\n", &address); err != nil {
		stop()
		t.Fatal(err)
	}
	return address
}

// A stream is told as silero's own function tells the same probabilities.
func TestSegments(t *testing.T) {
	all := readGolden(t).Segments
	some := 0
	for k, g := range all {
		var s segments
		got := [][2]int{}
		add := func(found segment, ok bool) {
			if ok {
				got = append(got, [2]int{found.start, found.end})
			}
		}
		for _, p := range g.P {
			add(s.add(p))
		}
		add(s.end(g.Samples))
		if some += len(got); !slices.Equal(got, g.Speech) {
			t.Errorf("sequence %d: %v, want %v", k, got, g.Speech)
		}
	}
	if len(all) == 0 || some == 0 {
		t.Error("nothing was compared")
	}
}

func TestStream(t *testing.T) {
	address, path := started(t, newLoudness(t), 10), write(t, bursts(3))
	var out bytes.Buffer
	if err := run(t.Context(), []string{"stream", "--server", address, "--fast", path, path}, &out); err != nil {
		t.Fatal(err)
	}
	// The same again in Go, without a server.
	var s segments
	var want strings.Builder
	d, sound, y := newLoudness(t), bursts(3), make([]session.Float, 1)
	states := [][]session.Float{make([]session.Float, 1), make([]session.Float, before)}
	add := func(found segment, ok bool) {
		if ok {
			start, end := found.seconds()
			fmt.Fprintf(&want, "%s\t%.3f\t%.3f\n", path, start, end)
		}
	}
	for i := 0; i < len(sound); i += frameLen {
		x := make([]session.Float, frameLen)
		for k, v := range sound[i:min(i+frameLen, len(sound))] {
			x[k] = session.Float(v) / (1 << 15)
		}
		if err := d.Step(t.Context(), 1, x, y, states); err != nil {
			t.Fatal(err)
		}
		add(s.add(float32(y[0])))
	}
	add(s.end(len(sound)))
	if got := out.String(); got != strings.Repeat(want.String(), 2) || strings.Count(got, "\n") != 6 {
		t.Errorf("printed\n%swant twice\n%s", got, want.String())
	}
}

func TestPace(t *testing.T) {
	address := started(t, newLoudness(t), 10)
	var out bytes.Buffer
	if err := run(t.Context(), []string{"stream", "--server", address, write(t, bursts(1)[:rate/5])}, &out); err != nil || out.Len() != 0 {
		t.Errorf("silence: %v, %q", err, out.String())
	}
	if err := run(t.Context(), []string{"stream", "--server", address, "--connections", "5", "--for", "200ms", write(t, bursts(1))}, &out); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^5 streams, 30 frames in \d+\.\d s: p50 \S+, p99 \S+, max \S+; \d+ after 32ms \(\S+ %\)\n$`).MatchString(out.String()) {
		t.Errorf("printed %q", out.String())
	}
}

// No session of the client is left on the server, which has room for one.
func TestRoom(t *testing.T) {
	address := started(t, newLoudness(t), 1)
	path := write(t, bursts(1))
	for range 3 {
		if err := run(t.Context(), []string{"stream", "--server", address, "--fast", path, path}, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), []string{"stream", "--server", address, "--connections", "3", "--for", "20s", path}, io.Discard); err == nil || !strings.Contains(err.Error(), "of 3") {
		t.Errorf("three streams where one fits: %v", err)
	}
}

func TestErrors(t *testing.T) {
	path, text := write(t, bursts(1)), filepath.Join(t.TempDir(), "text.wav")
	if err := os.WriteFile(text, []byte("no sound"), 0o666); err != nil {
		t.Fatal(err)
	}
	address := started(t, newLoudness(t), 4)
	for args, want := range map[string]string{
		"":                                    "usage",
		"play":                                "usage",
		"serve":                               "needs a file",
		"stream":                              "needs a file",
		"serve a b":                           "one model",
		"serve --max 0 a":                     "--max 0",
		"serve none.onnx":                     "none.onnx",
		"stream --connections -1 a":           "--connections -1",
		"stream --connections 2 --fast ":      "needs a file",
		"stream --connections 2 --fast a":     "--fast",
		"stream --for 1ms --connections 1 a":  "--for 1ms",
		"stream --server 127.0.0.1:1 " + path: "is a server there",
		"stream --server 127.0.0.1:1 --connections 2 " + path:              "is a server there",
		"stream --server " + address + " none.wav":                         "none.wav",
		"stream --server " + address + " " + text:                          "RIFF",
		"stream --server " + address + " --connections 2 " + text:          "RIFF",
		"stream --server " + address + " --connections 2 " + write(t, nil): "0 samples",
	} {
		if err := run(t.Context(), strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("vad %s: %v, want %q in it", args, err, want)
		}
	}
}

// The page asks no other place, may do what it needs, and may do no more.
func TestPage(t *testing.T) {
	r, err := http.Get("http://" + started(t, newLoudness(t), 1) + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || !bytes.Equal(b, page) {
		t.Errorf("%s, %d bytes, %v", r.Status, len(b), err)
	}
	if kind, csp := r.Header.Get("Content-Type"), r.Header.Get("Content-Security-Policy"); kind != "text/html; charset=utf-8" || csp != policy {
		t.Errorf("%q, %q", kind, csp)
	}
	if regexp.MustCompile(`(?i)\b(https?://|src=|url\(|@import)`).Match(b) {
		t.Error("the page names another place")
	}
}

// With the model that RECUR_SILERO names: the probabilities are those of ONNX Runtime.
func TestSilero(t *testing.T) {
	path := os.Getenv("RECUR_SILERO")
	if path == "" {
		t.Skip("RECUR_SILERO does not name silero_vad.onnx")
	}
	d, err := openDetector(path)
	if err != nil {
		t.Fatal(err)
	}
	want := readGolden(t).Voice
	sound, address := voice(len(want)*frameLen), started(t, d, 4)
	c, err := dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := newStream(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	frame := make([]float32, frameLen)
	for k, p := range want {
		for i, v := range sound[k*frameLen : (k+1)*frameLen] {
			frame[i] = float32(v) / (1 << 15)
		}
		if got, err := s.send(t.Context(), frame, k == len(want)-1); err != nil || !(math.Abs(float64(got-p)) < 1e-4) {
			t.Errorf("frame %d: %v, %v, want %v", k, got, err, p)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"stream", "--server", address, "--fast", write(t, sound)}, &out); err != nil || strings.Count(out.String(), "\n") < 2 {
		t.Errorf("%v, printed %q", err, out.String())
	}
}

// BenchmarkSilero is the time of a frame where so many streams are stepped together.
func BenchmarkSilero(b *testing.B) {
	path := os.Getenv("RECUR_SILERO")
	if path == "" {
		b.Skip("RECUR_SILERO does not name silero_vad.onnx")
	}
	d, err := openDetector(path)
	if err != nil {
		b.Fatal(err)
	}
	for _, rows := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("streams=%d", rows), func(b *testing.B) {
			x, y := make([]session.Float, rows*d.In()), make([]session.Float, rows)
			for i := range x {
				x[i] = session.Float(math.Sin(float64(i*i%977))) / 8
			}
			var states [][]session.Float
			for _, n := range d.StateSizes() {
				states = append(states, make([]session.Float, rows*n))
			}
			for i := 0; i < b.N; i += rows {
				if err := d.Step(b.Context(), rows, x, y, states); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

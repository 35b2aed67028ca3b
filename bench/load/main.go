//go:build unix

// Command load measures how long models take to load, against reading their files; the
// memory they take; and the time from the start of the program recur to its first answer.
// Every load is the first thing of a process of its own, and the file is in the system's
// cache.
//
//	python bench/load/make_models.py /tmp/models
//	go build -o /tmp/recur ./cmd/recur && go run ./bench/load /tmp/recur /tmp/models
//
// The models in the folder, which may be left out, are those that other systems write.
// It writes bench/results/load.json; run it from the root of the repository.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/rnn"
)

// A measurement is the best of several processes, since others disturb them.
type measurement struct {
	What   string  `json:"what"`
	Bytes  int64   `json:"file_bytes"`
	Load   cost    `json:"load"`
	Read   cost    `json:"read"`         // cost of reading the file alone
	Time   float64 `json:"time_ratio"`   // ratio of the seconds
	CPU    float64 `json:"cpu_ratio"`    // ratio of the seconds of processors
	Memory float64 `json:"memory_ratio"` // the peak of the process, less that of one that loads nothing, over the file
}

// A cost is what a process takes.
type cost struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"` // seconds of processors, the system's too, which others on the machine do not lengthen as they do the time of day
	peak    int64   // bytes of memory
}

// runs is how many processes are measured.
const runs = 5

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "one":
		err = one(args[1], args[2])
	case len(args) == 2:
		err = all(args[0], args[1])
	case len(args) == 1:
		err = all(args[0], "")
	default:
		err = fmt.Errorf("usage: load RECUR [MODELS], the program and a folder")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// network is one of about the given bytes: two LSTMs.
func network(bytes int) (*graph.Net, error) {
	hidden := 1
	for 4*(4*hidden*(64+hidden)+8*hidden*hidden) < bytes {
		hidden++
	}
	lstm := rnn.Config{Hidden: hidden, Options: rnn.LSTMOptions{}}
	return graph.New(&graph.Config{
		Inputs: []graph.Input{{Name: "x", Width: 64, Sequence: true}},
		Layers: []graph.Layer{
			{Name: "rnn", Op: &graph.RNN{Cells: rnn.Configs{lstm, lstm}}},
			{Name: "out", Op: &graph.Dense{Units: 4}},
		},
	}, rand.New(rand.NewPCG(1, 1)))
}

// loaders load a file into a network ready to run.
var loaders = map[string]func(path string) error{
	"nothing": func(string) error { return nil },
	"reading the file": func(path string) error {
		_, err := os.ReadFile(path)
		return err
	},
	"recur's safetensors": func(path string) error {
		_, err := model.Load(path)
		return err
	},
	"PyTorch's safetensors": func(path string) error {
		_, err := torch.Import(path, []byte(`{"layers": [{"module": "rnn_0"}, {"module": "rnn_1"}, {"module": "out"}]}`))
		return err
	},
	"ONNX": func(path string) error {
		_, err := onnx.Open(path)
		return err
	},
	"another system's": func(path string) error {
		spec, err := os.ReadFile(path + ".spec.json")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		_, err = interchange.Import(path, spec)
		return err
	},
}

// one loads once, and prints the seconds, and the peak of the process's memory.
func one(what, path string) error {
	begin, cpuBegin := time.Now(), cpu()
	if err := loaders[what](path); err != nil {
		return err
	}
	seconds, cpuSeconds := time.Since(begin).Seconds(), cpu()-cpuBegin
	peak, err := speed.Resident("VmHWM")
	if err != nil {
		return err
	}
	fmt.Println(seconds, cpuSeconds, peak)
	return nil
}

// cpu is the seconds that the process has had of processors.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// measure is the least of several processes.
func measure(what, path string) (cost, error) {
	least := cost{math.Inf(1), math.Inf(1), math.MaxInt64}
	for range runs {
		out, err := exec.Command(os.Args[0], "one", what, path).CombinedOutput()
		if err != nil {
			return cost{}, fmt.Errorf("%s: %w: %s", what, err, out)
		}
		var c cost
		if _, err := fmt.Sscan(string(out), &c.Seconds, &c.CPU, &c.peak); err != nil {
			return cost{}, err
		}
		least = cost{min(least.Seconds, c.Seconds), min(least.CPU, c.CPU), min(least.peak, c.peak)}
	}
	return least, nil
}

func all(program, models string) error {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files, err := write(dir, 100<<20)
	if err != nil {
		return err
	}
	var list []measurement
	for _, what := range []string{"recur's safetensors", "PyTorch's safetensors", "ONNX"} {
		l, err := compare(what, what, files[what], files[what])
		if err != nil {
			return err
		}
		list = append(list, l)
	}
	others, err := os.ReadDir(models)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, ext := range []string{".pt", ".keras", ".h5", ".ckpt.index"} {
		for _, other := range others {
			if !strings.HasSuffix(other.Name(), ext) {
				continue
			}
			path := filepath.Join(models, other.Name())
			values := path
			if prefix, ok := strings.CutSuffix(path, ".index"); ok {
				values = prefix + ".data-00000-of-00001"
			}
			l, err := compare(filepath.Base(path), "another system's", path, values)
			if err != nil {
				return err
			}
			list = append(list, l)
		}
	}
	first, err := firstAnswers(program, dir)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(map[string]any{"loads": list, "first_answer_seconds": first}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("bench", "results", "load.json"), append(b, '\n'), 0o666)
}

// compare compares loading the model at path with reading the file that has its values.
func compare(name, loader, path, values string) (l measurement, err error) {
	info, err := os.Stat(values)
	if err != nil {
		return l, err
	}
	l = measurement{What: name, Bytes: info.Size()}
	if l.Read, err = measure("reading the file", values); err != nil {
		return l, err
	}
	if l.Load, err = measure(loader, path); err != nil {
		return l, err
	}
	empty, err := measure("nothing", path)
	if err != nil {
		return l, err
	}
	l.Time, l.CPU, l.Memory = l.Load.Seconds/l.Read.Seconds, l.Load.CPU/l.Read.CPU, float64(l.Load.peak-empty.peak)/float64(l.Bytes)
	fmt.Printf("%-22s %d MB in %.3f s, %.2f times reading it; %.3f s of processors, %.2f times; memory %.2f times the file\n",
		l.What, l.Bytes>>20, l.Load.Seconds, l.Time, l.Load.CPU, l.CPU, l.Memory)
	return l, nil
}

// write writes a network in every format.
func write(dir string, bytes int) (map[string]string, error) {
	net, err := network(bytes)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for what, f := range map[string]func(w io.Writer) error{
		"recur's safetensors":   (&model.Model{Config: net.Config, Net: net}).Write,
		"PyTorch's safetensors": func(w io.Writer) error { _, err := torch.Export(w, net); return err },
		"ONNX": func(w io.Writer) error {
			return onnx.Export(w, net, onnx.ExportOptions{NoLengths: true, NoStates: true})
		},
	} {
		ext := ".safetensors"
		if what == "ONNX" {
			ext = ".onnx"
		}
		files[what] = filepath.Join(dir, fmt.Sprintf("%d-%d%s", bytes, len(files), ext))
		if err := atomicfile.WriteFile(files[what], f); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// firstAnswers is the least time of whole runs of the program on a model of 1 MB, from
// the start of its process to its end.
func firstAnswers(program, dir string) (map[string]float64, error) {
	files, err := write(dir, 1<<20)
	if err != nil {
		return nil, err
	}
	x := filepath.Join(dir, "x.npy")
	if err := atomicfile.WriteFile(x, func(w io.Writer) error {
		return npy.Write(w, &npy.Array{Shape: []int{1, 1, 64}, Data: make([]float32, 64)})
	}); err != nil {
		return nil, err
	}
	first := map[string]float64{}
	for _, what := range []string{"recur's safetensors", "ONNX"} {
		var times []float64
		for range 2 * runs {
			begin := time.Now()
			if out, err := exec.CommandContext(context.Background(), program, "run", files[what], "--input", x).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%w: %s", err, out)
			}
			times = append(times, time.Since(begin).Seconds())
		}
		slices.Sort(times)
		first[what] = times[0]
		fmt.Printf("%-22s 1 MB: first answer %.1f ms after the start of the process (median %.1f)\n", what, 1e3*times[0], 1e3*times[len(times)/2])
	}
	return first, nil
}

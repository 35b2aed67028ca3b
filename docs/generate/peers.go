package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/recur-go/recur/bench/speed"
)

// A machine is where something was measured.
type machine struct {
	CPU      string             `json:"cpu"`
	Cores    int                `json:"cores"`
	System   string             `json:"system"`
	Go       string             `json:"go"`
	Kernels  string             `json:"kernels"`
	Date     string             `json:"date"`
	Versions map[string]string  `json:"versions"`
	Peak     map[string]float64 `json:"peak_gflops"` // by threads
}

func (m machine) String() string {
	s := fmt.Sprintf("%s, %d cores, %s", m.CPU, m.Cores, m.System)
	if m.Kernels != "" {
		s += ", " + m.Kernels
	}
	for _, threads := range []string{"1", "2"} {
		if peak, ok := m.Peak[threads]; ok {
			s += fmt.Sprintf(", peak %.0f GFLOP/s with %s", peak, plural(threads, "thread"))
		}
	}
	if m.Date != "" {
		s += ", " + m.Date
	}
	return s
}

func plural(n, what string) string {
	if n != "1" {
		what += "s"
	}
	return n + " " + what
}

// A timing is what a system takes for a point.
type timing struct {
	speed.Point
	System  string  `json:"system"`
	Threads int     `json:"threads"`
	MS      float64 `json:"ms"`
}

// A place is a point and the threads it runs on.
type place struct {
	speed.Point
	threads int
}

// systems are the peers, in the order of the columns.
var systems = []struct{ key, name string }{
	{"pytorch", "PyTorch"}, {"onednn", "oneDNN"}, {"onnxruntime", "ONNX Runtime"}, {"tensorflow", "TensorFlow"}, {"jax", "JAX"}, {"gomlx", "GoMLX"},
}

type peers struct {
	Machine machine                      `json:"machine"`
	Rows    []timing                     `json:"rows"`
	at      map[place]map[string]float64 // ms by system
}

func addPeers(dir string, tables map[string]table) error {
	p := &peers{at: map[place]map[string]float64{}}
	if err := readJSON(dir, "peers.json", p); err != nil {
		return err
	}
	for _, r := range p.Rows {
		at := place{r.Point, r.Threads}
		if p.at[at] == nil {
			p.at[at] = map[string]float64{}
		}
		p.at[at][r.System] = r.MS
	}
	tables["peers-machine"] = whole(p.machine)
	tables["peers"] = p.table
	tables["lead"] = p.lead
	tables["lead-short"] = p.leadShort
	return nil
}

func (p *peers) machine() string {
	v := p.Machine.Versions
	return fmt.Sprintf("%v. Go %s, PyTorch %s, ONNX Runtime %s, TensorFlow %s, Keras %s, JAX %s, GoMLX %s, Python %s.\n", p.Machine,
		strings.TrimPrefix(v["go"], "go"), v["torch"], v["onnxruntime"], v["tensorflow"], v["keras"], v["jax"], v["gomlx"], v["python"])
}

// A form is how points are run: forward, train, ragged-forward, ragged-train or int8.
func (p place) form() string {
	switch {
	case p.Dtype != "float32":
		return p.Dtype
	case p.Ragged:
		return "ragged-" + p.Mode
	}
	return p.Mode
}

// table is the points of a form and a number of threads; with a cell, of that only.
func (p *peers) table(args []string) (string, error) {
	if len(args) < 2 {
		return "", fmt.Errorf("wants a form and threads, and perhaps a cell")
	}
	threads, err := strconv.Atoi(args[1])
	if err != nil {
		return "", err
	}
	var points []place
	for at := range p.at {
		if at.threads == threads && at.form() == args[0] && (len(args) == 2 || at.Cell == args[2]) {
			points = append(points, at)
		}
	}
	if len(points) == 0 {
		return "", fmt.Errorf("no point is of this form")
	}
	slices.SortFunc(points, func(a, b place) int {
		return cmp.Or(cmp.Compare(slices.Index(speed.Grid.Cells, a.Cell), slices.Index(speed.Grid.Cells, b.Cell)), cmp.Compare(a.Flops(), b.Flops()))
	})
	head := []string{"cell", "batch, steps, input, hidden", "recur", "of peak"}
	var columns []string
	for _, s := range systems {
		if slices.ContainsFunc(points, func(at place) bool { return p.at[at][s.key] > 0 }) {
			head, columns = append(head, s.name), append(columns, s.key)
		}
	}
	g := newGrid(head...)
	for _, at := range points {
		ours := p.at[at]["recur"]
		share := ""
		if peak := p.Machine.Peak[args[1]]; peak > 0 && at.Dtype == "float32" {
			share = fmt.Sprintf("%.0f %%", 100*at.Flops()/ours/1e6/peak)
		}
		row := []string{at.Cell, fmt.Sprintf("%d, %d, %d, %d", at.Batch, at.Steps, at.Input, at.Hidden), digits(ours), share}
		for _, s := range columns {
			cell := ""
			if ms := p.at[at][s]; ms > 0 {
				cell = fmt.Sprintf("%s (%s)", digits(ms), times(ms/ours))
			}
			row = append(row, cell)
		}
		g.row(row...)
	}
	return g.String(), nil
}

// times is a ratio with as many digits as matter.
func times(ratio float64) string {
	if ratio >= 9.995 {
		return fmt.Sprintf("%.0f", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

// lead is how many times as fast recur is over all points of each form.
func (p *peers) lead(args []string) (string, error) {
	return p.leads(args, []string{"forward", "train", "ragged-forward", "ragged-train", "int8"}, "pytorch", "onednn", "onnxruntime", "tensorflow", "jax", "gomlx", fastest)
}

// leadShort is lead for the systems that most people compare.
func (p *peers) leadShort(args []string) (string, error) {
	return p.leads(args, []string{"forward", "train", "ragged-forward", "ragged-train"}, "pytorch", "onnxruntime", "tensorflow", "jax", fastest)
}

// fastest stands for the fastest of all other systems at each point.
const fastest = "fastest"

func (p *peers) leads(args, forms []string, columns ...string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("wants the number of threads")
	}
	head := []string{""}
	for _, s := range columns {
		head = append(head, nameOf(s))
	}
	g := newGrid(append(head, "points")...)
	for _, form := range forms {
		ratios, points := map[string][]float64{}, 0
		for at, ms := range p.at {
			if at.form() != form || strconv.Itoa(at.threads) != args[0] {
				continue
			}
			points++
			best := math.Inf(1)
			for s, v := range ms {
				if s != "recur" {
					ratios[s] = append(ratios[s], v/ms["recur"])
					best = min(best, v/ms["recur"])
				}
			}
			ratios[fastest] = append(ratios[fastest], best)
		}
		if points == 0 {
			return "", fmt.Errorf("no point runs on %s threads", args[0])
		}
		row := []string{formNames[form]}
		for _, s := range columns {
			row = append(row, summary(ratios[s]))
		}
		g.row(append(row, strconv.Itoa(points))...)
	}
	return g.String(), nil
}

var formNames = map[string]string{
	"forward": "forward", "train": "training", "int8": "forward, weights of 8 bits",
	"ragged-forward": "forward, lengths from 1 to all steps", "ragged-train": "training, such lengths",
}

func nameOf(system string) string {
	for _, s := range systems {
		if s.key == system {
			return s.name
		}
	}
	return "the fastest of all"
}

// summary is the geometric mean of ratios and the least of them.
func summary(ratios []float64) string {
	if len(ratios) == 0 {
		return ""
	}
	slices.Sort(ratios) // the order of a map does not show in the sum
	sum := 0.
	for _, r := range ratios {
		sum += math.Log(r)
	}
	return fmt.Sprintf("%s (%s)", times(math.Exp(sum/float64(len(ratios)))), times(ratios[0]))
}

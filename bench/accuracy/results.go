package accuracy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/recur-go/recur/internal/atomicfile"
)

// Machine is where runs were timed.
type Machine struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Threads int    `json:"threads"` // threads that a run may use
	System  string `json:"system"`
	Go      string `json:"go"`
	Kernels string `json:"kernels"`
}

// A Run is a case, run with a seed.
type Run struct {
	Case    string             `json:"case"`
	Seed    uint64             `json:"seed"`
	Scores  map[string]float64 `json:"scores"`
	Seconds float64            `json:"seconds"`
}

// A Row is a figure beside the published one.
type Row struct {
	Name      string    `json:"name"`
	Metric    string    `json:"metric"`
	Published float64   `json:"published,omitempty"`
	Target    float64   `json:"target"`
	Ours      float64   `json:"ours"` // median over seeds
	SD        float64   `json:"sd"`   // standard deviation over seeds; 0 for one
	Seeds     int       `json:"seeds"`
	Seconds   float64   `json:"seconds"` // median over seeds
	Reached   bool      `json:"reached"` // Ours is as good as Published, or as Target if there is none
	Met       bool      `json:"met"`     // Ours is as good as Target
	Mean      float64   `json:"mean"`
	Stretch   float64   `json:"stretch,omitempty"`
	Values    []float64 `json:"values"` // values by seed
	Source    string    `json:"source"`
}

// Results are all runs so far, and what they come to.
type Results struct {
	Machine Machine `json:"machine"`
	Rows    []Row   `json:"rows"`
	Runs    []Run   `json:"runs"`
}

// Read reads results that Write wrote. Those of a file that is not there are empty.
func Read(path string) (*Results, error) {
	r := new(Results)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.Rows = r.rows() // by the figures that the cases have today
	return r, nil
}

// Write replaces the file at path.
func (r *Results) Write(path string) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	})
}

// find is the run of a case with a seed, or nil.
func (r *Results) find(name string, seed uint64) *Run {
	for i := range r.Runs {
		if r.Runs[i].Case == name && r.Runs[i].Seed == seed {
			return &r.Runs[i]
		}
	}
	return nil
}

// Add keeps a run, in place of an earlier one with the same seed.
func (r *Results) Add(run Run) {
	if old := r.find(run.Case, run.Seed); old != nil {
		*old = run
	} else {
		r.Runs = append(r.Runs, run)
	}
	slices.SortFunc(r.Runs, func(a, b Run) int {
		return cmp.Or(cmp.Compare(place(a.Case), place(b.Case)), cmp.Compare(a.Seed, b.Seed))
	})
	r.Rows = r.rows()
}

// Merge adds the runs of other, in place of those that r has with the same case and seed.
func (r *Results) Merge(other *Results) {
	if r.Machine == (Machine{}) {
		r.Machine = other.Machine
	}
	for _, run := range other.Runs {
		r.Add(run)
	}
}

// place is that of a case in the table.
func place(name string) int {
	return slices.IndexFunc(cases, func(c Case) bool { return c.Name == name })
}

// rows sum up the runs, in the order of the cases.
func (r *Results) rows() (rows []Row) {
	for _, c := range cases {
		for _, f := range c.Figures {
			row := Row{Name: c.Name, Metric: f.Metric, Published: f.Published, Target: f.Aim(), Stretch: f.Stretch, Source: f.Source}
			var seconds []float64
			for _, run := range r.Runs {
				if v, ok := run.Scores[f.Metric]; ok && run.Case == c.Name {
					row.Values = append(row.Values, v)
					if run.Seconds > 0 { // known
						seconds = append(seconds, run.Seconds)
					}
				}
			}
			if len(row.Values) == 0 {
				continue
			}
			row.Seeds = len(row.Values)
			row.Ours, row.Seconds = median(row.Values), median(seconds)
			row.Mean, row.SD = meanSD(row.Values)
			row.Reached = f.reached(row.Ours, cmp.Or(f.Published, f.Target))
			row.Met = f.reached(row.Ours, f.Aim())
			rows = append(rows, row)
		}
	}
	return rows
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// meanSD are the mean and the standard deviation of a sample.
func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	if len(x) < 2 {
		return mean, 0
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(sd)
}

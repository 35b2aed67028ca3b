package model

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
)

// The header is the JSON of a model file.
type header struct {
	Version  int
	Kind     string
	Config   json.RawMessage
	Extras   map[string]json.RawMessage
	Training Training
}

// read reads the parts that doc has.
func (h *header) read(doc checkpoint.Doc) error {
	for key, to := range map[string]any{
		"version": &h.Version, "kind": &h.Kind, "config": &h.Config, "extras": &h.Extras, "training": &h.Training,
	} {
		if doc[key] == nil {
			continue
		}
		if err := doc.Decode(key, to); err != nil {
			return fmt.Errorf("%w: its metadata: %w", ErrCorrupt, err)
		}
	}
	return nil
}

// Info describes a file.
type Info struct {
	Path     string            `json:"path"`
	Format   string            `json:"format"` // "recur model", "recur checkpoint", "recur weights" or "safetensors"
	Bytes    int64             `json:"bytes"`
	SHA256   string            `json:"sha256"`             // checksum of the whole file
	Checksum string            `json:"checksum,omitempty"` // the CRC-32Cs in a file of recur, which agree
	Version  int               `json:"version,omitempty"`  // version of the layout of recur
	Kind     string            `json:"kind,omitempty"`
	Config   json.RawMessage   `json:"config,omitempty"`
	Training *Training         `json:"training,omitempty"`
	Extras   map[string]int    `json:"extras,omitempty"`   // bytes of JSON, by name
	Progress json.RawMessage   `json:"progress,omitempty"` // progress of training, in a checkpoint
	Metadata map[string]string `json:"metadata,omitempty"` // metadata of a file that recur did not write
	Values   int               `json:"values"`             // number of values of all parameters
	Layers   []Layer           `json:"layers,omitempty"`   // layers, if the kind is registered
	State    int               `json:"state_bytes"`        // bytes of one session: the states of all recurrent layers for one row
	MACs     int               `json:"macs_per_step"`      // multiply-adds of a step of one row, in products with weights
	Params   []ParamInfo       `json:"params"`             // parameters in the order of the file
	Optim    []ParamInfo       `json:"optim,omitempty"`    // tensors of the optimiser, in a checkpoint
}

// ParamInfo describes a tensor of a file.
type ParamInfo struct {
	Name      string `json:"name"`
	DType     string `json:"dtype"`
	Shape     []int  `json:"shape"`
	Values    int    `json:"values"`
	Bytes     int64  `json:"bytes"`
	NonFinite int    `json:"non_finite,omitempty"` // values that are NaN or infinite
}

// Describe returns what is in a model file, a checkpoint or any safetensors file,
// all of which it reads and checks. The kind need not be registered; if it is, the
// network is made too, and its layers are described.
func Describe(path string) (*Info, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := describe(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	info.Path = path
	if slices.Contains(Kinds(), info.Kind) {
		m, err := load(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		info.describeNet(m.Net)
	}
	info.SHA256, err = digest(path)
	return info, err
}

// Describe returns what a model in memory holds: its config, layers and parameters.
func (m *Model) Describe() (*Info, error) {
	config, err := json.Marshal(m.Config)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	info := &Info{Format: "in memory", Kind: m.Kind(), Config: config, Params: []ParamInfo{}}
	for _, p := range nn.Params(m.Net) {
		info.Params = append(info.Params, ParamInfo{p.Name, string(safetensors.F32), p.Shape().Dims(), len(p.Value.Data), 4 * int64(len(p.Value.Data)), 0})
		info.Values += len(p.Value.Data)
	}
	info.describeNet(m.Net)
	return info, nil
}

func digest(path string) (string, error) {
	r, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

func describe(f *checkpoint.File) (*Info, error) {
	var h header
	if err := h.read(f.Doc); err != nil {
		return nil, err
	}
	info := &Info{Bytes: f.Size(), Checksum: f.Checksum(), Version: h.Version, Kind: h.Kind, Config: h.Config, Progress: f.Doc[checkpoint.ProgressKey], Params: []ParamInfo{}}
	switch {
	case f.Doc == nil:
		info.Format, info.Metadata = "safetensors", f.Metadata
	case info.Progress != nil:
		info.Format = "recur checkpoint"
	case h.Kind == "":
		info.Format = "recur weights"
	default:
		info.Format = "recur model"
	}
	if f.Doc["training"] != nil {
		info.Training = &h.Training
	}
	for name, text := range h.Extras {
		if info.Extras == nil {
			info.Extras = map[string]int{}
		}
		info.Extras[name] = len(text)
	}
	err := f.Each(func(t *safetensors.Tensor) error {
		p := ParamInfo{t.Name, string(t.DType), append([]int{}, t.Shape...), t.Len(), t.Size(), 0}
		if t.DType.IsFloat() {
			var err error
			if p.NonFinite, err = nonFinite(t); err != nil {
				return err
			}
		}
		if strings.HasPrefix(t.Name, optimPrefix) && f.Doc != nil {
			info.Optim = append(info.Optim, p)
		} else {
			info.Params = append(info.Params, p)
			info.Values += p.Values
		}
		return nil
	})
	return info, err
}

// nonFinite counts the values of t that are NaN or infinite.
func nonFinite(t *safetensors.Tensor) (n int, err error) {
	if t.DType == safetensors.F64 {
		values, err := t.Float64s()
		for _, x := range values {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				n++
			}
		}
		return n, err
	}
	values, err := t.Float32s() // holds the range of all narrower types
	for _, x := range values {
		if x != x || x-x != 0 {
			n++
		}
	}
	return n, err
}

// String is Info as text for a terminal.
func (info *Info) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, text string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, format.Printable(fmt.Sprintf(text, args...)))
	}
	line("file", "%s", info.Path)
	line("format", "%s", info.Format)
	if info.Version > 0 {
		line("version", "%d", info.Version)
	}
	if info.Kind != "" {
		line("kind", "%s", info.Kind)
	}
	line("size", "%d bytes", info.Bytes)
	if info.SHA256 != "" {
		line("sha256", "%s", info.SHA256)
	}
	if info.Checksum != "" {
		line("checksum", "%s (agrees)", info.Checksum)
	}
	if info.Config != nil {
		line("config", "%s", info.Config)
	}
	if t := info.Training; t != nil {
		if t.Data != "" {
			line("data", "%s", t.Data)
		}
		about := fmt.Sprintf("%s, seed %d", setting.Plural(t.Steps, "step"), t.Seed)
		if t.Epochs > 0 {
			about = setting.Plural(t.Epochs, "epoch") + ", " + about
		}
		line("training", "%s", about)
		for _, name := range slices.Sorted(maps.Keys(t.Scores)) {
			line("score", "%s %.6g", name, t.Scores[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(info.Extras)) {
		line("extra", "%s, %d bytes", name, info.Extras[name])
	}
	for _, key := range slices.Sorted(maps.Keys(info.Metadata)) {
		line("metadata", "%s: %q", key, info.Metadata[key])
	}
	line("parameters", "%s in %s", setting.Plural(info.Values, "value"), setting.Plural(len(info.Params), "tensor"))
	if len(info.Layers) > 0 {
		line("state", "%d bytes per session", info.State)
		line("cost", "%d multiply-adds per step", info.MACs)
	}
	if info.Progress != nil {
		line("progress", "%s", info.Progress)
	}
	if len(info.Optim) > 0 {
		line("optimiser", "%s", setting.Plural(len(info.Optim), "tensor"))
	}
	w.Flush()
	b.WriteByte('\n')
	if len(info.Layers) > 0 {
		fmt.Fprintln(w, "layer\tname\tvalues\tstate\tmultiply-adds")
		for _, l := range info.Layers {
			fmt.Fprintln(w, l)
		}
		w.Flush()
		b.WriteByte('\n')
	}
	for _, p := range slices.Concat(info.Params, info.Optim) {
		fmt.Fprintf(w, "%s\t%s\t%v\t%d", format.Printable(p.Name), p.DType, p.Shape, p.Values)
		if p.NonFinite > 0 {
			fmt.Fprintf(w, "\t%d not finite", p.NonFinite)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	return b.String()
}

package interchange

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/graph"
)

// A file is one that an exporter writes.
type file struct {
	path  string
	write func(w io.Writer) error
}

// An exporter has the files of a network for another system, whose names begin with base,
// and a note on what a person has to know to use them.
type exporter func(net *graph.Net, base string) (files []file, note string)

// exporters are the formats of Export by name.
var exporters = map[string]exporter{
	"onnx":        exportONNX,
	"keras":       exportKeras,
	"safetensors": exportTorch,
}

// Formats lists the names that Export takes.
func Formats() []string { return slices.Sorted(maps.Keys(exporters)) }

// Export writes the network of a model to files for another system:
//
//	onnx         base.onnx, for whole sequences, and base.step.onnx, for a single step,
//	             if the network can go step by step
//	keras        base.keras, a model that keras.models.load_model of Keras 3 loads
//	safetensors  base.safetensors, the weights under PyTorch's names, and base.py, a
//	             module that loads them; what no name of a module has becomes _ in its name
//
// It returns the names of the files and a note on how to use them. Files that are there
// already are replaced; ExportFiles has their names. A layer that the other system does not
// have is refused by its name.
func Export(net *graph.Net, format, base string) (files []string, note string, err error) {
	all, note, err := export(net, format, base)
	for _, f := range all {
		if err := atomicfile.WriteFile(f.path, f.write); err != nil {
			return nil, "", err
		}
		files = append(files, f.path)
	}
	return files, note, err
}

// ExportFiles lists the files that Export would write.
func ExportFiles(net *graph.Net, format, base string) (files []string, err error) {
	all, _, err := export(net, format, base)
	for _, f := range all {
		files = append(files, f.path)
	}
	return files, err
}

func export(net *graph.Net, format, base string) ([]file, string, error) {
	f := exporters[format]
	if f == nil {
		return nil, "", setting.Unknown("format", format, Formats())
	}
	files, note := f(net, base)
	return files, note, nil
}

func exportONNX(net *graph.Net, base string) ([]file, string) {
	write := func(o onnx.ExportOptions) func(w io.Writer) error {
		return func(w io.Writer) error { return onnx.Export(w, net, o) }
	}
	files := []file{{base + ".onnx", write(onnx.ExportOptions{})}}
	if _, err := net.Cell(); err != nil {
		return files, "no graph of a single step: " + err.Error()
	}
	return append(files, file{base + ".step.onnx", write(onnx.ExportOptions{Step: true})}), ""
}

func exportKeras(net *graph.Net, base string) ([]file, string) {
	path := base + ".keras"
	return []file{{path, func(w io.Writer) error { return keras.Export(w, net) }}},
		fmt.Sprintf("in Python:\n\n\tmodel = keras.models.load_model(%q)\n\ty = model(x)", path)
}

func exportTorch(net *graph.Net, base string) ([]file, string) {
	source := ""
	weights := file{base + ".safetensors", func(w io.Writer) (err error) {
		source, err = torch.Export(w, net)
		return err
	}}
	module := moduleName(filepath.Base(base))
	code := file{filepath.Join(filepath.Dir(base), module+".py"), func(w io.Writer) error {
		_, err := io.WriteString(w, source)
		return err
	}}
	note := fmt.Sprintf("in Python:\n\n\tfrom %s import Net\n\n\tnet = Net.load(%q)\n\t[y], states = net(x)", module, weights.path)
	return []file{weights, code}, note
}

// moduleName is name as Python can import it.
func moduleName(name string) string {
	module := strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	switch {
	case slices.Contains(taken, module):
		module += "_"
	case module == "" || '0' <= module[0] && module[0] <= '9':
		module = "net_" + module
	}
	return module
}

// taken are names that no module of a person can have: words of Python, and the modules that
// the source imports.
var taken = strings.Fields(`False None True and as assert async await break class continue def del elif else except
	finally for from global if import in is lambda nonlocal not or pass raise return try while with yield
	torch safetensors`)

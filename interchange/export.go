package interchange

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/recur-go/recur/interchange/keras"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/interchange/torch"
	"github.com/recur-go/recur/internal/atomicfile"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/graph"
)

// An exporter writes networks in the format of another system to files whose names
// begin with base, and returns those names and what a person has to know to use them.
type exporter func(net *graph.Net, base string) (files []string, note string, err error)

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
//	             module that loads them
//
// It returns the names of the files and a note on how to use them. A layer that the
// other system does not have is refused by its name.
func Export(net *graph.Net, format, base string) (files []string, note string, err error) {
	f := exporters[format]
	if f == nil {
		return nil, "", setting.Unknown("format", format, Formats())
	}
	return f(net, base)
}

func exportONNX(net *graph.Net, base string) ([]string, string, error) {
	files := []string{base + ".onnx"}
	if err := writeONNX(net, files[0], onnx.ExportOptions{}); err != nil {
		return nil, "", err
	}
	note := ""
	if _, err := net.Cell(); err != nil {
		note = "no graph of a single step: " + err.Error()
	} else {
		step := base + ".step.onnx"
		if err := writeONNX(net, step, onnx.ExportOptions{Step: true}); err != nil {
			return nil, "", err
		}
		files = append(files, step)
	}
	return files, note, nil
}

func writeONNX(net *graph.Net, path string, o onnx.ExportOptions) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error { return onnx.Export(w, net, o) })
}

func exportKeras(net *graph.Net, base string) ([]string, string, error) {
	path := base + ".keras"
	err := atomicfile.WriteFile(path, func(w io.Writer) error { return keras.Export(w, net) })
	return []string{path}, fmt.Sprintf("in Python:\n\n\tmodel = keras.models.load_model(%q)\n\ty = model(x)", path), err
}

func exportTorch(net *graph.Net, base string) (files []string, note string, err error) {
	weights, source := base+".safetensors", ""
	if err := atomicfile.WriteFile(weights, func(w io.Writer) (err error) {
		source, err = torch.Export(w, net)
		return err
	}); err != nil {
		return nil, "", err
	}
	code := base + ".py"
	if err := atomicfile.WriteFile(code, func(w io.Writer) error {
		_, err := io.WriteString(w, source)
		return err
	}); err != nil {
		return nil, "", err
	}
	return []string{weights, code}, "in Python:\n\n\tnet = Net.load(" + fmt.Sprintf("%q", weights) + ")  # of " + code + "\n\t[y], states = net(x)", nil
}

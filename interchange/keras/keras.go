// Package keras reads and writes models of Keras.
//
// Import reads the three forms in which Keras keeps models: the .keras file of
// Keras 3, a .weights.h5 with the model's JSON beside it, and the .h5 of Keras 2 and 3.
// What comes of it is a model of kind "graph" that gives the numbers that Keras gives,
// masks included: the layers are those of package graph, filled with the weights of the
// file. Export writes such a model as a .keras file.
//
// Sequential and functional models are known, nested ones too, of these layers:
//
//	SimpleRNN LSTM GRU RNN Bidirectional TimeDistributed, and the cells, stacked
//	ConvLSTM1D ConvLSTM2D ConvLSTM3D, whose steps [places..., channels] lie flat here
//	Embedding Masking Dense Dropout Activation and the layers of activations
//	LayerNormalization BatchNormalization Normalization
//	Conv1D DepthwiseConv1D SeparableConv1D MaxPooling1D AveragePooling1D
//	GlobalMaxPooling1D GlobalAveragePooling1D
//	Concatenate Add Subtract Multiply Average Maximum Minimum
//	Flatten Reshape RepeatVector
//
// Everything else is refused by name with an *UnsupportedError, which lists all that a
// model asks for: a model is mapped exactly or not at all. Layers that share their
// weights become layers with the same numbers. A stateful layer keeps its state
// between calls in Keras; here the caller does, as with every network of package graph.
//
// Where the backends of Keras differ (outputs at masked steps before the first step of
// a row that has a first state), TensorFlow's way is taken.
//
// Nothing in a file is trusted, and no code in it is ever run.
package keras

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/interchange/keras/internal/hdf5"
	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/model"
)

// Import reads the model at path. config is the model's JSON, as model.to_json() of
// Keras writes it, for a file that has none; if it is nil, a .weights.h5 takes it from
// the file beside it with the same name and the ending .json, or config.json.
func Import(path string, config []byte) (*model.Model, error) {
	f, size, err := format.Open("keras", path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if config == nil {
		config = beside(path)
	}
	m, err := Read(f, size, config)
	if err != nil {
		return nil, at(path, err)
	}
	return m, nil
}

// beside is the JSON beside a file of weights, nil if there is none.
func beside(path string) []byte {
	base := path
	for _, ext := range []string{".h5", ".weights"} {
		base = strings.TrimSuffix(base, ext)
	}
	for _, name := range []string{base + ".json", filepath.Join(filepath.Dir(path), "config.json")} {
		if b, err := os.ReadFile(name); err == nil {
			return b
		}
	}
	return nil
}

// Read reads a model of size bytes from r. config is as for Import.
func Read(r io.ReaderAt, size int64, config []byte) (*model.Model, error) {
	head := make([]byte, min(size, 4))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(head) == "PK\x03\x04" {
		return readArchive(r, size)
	}
	f, err := hdf5.Open(r, size)
	if err != nil {
		return nil, err
	}
	root, err := f.Root()
	if err != nil {
		return nil, err
	}
	return readHDF5(root, config)
}

// readArchive reads a .keras file, which is a zip.
func readArchive(r io.ReaderAt, size int64) (*model.Model, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, bad("its zip cannot be read: %v", err).WithHint("was it cut short? copy the file again")
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		switch {
		case strings.Contains(f.Name, "..") || strings.HasPrefix(f.Name, "/") || strings.Contains(f.Name, "\\"):
			return nil, bad("%q in its zip leads elsewhere", f.Name)
		case files[f.Name] != nil:
			return nil, bad("%q is in its zip twice", f.Name)
		}
		files[f.Name] = f
	}
	config, err := unpack(files, "config.json", maxJSON)
	if err != nil {
		return nil, err
	}
	metadata, err := unpack(files, "metadata.json", maxJSON)
	if err != nil {
		return nil, err
	}
	weights, err := section(r, size, files)
	if err != nil {
		return nil, err
	}
	f, err := hdf5.Open(weights, weights.Size())
	if err != nil {
		return nil, err
	}
	root, err := f.Root()
	if err != nil {
		return nil, err
	}
	return load(config, versionOf(metadata), &tree{root: root})
}

// readHDF5 reads a file of weights, which may have the model's JSON as an attribute.
func readHDF5(root *hdf5.Group, config []byte) (*model.Model, error) {
	own, ok, err := root.Text("model_config")
	if err != nil {
		return nil, err
	}
	if ok {
		config = []byte(own)
	}
	if config == nil {
		return nil, bad("it has weights but not their layers").WithHint("in Keras, write model.to_json() to a file beside it with the same name and the ending .json")
	}
	if !root.Has("model_weights") && !root.Has("layers") && !root.Has("_layer_checkpoint_dependencies") {
		if names, ok, err := chunked(root, "layer_names"); err != nil || ok {
			return loadLegacy(config, root, names, err)
		}
	}
	if root.Has("model_weights") {
		g, err := root.Group("model_weights")
		if err != nil {
			return nil, err
		}
		names, _, err := chunked(g, "layer_names")
		return loadLegacy(config, g, names, err)
	}
	return load(config, 3, &tree{root: root})
}

func loadLegacy(config []byte, g *hdf5.Group, names []string, err error) (*model.Model, error) {
	if err != nil {
		return nil, err
	}
	version, ok, err := g.Text("keras_version")
	if err != nil || !ok {
		version = "2" // as files before 2.0.9 have none
	}
	return load(config, major(version), &lists{group: g, layers: names})
}

// load makes the model that a JSON describes and fills it with weights.
func load(config []byte, version int, from Weights) (*model.Model, error) {
	b := newBuilder(version)
	if err := b.top(config); err != nil {
		return nil, err
	}
	if l, ok := from.(*lists); ok {
		l.all = b.holders
	}
	net, err := b.fill(from)
	if err != nil {
		return nil, err
	}
	return &model.Model{Config: b.config, Net: net}, nil
}

// FromConfig makes the model that a JSON describes, as model.to_json() of the given
// major version of Keras writes it, and fills it with weights that lie elsewhere, such
// as in a checkpoint of TensorFlow.
func FromConfig(config []byte, version int, from Weights) (*model.Model, error) {
	return load(config, version, from)
}

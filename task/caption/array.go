package caption

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/npy"
	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/tensor"
)

// readArray reads an array of features and, if texts is not "", their sentences.
func readArray(f *data.File, read arrayReader, texts string) ([]Example, error) {
	path := f.Name
	shape, values, err := read(f)
	if err != nil {
		return nil, err
	}
	if len(shape) == 1 {
		shape = []int{1, shape[0]}
	}
	if len(shape) == 2 {
		shape = []int{shape[0], 1, shape[1]}
	}
	if len(shape) != 3 || shape[0]*shape[1]*shape[2] == 0 {
		return nil, &data.Error{File: path, Reason: fmt.Sprintf("is an array of shape %v", shape), Hint: "features are [examples, width] or [examples, regions, width]"}
	}
	all := make([]Example, shape[0])
	size := shape[1] * shape[2]
	for i := range all {
		e := Example{Features: values[i*size : (i+1)*size], Width: shape[2], File: path, Row: i + 1}
		for _, v := range e.Features {
			if !fits(float64(v)) {
				return nil, e.fail("", fmt.Sprintf("has the value %v", v), "features are finite numbers up to 1e30")
			}
		}
		all[i] = e
	}
	if texts == "" {
		return all, nil
	}
	var sentences []string
	for _, line := range data.Lines(texts, &err) {
		sentences = append(sentences, line)
	}
	if err != nil {
		return nil, err
	}
	if len(sentences) != len(all) {
		return nil, &data.Error{File: texts, Reason: fmt.Sprintf("has %s, but %s has %s", setting.Plural(len(sentences), "line"), path, setting.Plural(len(all), "example")), Hint: "give a line for each example, with tabs between several sentences"}
	}
	for i, line := range sentences {
		for s := range strings.SplitSeq(line, "\t") {
			if strings.TrimSpace(s) != "" {
				all[i].Texts = append(all[i].Texts, s)
			}
		}
		if all[i].Texts == nil {
			return nil, &data.Error{File: texts, Row: i + 1, Reason: "is empty", Hint: "give every example a sentence"}
		}
	}
	return all, nil
}

// An arrayReader reads the values of an array.
type arrayReader func(f *data.File) (shape []int, values []tensor.Float, err error)

func init() {
	data.Register("", data.IDXMagic, arrayReader(idxArray))
	data.Register(".npy", "\x93NUMPY", arrayReader(npyArray))
	data.Register(".safetensors", "", arrayReader(safetensorsArray))
}

// idxArray reads images, whose columns are regions.
func idxArray(f *data.File) (shape []int, values []tensor.Float, err error) {
	x, err := data.ReadIDX(f, 0)
	if err != nil {
		return nil, nil, err
	}
	if len(x.Dims) != 3 {
		return nil, nil, &data.Error{File: f.Name, Reason: fmt.Sprintf("is an array of shape %v, not of images", x.Dims), Hint: "name the labels after their images"}
	}
	rows, cols := x.Dims[1], x.Dims[2]
	values = make([]tensor.Float, 0, len(x.Data))
	for i := range x.Dims[0] {
		image := x.Data[i*rows*cols : (i+1)*rows*cols]
		for c := range cols {
			for r := range rows {
				values = append(values, tensor.Float(image[r*cols+c])/255)
			}
		}
	}
	return []int{x.Dims[0], cols, rows}, values, nil
}

func npyArray(f *data.File) (shape []int, values []tensor.Float, err error) {
	a, err := npy.Read(f)
	if err != nil {
		return nil, nil, &data.Error{File: f.Name, Reason: err.Error()}
	}
	if values, err = floats(a.Data); err != nil {
		return nil, nil, &data.Error{File: f.Name, Reason: err.Error(), Hint: "save it as float32"}
	}
	return a.Shape, values, nil
}

// safetensorsArray reads the tensor features, or the only one.
func safetensorsArray(f *data.File) (shape []int, values []tensor.Float, err error) {
	r, size, err := f.ReaderAt()
	if err != nil {
		return nil, nil, err
	}
	all, err := safetensors.NewFile(r, size)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	t := all.Tensor(featuresName)
	if t == nil && len(all.Tensors) == 1 {
		t = all.Tensors[0]
	}
	if t == nil {
		return nil, nil, &data.Error{File: f.Name, Reason: fmt.Sprintf("has %d tensors, none named %s", len(all.Tensors), featuresName)}
	}
	wide, err := t.Float64s()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	values, _ = floats(wide)
	return t.Shape, values, nil
}

// floats converts the values of an array.
func floats(values any) ([]tensor.Float, error) {
	switch v := values.(type) {
	case []float32:
		return convert(v), nil
	case []float64:
		return convert(v), nil
	case []uint8:
		return convert(v), nil
	case []int32:
		return convert(v), nil
	case []int64:
		return convert(v), nil
	}
	return nil, fmt.Errorf("holds values of type %T", values)
}

func convert[T float32 | float64 | uint8 | int32 | int64](v []T) []tensor.Float {
	all := make([]tensor.Float, len(v))
	for i, x := range v {
		all[i] = tensor.Float(x)
	}
	return all
}

func readIDX(path string) (*data.IDX, error) {
	f, err := data.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return data.ReadIDX(f, 0)
}

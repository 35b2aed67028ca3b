package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/interchange"
	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task/forecast"
)

// openServed opens a model of any format to be served.
func (f *serveFlags) openServed(_ context.Context, path, name, version string, table session.TableOptions) (*serve.Model, error) {
	m := &serve.Model{Name: name, Version: version}
	runner, err := f.runnerOf(m, path)
	if err != nil {
		return nil, err
	}
	m.Sessions = session.NewTable(session.New(runner, session.Options{MaxBatch: f.batch, OnBatch: m.OnBatch}), table)
	return m, nil
}

// runnerOf opens what steps the sessions of a model, and names its tensors.
func (f *serveFlags) runnerOf(m *serve.Model, path string) (session.Runner, error) {
	if strings.EqualFold(filepath.Ext(path), ".onnx") {
		return onnxRunner(m, path)
	}
	if t, err := forecast.Open(path); err == nil {
		r := newForecastRunner(t)
		m.Inputs = []serve.Tensor{{Name: "x", Datatype: serve.FP32, Shape: []int64{-1, 1}}}
		m.Outputs = []serve.Tensor{{Name: "forecast", Datatype: serve.FP32, Shape: []int64{-1, int64(r.Out())}}}
		return r, nil
	}
	imported, err := interchange.Import(path, nil)
	if err != nil {
		return nil, hint(err)
	}
	net, err := interchange.Net(imported)
	if err != nil {
		return nil, err
	}
	r, err := net.Runner(f.weights())
	if err != nil {
		return nil, fault.Errorf(fault.Model, "it cannot be stepped: %w", err)
	}
	m.Inputs, m.Outputs = graphTensors(r.Inputs), graphTensors(r.Outputs)
	return r, nil
}

func graphTensors(parts []graph.Part) (list []serve.Tensor) {
	for _, p := range parts {
		list = append(list, serve.Tensor{Name: p.Name, Datatype: serve.FP32, Shape: []int64{-1, int64(p.Width)}})
	}
	return list
}

func onnxRunner(m *serve.Model, path string) (session.Runner, error) {
	om, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := om.Runner(onnx.RunnerOptions{})
	if err != nil {
		return nil, err
	}
	m.Platform = "onnx_onnxv1"
	m.Inputs, m.Outputs = onnxTensors(r.Inputs), onnxTensors(r.Outputs)
	return r, nil
}

func onnxTensors(parts []onnx.Part) (list []serve.Tensor) {
	for _, p := range parts {
		list = append(list, serve.Tensor{Name: p.Name, Datatype: serve.FP32, Shape: []int64{-1, int64(p.Width)}})
	}
	return list
}

// isModel reports whether a path is that of a model, for folders that are served.
func isModel(path string, folder bool) bool {
	if folder {
		_, err := os.Stat(filepath.Join(path, "variables", "variables.index"))
		return err == nil
	}
	return slices.Contains([]string{".onnx", ".safetensors", ".pt", ".pth", ".keras", ".h5", ".hdf5"}, strings.ToLower(filepath.Ext(path)))
}

package main

import (
	"bytes"
	"context"
	_ "embed"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/serve"
	models "github.com/recur-go/recur/serve/tasks"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/task/forecast"
)

// airline is the forecaster that is served without a MODEL: what recur forecast airline wrote.
//
//go:embed airline.safetensors
var airline []byte

// open opens a model to be served; "" is the path of the airline's.
func (f *serveFlags) open(_ context.Context, path, name, version string, table session.TableOptions) (*serve.Model, error) {
	o := models.Options{Name: name, Version: version, Table: table, Batch: session.Options{MaxBatch: f.batch}, Precision: f.weights()}
	if path == "" { // there may be no folder for a file: an image has nothing but the program
		m, err := forecast.ReadAny(bytes.NewReader(airline), int64(len(airline)))
		if err != nil {
			return nil, err
		}
		return models.New(&forecast.Trained{Forecaster: m}, o)
	}
	m, err := models.Open(path, o)
	if err != nil {
		return nil, hint(err)
	}
	return m, nil
}

// isModel reports whether a path is that of a model, for folders that are served.
func isModel(path string, folder bool) bool {
	if folder {
		_, err := os.Stat(filepath.Join(path, "variables", "variables.index"))
		return err == nil
	}
	return slices.Contains([]string{".onnx", ".safetensors", ".pt", ".pth", ".keras", ".h5", ".hdf5"}, strings.ToLower(filepath.Ext(path)))
}

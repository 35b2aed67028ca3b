package onnx

// An Info describes a model.
type Info struct{}

func describe(m *Model) *Info { return &Info{} }

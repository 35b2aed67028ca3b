package model_test

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/nn"
)

// A Config describes a layer of so many inputs and outputs.
type Config struct{ In, Out int }

type Layer struct{ W, B *grad.Var }

func (c *Config) New(r *rand.Rand) (any, error) {
	if c.In < 1 || c.Out < 1 {
		return nil, errors.New("in and out must be positive")
	}
	return &Layer{W: nn.Glorot(r, c.In, c.Out), B: nn.Full(r, 0.5, c.Out)}, nil
}

func (c *Config) CountParams() int { return model.CountParams(c) }

func init() { model.Register("example layer", func() model.Config { return new(Config) }) }

func Example() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "layer.safetensors")

	m, err := model.New(&Config{In: 3, Out: 2}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		log.Fatal(err)
	}
	m.Training = model.Training{Data: "nothing yet"}
	if err := m.SetExtra("labels", []string{"no", "yes"}); err != nil {
		log.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		log.Fatal(err)
	}

	m, err = model.Load(path) // in another program, perhaps
	if err != nil {
		log.Fatal(err)
	}
	var labels []string
	if err := m.Extra("labels", &labels); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Kind(), *m.Config.(*Config), m.Training.Data, labels)
	fmt.Println(m.Net.(*Layer).B.Value.Data)
	// Output:
	// example layer {3 2} nothing yet [no yes]
	// [0.5 0.5]
}

func ExampleLoadParams() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weights.safetensors")

	if err := model.SaveParams(path, &Layer{W: nn.Zeros(3, 2), B: nn.Zeros(2)}); err != nil {
		log.Fatal(err)
	}
	err = model.LoadParams(path, &Layer{W: nn.Zeros(3, 4), B: nn.Zeros(4)})
	var e *model.MismatchError
	if errors.As(err, &e) {
		fmt.Println(e)
	}
	// Output:
	// parameters do not fit the model: 0 missing, 0 extra, 2 misshapen
	// 	misshapen: w [3 2], not [3 4]
	// 	misshapen: b [2], not [4]
}

func ExampleDescribe() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weights.safetensors")

	if err := model.SaveParams(path, &Layer{W: nn.Zeros(3, 2), B: nn.Zeros(2)}); err != nil {
		log.Fatal(err)
	}
	info, err := model.Describe(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Format, info.Values)
	for _, p := range info.Params {
		fmt.Println(p.Name, p.Shape)
	}
	// Output:
	// recur weights 8
	// w [3 2]
	// b [2]
}

func ExampleLayers() {
	net := struct{ Hidden, Out *nn.Linear }{nn.NewLinear(nil, 3, 8), nn.NewLinear(nil, 8, 2)}
	for _, l := range model.Layers(&net) {
		fmt.Println(l.Op, l.Name, l.Values, "values", l.MACs, "multiply-adds")
	}
	// Output:
	// Linear hidden 32 values 24 multiply-adds
	// Linear out 18 values 16 multiply-adds
}

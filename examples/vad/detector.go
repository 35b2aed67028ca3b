package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"github.com/recur-go/recur/interchange/onnx"
	"github.com/recur-go/recur/session"
)

const (
	rate     = 16000 // samples a second
	frameLen = 512   // samples of a frame, 32 ms
	before   = 64    // samples of the frame before it that the model wants too
)

// A detector is a session.Runner that takes frames [rows, 512] and gives the probability of
// speech in each. The model takes a frame with the end of the one before: that end is a part
// of the state.
type detector struct {
	model  session.Runner // takes [rows, 64+512]
	states []int
	id     [32]byte
	inputs sync.Pool // of *[]session.Float
}

func newDetector(model session.Runner) (*detector, error) {
	if model.In() != before+frameLen || model.Out() != 1 {
		return nil, fmt.Errorf("the model takes %d values and gives %d, want %d samples and 1 probability, as silero_vad.onnx has them",
			model.In(), model.Out(), before+frameLen)
	}
	id := model.ID()
	return &detector{
		model:  model,
		states: append(slices.Clone(model.StateSizes()), before),
		id:     sha256.Sum256(append([]byte("vad: the end of the frame before behind the state of "), id[:]...)),
		inputs: sync.Pool{New: func() any { return new([]session.Float) }},
	}, nil
}

// openDetector opens silero_vad.onnx.
func openDetector(path string) (*detector, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	model, err := m.Runner(onnx.RunnerOptions{
		Fixed: map[string]*onnx.Tensor{"sr": onnx.NewTensor([]int64{rate})},
		Sizes: map[string]int{"input.1": before + frameLen},
	})
	if err != nil {
		return nil, fmt.Errorf("%s is not as silero_vad.onnx is; get that by get.sh: %w", path, err)
	}
	return newDetector(model)
}

func (d *detector) In() int           { return frameLen }
func (d *detector) Out() int          { return 1 }
func (d *detector) StateSizes() []int { return d.states }
func (d *detector) ID() [32]byte      { return d.id }

func (d *detector) Step(ctx context.Context, rows int, x, y []session.Float, states [][]session.Float) error {
	in := d.inputs.Get().(*[]session.Float)
	defer d.inputs.Put(in)
	last := len(states) - 1
	*in = (*in)[:0]
	for r := range rows {
		end, frame := states[last][r*before:(r+1)*before], x[r*frameLen:(r+1)*frameLen]
		*in = append(append(*in, end...), frame...)
		copy(end, frame[frameLen-before:])
	}
	return d.model.Step(ctx, rows, *in, y, states[:last])
}

package train

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/checkpoint"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
)

// A checkpoint is a file as package model writes it, of the parameters by name,
// and beside them, under "optim.", the optimizer's slots and the best parameters
// so far. It is replaced at one stroke, so a process that is killed leaves the one
// before.
const (
	extra      = "optim."
	bestPrefix = extra + "best."
	slotPrefix = extra + "slot."

	progressKey = "train"
)

// progress is the run's part of a checkpoint.
type progress struct {
	State state    `json:"state"`
	Optim int      `json:"optim"` // steps that the optimizer has taken
	Carry [][]byte `json:"carry,omitempty"`
}

// ErrCheckpoint is wrapped by errors about a checkpoint that cannot be resumed.
var ErrCheckpoint = fault.Errorf(fault.Model, "train: cannot resume from the checkpoint")

func (f *fitter) save() error {
	if f.opts.Checkpoint == "" {
		return nil
	}
	at := progress{State: f.state}
	if p, ok := f.opts.Schedule.(*optim.Plateau); ok {
		at.State.Plateau = &p.State
	}
	tensors := f.tensors("", f.values())
	if f.best != nil {
		tensors = append(tensors, f.tensors(bestPrefix, f.best)...)
	}
	if st, ok := f.opts.Optimizer.(optim.HasState); ok {
		steps, slots := st.Slots(f.params)
		at.Optim = steps
		for _, name := range slices.Sorted(maps.Keys(slots)) {
			tensors = append(tensors, checkpoint.Of(slotPrefix+name, slots[name], len(slots[name])))
		}
	}
	for _, c := range f.opts.Carry {
		b, err := c.MarshalBinary()
		if err != nil {
			return fmt.Errorf("train: checkpoint: %w", err)
		}
		at.Carry = append(at.Carry, b)
	}
	doc := checkpoint.Doc{}
	maps.Copy(doc, f.opts.Meta)
	if err := doc.Set(progressKey, at); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	if err := checkpoint.Save(f.opts.Checkpoint, doc, tensors); err != nil {
		return fmt.Errorf("train: checkpoint: %w", err)
	}
	return nil
}

// values are the parameters' own.
func (f *fitter) values() [][]tensor.Float {
	values := make([][]tensor.Float, len(f.params))
	for i, p := range f.params {
		values[i] = p.Value.Data
	}
	return values
}

// tensors names values as the parameters are named, after a prefix.
func (f *fitter) tensors(prefix string, values [][]tensor.Float) []checkpoint.Tensor {
	ts := make([]checkpoint.Tensor, len(values))
	for i, p := range f.params {
		ts[i] = checkpoint.Of(prefix+p.Name, values[i], p.Shape().Dims()...)
	}
	return ts
}

// resume goes on from the checkpoint if that was asked for and there is one.
func (f *fitter) resume() error {
	if !f.opts.Resume || f.opts.Checkpoint == "" {
		return nil
	}
	file, err := checkpoint.Open(f.opts.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	defer file.Close()
	if err := f.load(file); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrCheckpoint, f.opts.Checkpoint, err)
	}
	return nil
}

// load reads all of the file before it changes anything.
func (f *fitter) load(file *checkpoint.File) error {
	var at progress
	if err := file.Doc.Decode(progressKey, &at); err != nil {
		return fmt.Errorf("it has no progress of a training run: %w", err)
	}
	const most = math.MaxInt / 2
	if s := at.State; min(s.Epoch, s.InEpoch, s.Steps, s.BestAt, at.Optim) < 0 || max(s.Epoch, s.Steps, at.Optim) > most || s.InEpoch > s.Steps || s.BestAt > s.Epoch {
		return errors.New("its counts of epochs and steps are invalid")
	}
	blank := func() [][]tensor.Float {
		values := make([][]tensor.Float, len(f.params))
		for i, p := range f.params {
			values[i] = make([]tensor.Float, len(p.Value.Data))
		}
		return values
	}
	params, slots := blank(), map[string][]tensor.Float{}
	var best [][]tensor.Float
	tensors := f.tensors("", params)
	if slices.ContainsFunc(file.Tensors, func(t *safetensors.Tensor) bool { return strings.HasPrefix(t.Name, bestPrefix) }) {
		best = blank()
		tensors = append(tensors, f.tensors(bestPrefix, best)...)
	}
	for _, t := range file.Tensors {
		if name, ok := strings.CutPrefix(t.Name, slotPrefix); ok {
			slots[name] = make([]tensor.Float, t.Len())
			tensors = append(tensors, checkpoint.Of(t.Name, slots[name], t.Shape...))
		}
	}
	if err := file.Fill(tensors, ""); err != nil {
		return err
	}
	if len(at.Carry) != len(f.opts.Carry) {
		return fmt.Errorf("it has %d states beside the parameters, but this run has %d: another version of recur or a run with other settings wrote it; start again without it", len(at.Carry), len(f.opts.Carry))
	}
	for i, b := range at.Carry {
		if err := f.opts.Carry[i].UnmarshalBinary(b); err != nil {
			return err
		}
	}
	if st, ok := f.opts.Optimizer.(optim.HasState); ok {
		if err := st.SetSlots(f.params, at.Optim, slots); err != nil {
			return err
		}
	}
	for i, p := range f.params {
		copy(p.Value.Data, params[i])
	}
	f.best, f.state, f.first, f.resumed = best, at.State, at.State.Steps, true
	if p, ok := f.opts.Schedule.(*optim.Plateau); ok && at.State.Plateau != nil {
		p.State = *at.State.Plateau
	}
	return nil
}

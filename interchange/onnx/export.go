package onnx

import (
	"fmt"
	"io"
	"slices"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model/graph"
	"github.com/recur-go/recur/nn"
)

// ExportOptions choose the graph that Export makes. The zero value is one for whole sequences
// with lengths and states.
type ExportOptions struct {
	Step      bool // a graph of a single step, in place of one of whole sequences
	NoLengths bool // no input for lengths: every row is full
	NoStates  bool // no states: every sequence begins at the first one, and the last is not given
}

// The opset and the IR version of exported models. They are old enough for the runtimes
// in use and have all that is needed.
const (
	exportOpset = 17
	exportIR    = 8
)

// Export writes a network as a model of ONNX. Its inputs and outputs are
//
//	each input of the network   [batch, time, width], ids int64 [batch, time]; or
//	                            time first if the network is so
//	lengths                     int64 [batch], the steps of each row, 0 to time
//	each entry of the state     [batch, n], under the name that graph.Net.States gives
//	each output of the network
//	each entry of the state     after the last step of each row, with "_out" after its name
//
// with batch and time open. The graph of a single step has no time and no lengths. All
// else is float32. Weights are copied into RNN, LSTM and GRU with the orders of gates
// that ONNX has; cells that it lacks, as an LSTM with a projection, become a Scan.
//
// A plain rnn.Cell becomes a network by graph.FromCell.
//
// What cannot be mapped gives an *ExportError that names it.
func Export(w io.Writer, net *graph.Net, o ExportOptions) (err error) {
	e := &exporter{net: net, o: o, params: map[string]*grad.Var{}, constants: map[string]string{}, taken: map[string]bool{}}
	for _, p := range nn.Params(net) {
		e.params[p.Name] = p.Var
	}
	defer func() {
		if r := recover(); r != nil {
			stop, ok := r.(*ExportError)
			if !ok {
				panic(r)
			}
			err = stop
		}
	}()
	e.run()
	_, err = w.Write(e.model())
	return err
}

// An ExportError names a layer that cannot be handed on, and why.
type ExportError struct{ Layer, Reason string }

func (e *ExportError) Error() string {
	return fmt.Sprintf("onnx: layer %q cannot be exported: %s", e.Layer, e.Reason)
}

// Is reports whether target is fault.Model.
func (e *ExportError) Is(target error) bool { return target == fault.Model }

// A flow is a value between layers. Sequences are [time, batch, width], whatever the
// network's own order; ids, [time, batch] or [batch], are int64 without a width.
type flow struct {
	name string
	form graph.Spec
	ids  bool
	lens string // int32 [batch] if all that is masked is what lies past a row's length
	mask string // bool [time, batch] of the steps that are there; "" if all are, or lens says so
}

// run makes the nodes of the network.
func (e *exporter) run() {
	c := e.net.Config
	made := map[string][]flow{}
	last := e.inputs(made)
	for _, l := range c.Layers {
		e.layer = l.Name
		var in []flow
		for _, name := range l.From {
			in = append(in, e.find(made, name))
		}
		if len(in) == 0 {
			in = last[:1]
		}
		last = e.op(l.Name, l.Op, in)
		made[l.Name] = last
	}
	e.layer = "outputs"
	for i, name := range e.net.OutputNames() {
		v := e.find(made, name)
		e.output(name, v, e.net.OutputSpecs()[i])
	}
	if !e.o.NoStates {
		for _, s := range e.states {
			e.result(s.Name+"_out", s.last, []any{"batch", s.Width})
		}
	}
}

// find looks up what a layer gives, as graph does.
func (e *exporter) find(made map[string][]flow, name string) flow {
	if v := made[name]; v != nil {
		return v[0]
	}
	for i := range len(name) {
		if name[i] != ':' {
			continue
		}
		k := 0
		if _, err := fmt.Sscanf(name[i+1:], "%d", &k); err == nil && k < len(made[name[:i]]) {
			return made[name[:i]][k]
		}
	}
	panic(&ExportError{e.layer, fmt.Sprintf("nothing is called %q", name)})
}

// inputs declares the inputs and brings them into the order that flows have.
func (e *exporter) inputs(made map[string][]flow) []flow {
	c := e.net.Config
	var first []flow
	lens := ""
	if !e.o.NoLengths && !e.o.Step && slices.ContainsFunc(c.Inputs, func(in graph.Input) bool { return in.Sequence }) {
		lens = e.node("Cast", []string{"lengths"}, attr{"to", int(Int32)})
	}
	for _, in := range c.Inputs {
		dims := []any{"batch"}
		switch {
		case in.Sequence && e.o.Step:
		case in.Sequence && c.TimeMajor:
			dims = []any{"time", "batch"}
		case in.Sequence:
			dims = []any{"batch", "time"}
		}
		v := flow{name: in.Name, form: graph.Spec{Width: in.Width, Sequence: in.Sequence}, ids: in.IDs}
		dtype := Int64
		if !in.IDs {
			dims, dtype = append(dims, in.Width), Float32
		}
		e.input(in.Name, dtype, dims)
		if in.Sequence {
			v.lens = lens
			v.name = e.enter(v.name, len(dims))
		}
		made[in.Name] = []flow{v}
		first = append(first, v)
	}
	if lens != "" {
		e.input("lengths", Int64, []any{"batch"})
	}
	for _, s := range e.net.States() {
		x := &exportState{StateEntry: s}
		if !e.o.NoStates {
			e.input(s.Name, Float32, []any{"batch", s.Width})
			x.first = s.Name
		}
		e.states = append(e.states, x)
	}
	return first
}

// enter brings a sequence of an input into the order of time.
func (e *exporter) enter(name string, rank int) string {
	switch {
	case e.o.Step:
		return e.node("Unsqueeze", []string{name, e.ints(0)})
	case e.net.Config.TimeMajor:
		return name
	case rank == 2:
		return e.node("Transpose", []string{name}, attr{"perm", []int{1, 0}})
	}
	return e.node("Transpose", []string{name}, attr{"perm", []int{1, 0, 2}})
}

// output brings a flow into the order of an output and names it so.
func (e *exporter) output(name string, v flow, f graph.Spec) {
	v = e.float(v)
	switch {
	case !f.Sequence:
		e.result(name, v.name, []any{"batch", f.Width})
	case e.o.Step:
		e.result(name, e.node("Squeeze", []string{v.name, e.ints(0)}), []any{"batch", f.Width})
	case e.net.Config.TimeMajor:
		e.result(name, v.name, []any{"time_" + name, "batch", f.Width})
	default:
		e.result(name, e.node("Transpose", []string{v.name}, attr{"perm", []int{1, 0, 2}}), []any{"batch", "time_" + name, f.Width})
	}
}

// float makes ids numbers with a width of 1.
func (e *exporter) float(v flow) flow {
	if v.ids {
		v.name = e.node("Unsqueeze", []string{e.node("Cast", []string{v.name}, attr{"to", int(Float32)}), e.ints(-1)})
		v.ids = false
	}
	return v
}

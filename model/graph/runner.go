package graph

import (
	"fmt"

	"github.com/recur-go/recur/rnn"
)

// A Part is one tensor of the input or the output of a step, whose parts lie one behind the
// other.
type Part struct {
	Name  string
	Width int
	IDs   bool // its value is a whole number from 0
}

// A Runner steps many sessions of a network together; see rnn.Runner and package session. An
// id that the network does not know is an error of the batch.
type Runner struct {
	*rnn.Runner
	Inputs, Outputs []Part
}

// Runner makes a runner of the network with frozen weights. The error names a layer that
// needs the whole sequence, as that of Cell does.
func (n *Net) Runner(p rnn.Precision) (*Runner, error) {
	c, err := n.Cell()
	if err != nil {
		return nil, err
	}
	r := &Runner{}
	if r.Runner, err = rnn.NewRunner(c, p); err != nil {
		return nil, err
	}
	for _, in := range n.Config.Inputs {
		r.Inputs = append(r.Inputs, Part{in.Name, in.Width, in.IDs})
	}
	for i, f := range n.OutputSpecs() {
		r.Outputs = append(r.Outputs, Part{Name: n.OutputNames()[i], Width: f.Width})
	}
	return r, nil
}

func (p Part) String() string { return fmt.Sprintf("%s [%d]", p.Name, p.Width) }

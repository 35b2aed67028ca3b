package seq2seq

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/internal/fixture"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

// tfCase is one of the tests of tf.contrib.seq2seq.
type tfCase struct {
	Test, Op, Layout string
	End              int       `json:"end_token"`
	StepIDs          [][][]int `json:"step_ids"`
	ParentIDs        [][][]int `json:"parent_ids"`
	MaxLengths       []int     `json:"max_sequence_lengths"`
	Array            [][][]int
	SequenceLength   [][]int `json:"sequence_length"`
	Expected         json.RawMessage

	Logits   json.RawMessage
	LogProbs [][]float64 `json:"log_probs"`
	Lengths  [][]int
	Finished [][]int
	Length   float64 `json:"length_penalty_weight"`
	Targets  [][]int
	Weights  [][]int
}

func TestTensorFlow(t *testing.T) {
	for _, c := range fixture.Lines[tfCase](t, "tf1-tests/seq2seq.jsonl") {
		t.Run(c.Test, func(t *testing.T) {
			switch c.Op {
			case "gather_tree":
				c.gatherTree(t, c.StepIDs)
			case "gather_tree_from_array":
				c.gatherTree(t, c.Array)
			case "beam_search_step":
				c.beamStep(t)
			case "sequence_loss":
				c.sequenceLoss(t)
			default:
				t.Errorf("there is no %s here", c.Op)
			}
		})
	}
}

func decode(t *testing.T, b json.RawMessage, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// batchMajor turns [time][batch][beam] to [batch][time][beam].
func batchMajor(x [][][]int) (y [][][]int) {
	for b := range x[0] {
		var row [][]int
		for t := range x {
			row = append(row, x[t][b])
		}
		y = append(y, row)
	}
	return y
}

// gatherTree reads each beam back from its last token along its parents. What lies past
// the length of a row is End in one op; past that of a beam in the other it stays as it is.
func (c tfCase) gatherTree(t *testing.T, tokens [][][]int) {
	var want [][][]int
	decode(t, c.Expected, &want)
	parents := c.ParentIDs
	if c.Layout != "[batch,time,beam] (transpose to time-major for TF)" && c.Layout != "[batch,time,beam]" {
		tokens, parents, want = batchMajor(tokens), batchMajor(parents), batchMajor(want)
	}
	for b := range tokens {
		steps, beams := len(tokens[b]), len(tokens[b][0])
		length := steps
		if c.MaxLengths != nil {
			length = c.MaxLengths[b]
		} else {
			length = slices.Max(c.SequenceLength[b])
		}
		nodes := slices.Repeat([]*node{{}}, beams)
		for s := range length {
			var next []*node
			for k := range beams {
				next = append(next, &node{parent: nodes[parents[b][s][k]], token: tokens[b][s][k]})
			}
			nodes = next
		}
		for k, n := range nodes {
			said := n.hypothesis().Tokens
			if c.SequenceLength != nil {
				said = said[:c.SequenceLength[b][k]]
			}
			ended := false
			for s := range steps {
				got := c.End
				if c.SequenceLength != nil {
					got = tokens[b][s][k]
				}
				if s < len(said) && !ended {
					got = said[s]
					ended = c.MaxLengths != nil && got == c.End
				}
				if got != want[b][s][k] {
					t.Errorf("row %d, step %d, beam %d: %d, want %d", b, s, k, got, want[b][s][k])
				}
			}
		}
	}
}

// beamStep checks one step of the search.
func (c tfCase) beamStep(t *testing.T) {
	var logits [][][]grad.Float
	decode(t, c.Logits, &logits)
	var want struct {
		Predicted [][]int `json:"predicted_ids"`
		Parents   [][]int `json:"parent_ids"`
		Lengths   [][]int
		Finished  [][]int
	}
	decode(t, c.Expected, &want)
	for b, rows := range logits {
		beam := Beam{Width: len(rows), LengthPenalty: c.Length}
		var nodes []*node
		var scores [][]grad.Float
		for k, row := range rows {
			n := &node{n: c.Lengths[b][k], logProb: c.LogProbs[b][k], token: k, ended: c.Finished[b][k] == 1}
			if n.ended {
				n.n++ // End, which TensorFlow does not count
				n.score = n.logProb / beam.lengthPenalty(n.n)
			} else {
				scores = append(scores, row)
			}
			nodes = append(nodes, n)
		}
		for k, n := range beam.extend(&Decoder{End: c.End}, nodes, scores, nil, 0) {
			id, parent, length := n.token, n.parent, n.n
			if slices.Contains(nodes, n) { // it had ended and stays
				id, parent = c.End, n
			}
			if n.ended {
				length--
			}
			if id != want.Predicted[b][k] || parent.token != want.Parents[b][k] || length != want.Lengths[b][k] || n.ended != (want.Finished[b][k] == 1) {
				t.Errorf("row %d, beam %d: token %d after %d, length %d, ended %v; want %d after %d, %d, %d", b, k,
					id, parent.token, length, n.ended, want.Predicted[b][k], want.Parents[b][k], want.Lengths[b][k], want.Finished[b][k])
			}
		}
	}
}

// sequenceLoss checks nn.SequenceLoss and, by masks, each of its parts: logits[b,t,:] is
// t + 0.5, so that all classes are equally likely.
func (c tfCase) sequenceLoss(t *testing.T) {
	const B, T, V = 2, 3, 5
	var want map[string]any
	decode(t, c.Expected, &want)
	// over gives the mean over the steps that keep takes, 0 for none.
	over := func(keep func(b, t int) bool) float64 {
		g := grad.Eval()
		x := tensor.New(T, B, V)
		ids := make([]int, T*B)
		for t := range T {
			for b := range B {
				for v := range V {
					x.Data[(t*B+b)*V+v] = tensor.Float(t) + 0.5
				}
				ids[t*B+b] = -1
				if c.Weights[b][t] == 1 && keep(b, t) {
					ids[t*B+b] = c.Targets[b][t]
				}
			}
		}
		return float64(nn.SequenceLoss(g, g.Const(x), ids, nil).Value.Data[0])
	}
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 1e-4 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	all := func(int, int) bool { return true }
	for name, v := range want {
		switch name {
		case "avg_all", "sum_all":
			near(name, over(all), v.(float64))
		case "avg_batch_only", "sum_batch":
			for s, v := range v.([]any) {
				near(name, over(func(_, t int) bool { return t == s }), v.(float64))
			}
		case "avg_time_only", "sum_time":
			for row, v := range v.([]any) {
				near(name, over(func(b, _ int) bool { return b == row }), v.(float64))
			}
		case "none":
			for row, of := range v.([]any) {
				for s, v := range of.([]any) {
					near(name, over(func(b, t int) bool { return b == row && t == s }), v.(float64))
				}
			}
		default:
			t.Errorf("there is no reduction %s here", name)
		}
	}
}

package main

import (
	"fmt"
	"io"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/rnn"
)

// The small language model of Zaremba, Sutskever & Vinyals 2014 on the Penn
// Treebank: two LSTM layers of 200 without dropout, windows of 20 steps in 20 rows
// whose state goes on from one window to the next, gradient descent with rate 1 and
// the gradient's norm limited to 5, of a loss that is summed over the steps.
const (
	ptbWidth  = 200
	ptbSteps  = 20
	ptbBatch  = 20
	ptbLimit  = 0.1 // of the first weights
	ptbClip   = 5
	ptbRate   = 1
	ptbEnding = "<eos>"
)

type wordModel struct {
	Embed *nn.Embedding
	Cells rnn.Stack
	Out   *nn.Linear
}

func newWordModel(words, width int) *wordModel {
	m := &wordModel{
		Embed: &nn.Embedding{W: nn.Zeros(words, width)},
		Out:   &nn.Linear{W: nn.Zeros(width, words), B: nn.Zeros(words)},
	}
	var w weights
	w.fill(ptbLimit, m.Embed.W)
	for range 2 {
		c := emptyLSTM(width, width)
		w.fill(ptbLimit, c.Wx, c.Wh, c.B)
		m.Cells = append(m.Cells, c)
	}
	w.fill(ptbLimit, m.Out.W, m.Out.B)
	return m
}

func emptyLSTM(in, hidden int) *rnn.LSTM {
	return &rnn.LSTM{Wx: nn.Zeros(in, 4*hidden), Wh: nn.Zeros(hidden, 4*hidden), B: nn.Zeros(4 * hidden)}
}

// A window is some steps of the text in every row, time-major, and the words that
// come next.
type window struct{ in, want []int }

// loss is the mean over the words.
func (m *wordModel) loss(g *grad.Tape, b window, state *rnn.Carry) *grad.Var {
	steps := len(b.in) / ptbBatch
	x := g.Reshape(m.Embed.Forward(g, b.in), steps, ptbBatch, m.Embed.W.Dim(1))
	y, last := rnn.Dynamic(g, m.Cells, rnn.Seq{X: x}, state.Load(g))
	state.Store(last)
	return nn.CrossEntropy(g, m.Out.Forward(g, y.X), b.want)
}

// perplexity is that of a whole text.
func (m *wordModel) perplexity(text []int) float64 {
	var sum float64
	var words int
	var state rnn.Carry
	g := grad.Eval()
	for b := range windows(text) {
		g.Reset()
		sum += float64(m.loss(g, b, &state).Value.Data[0]) * float64(len(b.want))
		words += len(b.want)
	}
	return math.Exp(sum / float64(words))
}

// windows cuts a text into rows and these into windows of up to ptbSteps.
func windows(text []int) iter.Seq[window] {
	return func(yield func(window) bool) {
		row := len(text) / ptbBatch
		for lo := 0; lo < row-1; lo += ptbSteps {
			n := min(ptbSteps, row-1-lo)
			b := window{make([]int, n*ptbBatch), make([]int, n*ptbBatch)}
			for t := range n {
				for r := range ptbBatch {
					at := r*row + lo + t
					b.in[t*ptbBatch+r], b.want[t*ptbBatch+r] = text[at], text[at+1]
				}
			}
			if !yield(b) {
				return
			}
		}
	}
}

func ptb(o options) (result, error) {
	ids := map[string]int{}
	training, err := readWords(filepath.Join(o.data, "text", "ptb", "ptb.train.txt.gz"), ids, true)
	if err != nil {
		return result{}, err
	}
	valid, err := readWords(filepath.Join(o.data, "text", "ptb", "ptb.valid.txt.gz"), ids, false)
	if err != nil {
		return result{}, err
	}
	m := newWordModel(len(ids), o.wide(ptbWidth))
	n := (len(training)/ptbBatch + ptbSteps - 2) / ptbSteps
	var state rnn.Carry
	r, err := epoch(o, "ptb", m, n, windows(training), func(g *grad.Tape, b window) *grad.Var {
		return g.Scale(m.loss(g, b, &state), ptbSteps)
	}, &optim.SGD{LR: ptbRate}, ptbClip, func() float64 { return m.perplexity(valid) })
	r.Loss /= ptbSteps
	return r, err
}

// readWords gives the ids of the words of a text, whose lines it ends with
// <eos>. With learn the words that are new get the next id.
func readWords(path string, ids map[string]int, learn bool) (text []int, err error) {
	err = lines(path, func(line string) error {
		for _, w := range append(strings.Fields(line), ptbEnding) {
			id, ok := ids[w]
			if !ok && !learn {
				return fmt.Errorf("the word %q is not in the training text", w)
			}
			if !ok {
				id = len(ids)
				ids[w] = id
			}
			text = append(text, id)
		}
		return nil
	})
	return slices.Clip(text), err
}

// lines calls f with every line of a text packed by gzip.
func lines(path string, f func(string) error) error {
	file, err := data.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for n := 1; ; n++ {
		line, err := file.ReadString('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: line %d: %w", path, n, err)
		}
		if line == "" {
			return nil
		}
		if err := f(strings.TrimRight(line, "\r\n")); err != nil {
			return fmt.Errorf("%s: line %d: %w", path, n, err)
		}
	}
}

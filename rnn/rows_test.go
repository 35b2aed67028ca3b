package rnn_test

import (
	"fmt"
	"testing"

	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/rnntest"
)

// Rows do not mix, in sizes that take every way through the kernels.
func TestRows(t *testing.T) {
	r := rng()
	for _, size := range [][2]int{{1, 16}, {5, 33}, {37, 64}, {64, 80}} {
		in, H := size[0], size[1]
		for name, c := range map[string]rnn.Cell{
			"Basic":          rnn.NewBasic(r, in, H),
			"BasicSoftsign":  rnn.BasicOptions{Activation: rnn.Softsign}.New(r, in, H),
			"LSTM":           rnn.NewLSTM(r, in, H),
			"LSTMAll":        rnn.LSTMOptions{Peepholes: true, Projection: H / 2, ProjClip: 0.3, CellClip: 0.5}.New(r, in, H),
			"LSTMNorm":       rnn.LSTMOptions{LayerNorm: true}.New(r, in, H),
			"LSTMCoupled":    rnn.LSTMOptions{Coupled: true, Clip: 2}.New(r, in, H),
			"GRU":            rnn.NewGRU(r, in, H),
			"GRUResetBefore": rnn.GRUOptions{ResetBefore: true}.New(r, in, H),
			"GRUClip":        rnn.GRUOptions{Clip: 2}.New(r, in, H),
			"MinGRU":         rnn.MinGRUOptions{}.New(r, in, H),
			"MinLSTM":        rnn.MinLSTMOptions{}.New(r, in, H),
			"IndRNN":         rnn.IndRNNOptions{}.New(r, in, H),
			"SRU":            rnn.SRUOptions{}.New(r, in, H),
			"SRUPeepholes":   rnn.SRUOptions{Peepholes: true}.New(r, in, H),
			"SCLSTM":         rnn.NewSCLSTM(r, in, H, 9),
			"ConvLSTM":       rnn.NewConvLSTM(r, []int{in}, []int{3}, 1, 8),
			"Dilated":        &rnn.Dilated{Cell: rnn.NewGRU(r, in, H), K: 3},
			"wrappers": rnn.Stack{
				&rnn.InputProjection{In: nn.NewLinear(r, in, H), Cell: rnn.NewHighway(r, rnn.NewLearned(rnn.NewLSTM(r, H, H)), H)},
				&rnn.OutputProjection{Out: nn.NewLinear(r, H, 7), Cell: &rnn.Residual{Cell: &rnn.Zoneout{H: 0.1, C: 0.1, Cell: rnn.NewGRU(r, H, H)}}},
			},
		} {
			t.Run(fmt.Sprintf("%s/%d", name, H), func(t *testing.T) {
				if err := rnntest.Rows(noisy(c), in); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

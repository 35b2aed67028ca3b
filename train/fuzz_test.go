package train_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/tensor"
	"github.com/recur-go/recur/train"
)

// A tally is carried by a run: the number of its steps.
type tally int

func (n *tally) MarshalBinary() ([]byte, error) { return json.Marshal(*n) }

func (n *tally) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, (*int)(n)) }

// slope trains y = w·x + b for three epochs of three steps, with all that a checkpoint keeps.
func slope(ctx context.Context, path string, o train.Options) (*nn.Linear, train.Epoch, error) {
	m, steps := nn.NewLinear(nil, 1, 1), new(tally)
	m.W.Value.Data[0] = 1
	o.Epochs, o.Checkpoint, o.Resume, o.Carry = 3, path, true, []train.Carried{steps}
	o.Optimizer = &optim.Average{Of: &optim.Adam{LR: 0.1}, Decay: 0.5}
	o.Schedule = &optim.Plateau{Patience: 1, Factor: 0.5}
	o.Validate = func(context.Context) (float64, error) { return math.Abs(float64(m.W.Value.Data[0]) - 2), nil }
	batches := func(int) iter.Seq[float64] { return slices.Values([]float64{1, 2, 3}) }
	last, err := train.FitEpochs(ctx, m, batches, func(g *grad.Tape, x float64) *grad.Var {
		*steps++
		one := func(x float64) *tensor.Tensor { return tensor.FromSlice([]tensor.Float{tensor.Float(x)}, 1, 1) }
		return nn.MSE(g, m.Forward(g, g.Const(one(x))), one(2*x))
	}, o)
	return m, last, err
}

// stopped is the checkpoint of a run of slope that ended after so many steps.
func stopped(t testing.TB, after int) []byte {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	path := filepath.Join(t.TempDir(), "c")
	_, _, err := slope(ctx, path, train.Options{OnStep: func(p train.Progress) {
		if p.Step == after {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sealed is a file of recur with the checksums that its bytes have, if it can have any.
func sealed(b []byte) []byte {
	f, err := safetensors.NewFile(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(f.Metadata["recur.crc32c"]) != 17 {
		return b
	}
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	header, data := uint32(0), 0
	add := func(values ...any) {
		text, err := json.Marshal(values)
		if err != nil {
			panic(err)
		}
		header = crc32.Update(header, castagnoli, text)
	}
	metadata := maps.Clone(f.Metadata)
	delete(metadata, "recur.crc32c")
	add(metadata)
	for _, t := range f.Tensors {
		add(t.Name, t.DType, append([]int{}, t.Shape...))
		data += int(t.Size())
	}
	sums := fmt.Sprintf("%08x %08x", header, crc32.Checksum(b[len(b)-data:], castagnoli))
	return bytes.Replace(b, []byte(f.Metadata["recur.crc32c"]), []byte(sums), 1)
}

// FuzzResume: whatever a checkpoint holds, it is refused and changes nothing, or the run goes
// on from it, in memory in proportion to the file, and leaves one to go on from.
func FuzzResume(f *testing.F) {
	for _, after := range []int{1, 3, 5, 9} {
		b := stopped(f, after)
		f.Add(b)
		for _, of := range [][2]string{{`\"Steps\":`, `\"Steps\":-`}, {`F32`, `F64`}, {"optim.slot.", "optim.best."}, {`\"InEpoch\":`, `\"InEpoch\":9`}} {
			f.Add(bytes.Replace(b, []byte(of[0]), []byte(of[1]), 1))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "c")
		if err := os.WriteFile(path, sealed(b), 0o666); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, last, err := slope(context.Background(), path, train.Options{})
		runtime.ReadMemStats(&after)
		if most := uint64(4<<20 + 64*len(b)); after.TotalAlloc-before.TotalAlloc > most {
			t.Errorf("%d bytes for a file of %d", after.TotalAlloc-before.TotalAlloc, len(b))
		}
		var numeric *train.NumericError
		switch {
		case errors.Is(err, train.ErrCheckpoint):
			if !strings.Contains(err.Error(), "fewer now") && (m.W.Value.Data[0] != 1 || m.B.Value.Data[0] != 0) {
				t.Errorf("%v, and yet the weights are %v, %v", err, m.W.Value.Data, m.B.Value.Data)
			}
		case errors.As(err, &numeric):
		case err != nil:
			t.Errorf("%v", err)
		default:
			again, end, err := slope(context.Background(), path, train.Options{})
			if err != nil || end != last || math.Float32bits(float32(again.W.Value.Data[0])) != math.Float32bits(float32(m.W.Value.Data[0])) {
				t.Errorf("%+v, and again %+v, %v", last, end, err)
			}
		}
	})
}

// Counts of epochs and steps that no run has are refused before they are counted on.
func TestBadCounts(t *testing.T) {
	good := stopped(t, 1)
	for _, of := range [][2]string{
		{`\"Steps\":1,`, `\"Steps\":9223372036854775807,`}, {`\"Steps\":1,`, `\"Steps\":-1,`}, {`\"InEpoch\":1`, `\"InEpoch\":2`},
		{`\"Epoch\":0`, `\"Epoch\":-1`}, {`\"BestAt\":0`, `\"BestAt\":1`}, {`\"optim\":1`, `\"optim\":9223372036854775807`},
	} {
		b := bytes.Replace(good, []byte(of[0]), []byte(of[1]), 1)
		b = append(binary.LittleEndian.AppendUint64(nil, binary.LittleEndian.Uint64(b)+uint64(len(b)-len(good))), b[8:]...)
		path := filepath.Join(t.TempDir(), "c")
		if err := os.WriteFile(path, sealed(b), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := slope(context.Background(), path, train.Options{}); !errors.Is(err, train.ErrCheckpoint) || !strings.Contains(err.Error(), "are invalid") {
			t.Errorf("%s: %v", of[1], err)
		}
	}
}

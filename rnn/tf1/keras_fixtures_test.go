package tf1_test

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/rnn/tf1"
	"github.com/recur-go/recur/tensor"
)

// Keras 3's tests of ConvLSTM with constant weights, as far as they pad their input to
// keep its size, which is TensorFlow 1's way. Their forget bias of 1 lies in the bias.
func TestKerasConvLSTM(t *testing.T) {
	root := os.Getenv("RECUR_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	f, err := os.Open(filepath.Join(root, "fixtures", "keras-rnn-tests", "keras3_rnn.jsonl"))
	if err != nil {
		t.Skip("needs fixtures/keras-rnn-tests of the shared data sets; set RECUR_SHARED to their folder")
	}
	defer f.Close()
	type numbers struct {
		Shape []int
		Data  []tensor.Float
	}
	lines, count := bufio.NewScanner(f), 0
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			Layer struct {
				Class  string
				Config struct {
					Filters   int
					Padding   string
					Window    int                        `json:"kernel_size"`
					Kernel    struct{ Constant float64 } `json:"kernel_initializer"`
					Recurrent struct{ Constant float64 } `json:"recurrent_initializer"`
				}
			}
			Input    numbers
			State    []numbers `json:"initial_state"`
			Select   []int
			Expected numbers
		}
		if !strings.Contains(lines.Text(), `"class": "ConvLSTM`) {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		o := c.Layer.Config
		if o.Padding != "same" {
			continue
		}
		count++
		shape := c.Input.Shape // [batch, (time,) places…, channels]
		B, T, places := shape[0], 1, shape[1:len(shape)-1]
		if c.Layer.Class != "ConvLSTMCell" {
			T, places = shape[1], shape[2:len(shape)-1]
		}
		in := shape[len(shape)-1]
		cell := &tf1.ConvLSTM{Size: places, ForgetBias: 1}
		rows := 1
		for range places {
			cell.Window = append(cell.Window, o.Window)
			rows *= o.Window
		}
		kernel := tensor.New(rows*(in+o.Filters), 4*o.Filters)
		for i := range kernel.Data {
			kernel.Data[i] = tensor.Float(o.Kernel.Constant)
			if i/(4*o.Filters)%(in+o.Filters) >= in {
				kernel.Data[i] = tensor.Float(o.Recurrent.Constant)
			}
		}
		cell.Kernel = grad.Leaf(kernel)
		g := grad.Eval()
		width := len(c.Input.Data) / B / T
		x := g.Swap(g.Const(tensor.FromSlice(c.Input.Data, B, T, width)))
		var s rnn.State
		for _, n := range c.State {
			s = append(s, g.Const(tensor.FromSlice(n.Data, B, len(n.Data)/B)))
		}
		y, last := rnn.Dynamic(g, cell, rnn.Seq{X: x}, s)
		got := y.Last(g)
		if len(c.Select) == 2 {
			got = last[c.Select[1]]
		}
		var sum float64
		for _, v := range got.Value.Data {
			sum += float64(v)
		}
		if want := float64(c.Expected.Data[0]); math.Abs(sum-want) > 1e-4*math.Abs(want) {
			t.Errorf("%s: the sum is %v, want %v", c.Layer.Class, sum, want)
		}
	}
	if count == 0 {
		t.Error("no cases")
	}
	t.Log(count, "cases")
}

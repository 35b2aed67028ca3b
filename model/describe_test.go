package model

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/recur-go/recur/model/safetensors"
	"github.com/recur-go/recur/nn"
	"github.com/recur-go/recur/tensor"
)

const floatSize = int64(unsafe.Sizeof(tensor.Float(0)))

func TestDescribeModel(t *testing.T) {
	m := small(t)
	ps := nn.Params(m.Net)
	ps[0].Value.Data[1] = tensor.Float(math.NaN())
	path := checkpointOf(t, m)
	info, err := Describe(path)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Path != path || info.Format != "recur checkpoint" || info.Kind != "test sizes" || info.Version != 2 ||
		info.Bytes != stat.Size() || info.Values != 9 || string(info.Progress) != `{"epoch":2}` || len(info.SHA256) != 64 {
		t.Errorf("%+v", info)
	}
	if !reflect.DeepEqual(*info.Training, m.Training) || !reflect.DeepEqual(info.Extras, map[string]int{"vocabulary": 9}) {
		t.Errorf("training %+v, extras %v", info.Training, info.Extras)
	}
	var c sizes
	if err := json.Unmarshal(info.Config, &c); err != nil || c != *m.Config.(*sizes) {
		t.Errorf("config %s (%v)", info.Config, err)
	}
	dtype := fmt.Sprintf("F%d", 8*floatSize)
	want := []ParamInfo{
		{"w", dtype, []int{3, 2}, 6, 6 * floatSize, 1},
		{"b", dtype, []int{2}, 2, 2 * floatSize, 0},
		{"deep.0.u", dtype, []int{}, 1, floatSize, 0},
	}
	if !reflect.DeepEqual(info.Params, want) {
		t.Errorf("parameters %v", info.Params)
	}
	if want := []ParamInfo{{"optim.m.w", "F64", []int{3}, 3, 24, 2}}; !reflect.DeepEqual(info.Optim, want) {
		t.Errorf("optimiser %v", info.Optim)
	}

	b, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	var again Info
	if err := json.Unmarshal(b, &again); err != nil || again.String() != info.String() {
		t.Errorf("JSON %s (%v)", b, err)
	}
	for _, s := range []string{path, "test sizes", "two words", "accuracy", info.SHA256, "[3 2]", "1 not finite", "optim.m.w", `{"epoch":2}`} {
		if !strings.Contains(info.String(), s) {
			t.Errorf("text lacks %q:\n%s", s, info)
		}
	}
}

func TestDescribeForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	half := safetensors.Source{Name: "h\x1b[2J\n", DType: safetensors.F16, Shape: []int{2}, Data: []byte{0, 0x7c, 0, 0xc0}}
	if err := os.WriteFile(path, foreign(t, half, safetensors.From("ids", []int64{1, 2, 3}, 3)), 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := Describe(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []ParamInfo{{"ids", "I64", []int{3}, 3, 24, 0}, {half.Name, "F16", []int{2}, 2, 4, 1}}
	if info.Format != "safetensors" || info.Metadata["format"] != "pt" || info.Checksum != "" || !reflect.DeepEqual(info.Params, want) {
		t.Errorf("%+v", info)
	}
	text := `file        ` + path + `
format      safetensors
size        ` + fmt.Sprint(info.Bytes) + ` bytes
sha256      ` + info.SHA256 + `
metadata    format: "pt"
parameters  5 values in 2 tensors

ids     I64  [3]  3
h�[2J�  F16  [2]  2  1 not finite
`
	if info.String() != text {
		t.Errorf("text\n%s\nnot\n%s", info, text)
	}
}

func TestDescribeWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := SaveParams(path, small(t).Net); err != nil {
		t.Fatal(err)
	}
	info, err := Describe(path)
	if err != nil || info.Format != "recur weights" || info.Checksum == "" || info.Training != nil {
		t.Errorf("%+v (%v)", info, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Describe(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestDescribeCounts(t *testing.T) {
	one := &Info{Values: 1, Params: make([]ParamInfo, 1), Training: &Training{Epochs: 1, Steps: 1, Seed: 3}}
	many := &Info{Values: 9, Params: make([]ParamInfo, 2), Training: &Training{Epochs: 2, Steps: 40, Seed: 3}}
	for want, info := range map[string]*Info{"1 epoch, 1 step, seed 3": one, "2 epochs, 40 steps, seed 3": many, "1 value in 1 tensor\n": one, "9 values in 2 tensors\n": many} {
		if got := info.String(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

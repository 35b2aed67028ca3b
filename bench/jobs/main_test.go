package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/recur-go/recur/internal/race"
)

// write packs content into a file under dir.
func write(t *testing.T, content []byte, dir string, path ...string) {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(content)
	z.Close()
	name := filepath.Join(append([]string{dir}, path...)...)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, packed.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// tiny is data that can be learnt: words in a fixed order, digits that are rows of
// light, reviews labelled good or bad.
func tiny(t *testing.T) string {
	dir := t.TempDir()
	text := []byte(strings.Repeat(" the cat sat on the mat \n", 3000))
	write(t, text, dir, "text", "ptb", "ptb.train.txt.gz")
	write(t, text, dir, "text", "ptb", "ptb.valid.txt.gz")
	for part, n := range map[string]int{"train": 4500, "t10k": 150} {
		images := []byte{0, 0, 8, 3, 0, 0, byte(n >> 8), byte(n), 0, 0, 0, side, 0, 0, 0, side}
		labels := []byte{0, 0, 8, 1, 0, 0, byte(n >> 8), byte(n)}
		for i := range n {
			image := make([]byte, side*side)
			for col := range side {
				image[(side-1-i%10)*side+col] = 255
			}
			images, labels = append(images, image...), append(labels, byte(i%10))
		}
		write(t, images, dir, "images", "mnist", part+"-images-idx3-ubyte.gz")
		write(t, labels, dir, "images", "mnist", part+"-labels-idx1-ubyte.gz")
	}
	reviews := "id\tdocument\tlabel\n"
	for i := range 3200 {
		reviews += fmt.Sprintf("%d\t%s%s\t%d\n", i, strings.Repeat("영화", i%7), []string{"별로", "좋다"}[i%2], i%2)
	}
	write(t, []byte(reviews), dir, "text", "nsmc", "ratings_train.txt.gz")
	write(t, []byte(reviews), dir, "text", "nsmc", "ratings_test.txt.gz")
	return dir
}

func TestJobsLearn(t *testing.T) {
	dir := tiny(t)
	for name, chance := range map[string]float64{"ptb": math.Log(6), "mnist": math.Log(10), "nsmc": math.Log(2)} {
		got, err := jobs[name](options{data: dir, share: 1, width: 32})
		if err != nil {
			t.Fatal(err)
		}
		r := got.(result)
		if r.Job != name || r.System != "recur" || r.Threads != runtime.GOMAXPROCS(0) || r.Seconds <= 0 || r.Peak <= 0 {
			t.Errorf("%+v", r)
		}
		if want := map[string]int{"ptb": 53, "mnist": 30, "nsmc": 50}[name]; r.Steps != want {
			t.Errorf("%s: %d steps, want %d", name, r.Steps, want)
		}
		if !(r.Loss < chance) {
			t.Errorf("%s: loss %v, chance has %v", name, r.Loss, chance)
		}
	}
}

func TestShareOfAnEpoch(t *testing.T) {
	r, err := nsmc(options{data: tiny(t), share: 0.25, width: 8})
	if err != nil || r.Steps != 13 {
		t.Errorf("%d steps of 50, error %v, want 13", r.Steps, err)
	}
}

// The values are those that peer_torch.py draws.
func TestHash(t *testing.T) {
	for k, want := range map[uint32]uint32{0: 0, 1: 301794027, 2: 3140136926, 1_000_000: 491676286} {
		if got := hash(k); got != want {
			t.Errorf("hash(%d) = %d, want %d", k, got, want)
		}
	}
}

func TestWindowsCoverTheText(t *testing.T) {
	text := make([]int, 20*50+7)
	for i := range text {
		text[i] = i
	}
	seen := 0
	for b := range windows(text) {
		for i, id := range b.in {
			if b.want[i] != id+1 {
				t.Fatalf("after %d comes %d", id, b.want[i])
			}
		}
		seen += len(b.in)
	}
	if seen != 20*49 {
		t.Errorf("%d words, want %d", seen, 20*49)
	}
}

func TestBadData(t *testing.T) {
	dir := tiny(t)
	write(t, []byte("id\tdocument\tlabel\n1\tno label\n"), dir, "text", "nsmc", "ratings_test.txt.gz")
	write(t, []byte("a word unheard\n"), dir, "text", "ptb", "ptb.valid.txt.gz")
	if _, err := nsmc(options{data: dir}); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a review without a label: %v", err)
	}
	if _, err := ptb(options{data: dir}); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a word that the training text lacks: %v", err)
	}
	for name := range map[string]bool{"ptb": true, "mnist": true, "nsmc": true} {
		if _, err := jobs[name](options{data: t.TempDir(), share: 1}); !os.IsNotExist(err) {
			t.Errorf("%s without data: %v", name, err)
		}
	}
}

func TestMemoryGrowsWithTheRootOfTheSteps(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is measured on Linux only")
	}
	var tape [2]int
	for i, steps := range []int{256, 2304} {
		u, err := memory(options{steps: steps, width: 16})
		if err != nil {
			t.Fatal(err)
		}
		tape[i] = u.(usage).Tape
	}
	if tape[1] > 5*tape[0] {
		t.Errorf("9 times the steps take %d bytes, not %d", tape[1], tape[0])
	}
}

func TestStreamAllocatesNothing(t *testing.T) {
	if race.Enabled {
		t.Skip("a sync.Pool forgets at random under the race detector")
	}
	if runtime.GOOS != "linux" {
		t.Skip("memory is measured on Linux only")
	}
	u, err := stream(options{steps: 2000})
	if err != nil {
		t.Fatal(err)
	}
	if got := u.(usage).Allocated; got > 1<<16 {
		t.Errorf("2000 steps allocate %d bytes", got)
	}
}

func TestFirstPrediction(t *testing.T) {
	o := options{model: filepath.Join(t.TempDir(), "model.safetensors")}
	if _, err := save(o); err != nil {
		t.Fatal(err)
	}
	a, err := predict(o)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := predict(o); err != nil || fmt.Sprint(a) != fmt.Sprint(b) || fmt.Sprint(a) == "map[first:0]" {
		t.Errorf("%v and %v, error %v", a, b, err)
	}
	if _, err := predict(options{model: o.model + "x"}); err == nil {
		t.Error("a model that is not there was loaded")
	}
}

// Command jobs trains whole models on real data for one epoch, or the first part of
// one, and prints how long it took, where the loss ended, and a score on held-out
// data. peer_torch.py does the same in PyTorch from the same first weights; run.py
// runs both in turn. See README.md.
//
//	go run ./bench/jobs --job ptb|mnist|nsmc --data DIR [--share 0.1]
//	go run ./bench/jobs --job memory|stream [--steps N]
//	go run ./bench/jobs --job save|predict --model FILE
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/recur-go/recur/bench/speed"
	"github.com/recur-go/recur/grad"
	"github.com/recur-go/recur/optim"
	"github.com/recur-go/recur/train"
)

type options struct {
	data  string
	share float64 // part of an epoch to train
	steps int
	model string
	width int // width of the layers; 0 for that of the job
}

// wide is the width asked for, or else that of the job.
func (o options) wide(job int) int {
	if o.width > 0 {
		return o.width
	}
	return job
}

// jobs do their work and return what is to be printed.
var jobs = map[string]func(options) (any, error){
	"ptb":     trained(ptb),
	"mnist":   trained(mnist),
	"nsmc":    trained(nsmc),
	"memory":  memory,
	"stream":  stream,
	"save":    save,
	"predict": predict,
}

func main() {
	var o options
	name := flag.String("job", "", "ptb, mnist, nsmc, memory, stream, save or predict")
	flag.StringVar(&o.data, "data", shared(), "folder with text/ and images/; default $RECUR_SHARED/data, or else ../shared/data")
	flag.Float64Var(&o.share, "share", 1, "part of the epoch to train")
	flag.IntVar(&o.steps, "steps", 100_000, "time steps of memory and stream")
	flag.StringVar(&o.model, "model", "", "file of save and predict")
	profile := flag.String("cpuprofile", "", "file for a profile")
	flag.Parse()
	if err := run(*name, *profile, o); err != nil {
		fmt.Fprintln(os.Stderr, "jobs:", err)
		os.Exit(1)
	}
}

func shared() string {
	if dir := os.Getenv("RECUR_SHARED"); dir != "" {
		return filepath.Join(dir, "data")
	}
	return filepath.Join("..", "shared", "data")
}

func run(name, profile string, o options) error {
	job, ok := jobs[name]
	if !ok {
		return fmt.Errorf("there is no job %q", name)
	}
	stop, err := speed.Profile(profile)
	if err != nil {
		return err
	}
	defer stop()
	out, err := job(o)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// A result is what a training job prints.
type result struct {
	System  string  `json:"system"`
	Job     string  `json:"job"`
	Threads int     `json:"threads"`
	Share   float64 `json:"share"`
	Steps   int     `json:"steps"`
	Seconds float64 `json:"seconds"` // time of the part that was trained
	Loss    float64 `json:"loss"`    // mean of the last tenth of the steps
	Score   float64 `json:"score"`   // score on held-out data
	Peak    int     `json:"peak_bytes"`
}

func trained(job func(options) (result, error)) func(options) (any, error) {
	return func(o options) (any, error) {
		r, err := job(o)
		r.System, r.Threads, r.Share = "recur", runtime.GOMAXPROCS(0), o.share
		return r, err
	}
}

// epoch trains m for o.share of the n batches, and measures that and the score.
func epoch[B any](o options, name string, m any, n int, batches iter.Seq[B], loss func(*grad.Tape, B) *grad.Var, opt optim.Optimizer, clip float64, score func() float64) (result, error) {
	r := result{Job: name, Steps: max(1, int(math.Ceil(o.share*float64(n))))}
	var losses []float64
	begin := time.Now()
	_, err := train.Fit(context.Background(), m, batches, loss, train.Options{
		Optimizer: opt, ClipNorm: clip, MaxSteps: r.Steps,
		OnStep: func(p train.Progress) {
			losses = append(losses, p.Loss)
			r.Peak = p.PeakBytes
		},
	})
	r.Seconds = time.Since(begin).Seconds()
	if err != nil {
		return r, err
	}
	last := losses[len(losses)-(len(losses)+9)/10:]
	for _, l := range last {
		r.Loss += l / float64(len(last))
	}
	r.Score = score()
	return r, nil
}

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var crashKills = flag.Int("crash.kills", 8, "kills of TestCrash, over all its commands")

// A crashCase is a command that may be killed, and files that it leaves the same nevertheless.
type crashCase struct {
	args string // without --out
	same []string
}

var (
	everyFile     = []string{modelFile, historyFile, recipeFile, reportFile, "curves.svg"}
	forecastFiles = append([]string{"forecast.csv"}, everyFile...)
)

var crashCases = []crashCase{
	{"classify r.csv --text text --label label --set hidden=8 --set embed=8 --set epochs=6", everyFile},
	{"generate t.txt --set hidden=16 --set embed=8 --set epochs=6", everyFile},
	{"search classify r.csv --text text --label label --set hidden=8 --trials 3 --epochs 4", []string{modelFile, recipeFile}},
	{"forecast s.csv --preset qrnn --set steps_per_epoch=10 --set epochs=4 --set hidden=8 --horizon 3 --origins 14", forecastFiles},
	{"forecast s.csv --steps 40 --set nets=2 --horizon 3 --origins 14", forecastFiles},
}

// A run that is killed at any moment, as often as you like, and then goes on leaves the files
// of one that was never stopped, bit by bit: the model, the history, the report.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains many times")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no kill")
	}
	dir := t.TempDir()
	crashData(t, dir)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	kills, moments := 0, map[string]int{}
	for n := 0; kills < *crashKills; n++ {
		i := n % len(crashCases)
		c := &crashCases[i]
		out := fmt.Sprintf("run%d", n)
		if n < len(crashCases) {
			out = fmt.Sprintf("whole%d", i)
			began := time.Now()
			if text, err := crashRun(dir, c.args+" --out "+out, nil); err != nil {
				t.Fatalf("%s: %v\n%s", c.args, err, text)
			}
			moments[c.args] = int(time.Since(began))
			continue
		}
		// It is killed until it has been killed three times, and goes on to its end.
		args := c.args + " --out " + out
		for range 3 {
			after := time.Duration(r.IntN(moments[c.args]))
			text, err := crashRun(dir, args, &after)
			if err == nil {
				break
			}
			if !errors.Is(err, errKilled) {
				t.Fatalf("%s: %v\n%s", args, err, text)
			}
			kills++
			args = c.args + " --out " + out + " --resume"
		}
		if text, err := crashRun(dir, c.args+" --out "+out+" --resume", nil); err != nil {
			t.Errorf("%s does not go on: %v\n%s", c.args, err, text)
			continue
		}
		for _, name := range c.same {
			got, want := crashSum(t, filepath.Join(dir, out, name)), crashSum(t, filepath.Join(dir, fmt.Sprintf("whole%d", i), name))
			if got != want {
				t.Errorf("%s: after kills %s is another", c.args, name)
			}
		}
		left, err := filepath.Glob(filepath.Join(dir, out, ".*.tmp*"))
		more, _ := filepath.Glob(filepath.Join(dir, out, checkpointFile+"*"))
		if err != nil || len(left) > 0 || len(more) > 0 {
			t.Errorf("%s leaves %v %v, %v", c.args, left, more, err)
		}
		events, _ := filepath.Glob(filepath.Join(dir, out, eventsFolder, "*"))
		if len(events) > 1 {
			t.Errorf("%s leaves the events %v", c.args, events)
		}
		if err := os.RemoveAll(filepath.Join(dir, out)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills", kills)
}

var errKilled = errors.New("killed")

// crashRun runs the program, and kills it after a while if after is not nil.
func crashRun(dir, args string, after *time.Duration) (text string, err error) {
	var out bytes.Buffer
	cmd := exec.Command("recur", strings.Fields(args)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	killed := false
	if after != nil {
		time.Sleep(*after)
		killed = cmd.Process.Kill() == nil
	}
	err = cmd.Wait()
	if err != nil && killed && cmd.ProcessState.ExitCode() == -1 {
		err = errKilled
	}
	return out.String(), err
}

func crashSum(t *testing.T, path string) (sum [sha256.Size]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return sum
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Error(err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// crashData writes small files to train on: labelled texts, a text, and a series.
func crashData(t *testing.T, dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	words := strings.Fields("good great fine bad awful poor")
	reviews, text, series := "text,label\n", "", "month,y\n"
	for i := range 200 {
		up := i % 2
		for range 6 {
			reviews += words[3*up+r.IntN(3)] + " "
			text += words[r.IntN(6)] + " "
		}
		reviews += []string{",up\n", ",down\n"}[up]
		text += "\n"
	}
	for i := range 60 {
		series += fmt.Sprintf("%d-%02d-01,%d\n", 2015+i/12, i%12+1, 100+i+10*(i%12))
	}
	for name, s := range map[string]string{"r.csv": reviews, "t.txt": text, "s.csv": series} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

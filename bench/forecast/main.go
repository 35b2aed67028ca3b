// Command forecast sets the forecasts of recur, by its defaults, beside those of what people use
// on a panel of public series that the table of accuracy does not hold, so that nothing was
// tuned on them. Of each series the last windows are forecast, each from all before it:
//
//	go run ./bench/forecast -panel panel.json     writes the series
//	python bench/forecast/peers.py panel.json     forecasts them by the peers, once
//	go run ./bench/forecast                       forecasts them by recur, and scores all
//
// recur's part is what recur forecast FILE --horizon N gives. See README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/recur-go/recur/bench/speed"
)

func main() {
	dir := filepath.Join("..", "shared")
	if d := os.Getenv("RECUR_SHARED"); d != "" {
		dir = d
	}
	from := flag.String("data", filepath.Join(dir, "data"), "`folder` of the data sets")
	panel := flag.String("panel", "", "`file` for the series; write it and do nothing else")
	only := flag.String("series", "", "`part` of a name; forecast these series alone, and keep nothing")
	program := flag.String("recur", "", "`program` to run (default one that is built)")
	resume := flag.Bool("resume", false, "go on with a run that was stopped")
	score := flag.Bool("score", false, "score what was forecast so far, and run nothing")
	flag.Parse()
	if err := run(*from, *panel, *only, *program, *resume, *score); err != nil {
		fmt.Fprintln(os.Stderr, "forecast:", err)
		os.Exit(1)
	}
}

// Files of results, from the root of the repository.
var (
	peersFile   = filepath.Join("bench", "results", "forecast-peers.json")
	oursFile    = filepath.Join("bench", "results", "forecast-recur.json")
	resultsFile = filepath.Join("bench", "results", "forecast.json")
)

func run(from, panelFile, only, program string, resume, score bool) error {
	panel, err := readPanel(from)
	if err != nil {
		return err
	}
	if panelFile != "" {
		b, err := json.Marshal(panel)
		if err != nil {
			return err
		}
		return os.WriteFile(panelFile, b, 0o666)
	}
	peers, err := readForecasts(peersFile)
	if err != nil {
		return err
	}
	ours := &forecasts{}
	if resume || score {
		if ours, err = readForecasts(oursFile); err != nil {
			return err
		}
	}
	temp, err := os.MkdirTemp("", "forecast")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if program == "" && !score {
		program = filepath.Join(temp, "recur")
		build := exec.Command("go", "build", "-o", program, "./cmd/recur")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return err
		}
	}
	if !score {
		ours.Versions = map[string]string{"recur": commit()}
	}
	ours.Machine = fmt.Sprintf("%s, %s/%s, %d cores", speed.CPU(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	panel = slices.DeleteFunc(panel, func(s *series) bool { return !strings.Contains(s.Name, only) })
	var failed []string
	for fold := folds - 1; fold >= 0; fold-- {
		for _, i := range rand.New(rand.NewPCG(12, uint64(fold))).Perm(len(panel)) { // all kinds soon
			s := panel[i]
			if score || ours.have(s.Name, fold) {
				continue
			}
			f, err := byRecur(program, temp, s, fold)
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s, fold %d: %v\n", s.Name, fold, err)
				failed = append(failed, fmt.Sprintf("%s, fold %d", s.Name, fold))
				continue
			}
			fmt.Fprintf(os.Stderr, "%s, fold %d: %.0f s\n", s.Name, fold, f.Seconds)
			ours.Forecasts = append(ours.Forecasts, *f)
			if only != "" {
				continue
			}
			if err := ours.save(oursFile); err != nil {
				return err
			}
		}
	}
	r := newResults(panel, append(ours.Forecasts, peers.Forecasts...))
	r.Machine, r.Versions, r.Failed = ours.Machine, peers.Versions, failed
	r.Versions["recur"] = ours.Versions["recur"]
	fmt.Print(r)
	if only != "" {
		return nil
	}
	return writeJSON(resultsFile, r)
}

// commit is what the working tree is of, "" if there is no git.
func commit() string {
	b, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

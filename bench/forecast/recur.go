package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// A forecast is that of a model for a fold of a series. Lo and Hi are the bands of 80 and 95 %.
type forecast struct {
	Series  string       `json:"series"`
	Fold    int          `json:"fold"`
	Model   string       `json:"model"`
	Point   []float64    `json:"point"`
	Lo      [2][]float64 `json:"lo"`
	Hi      [2][]float64 `json:"hi"`
	Seconds float64      `json:"seconds"`
}

// byRecur runs the program as a user does, in a folder, on what comes before a fold.
func byRecur(program, dir string, s *series, fold int) (*forecast, error) {
	var b bytes.Buffer
	b.WriteString("ds,y\n")
	for i := range s.history(fold) {
		b.WriteString(s.Times[i] + ",")
		if s.Y[i] != nil {
			b.WriteString(strconv.FormatFloat(*s.Y[i], 'g', -1, 64))
		}
		b.WriteString("\n")
	}
	file := filepath.Join(dir, s.Name+".csv")
	if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
		return nil, err
	}
	began := time.Now()
	cmd := exec.Command(program, "forecast", file, "--horizon", strconv.Itoa(s.Horizon), "--level", "80,95",
		"--json", "--force", "--out", filepath.Join(dir, "out"))
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, errors.Bytes())
	}
	var answer struct {
		Forecasts []struct {
			Forecast []float64
			Bands    []struct{ Lo, Hi []float64 }
		}
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, err
	}
	if len(answer.Forecasts) != 1 || len(answer.Forecasts[0].Bands) != 2 {
		return nil, fmt.Errorf("the answer has no forecast of one series with two bands:\n%.300s", out)
	}
	a := answer.Forecasts[0]
	f := &forecast{Series: s.Name, Fold: fold, Model: "recur", Point: a.Forecast, Seconds: time.Since(began).Seconds()}
	for i, band := range a.Bands {
		f.Lo[i], f.Hi[i] = band.Lo, band.Hi
	}
	return f, nil
}

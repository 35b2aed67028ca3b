package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/recur-go/recur/internal/atomicfile"
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

// forecasts are those of a file of results.
type forecasts struct {
	Machine   string            `json:"machine"`
	Versions  map[string]string `json:"versions,omitempty"`
	Forecasts []forecast        `json:"forecasts"`
}

func readForecasts(path string) (*forecasts, error) {
	all := &forecasts{}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, all)
	}
	return all, err
}

func (all *forecasts) have(name string, fold int) bool {
	for _, f := range all.Forecasts {
		if f.Series == name && f.Fold == fold {
			return true
		}
	}
	return false
}

// save replaces the file, with a line for each forecast.
func (all *forecasts) save(path string) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		fmt.Fprintf(w, "{\"machine\": %q, \"versions\": {\"recur\": %q}, \"forecasts\": [\n", all.Machine, all.Versions["recur"])
		for i, f := range all.Forecasts {
			b, err := json.Marshal(f)
			if err != nil {
				return err
			}
			end := ",\n"
			if i == len(all.Forecasts)-1 {
				end = "\n]}\n"
			}
			fmt.Fprintf(w, "%s%s", b, end)
		}
		return nil
	})
}

// writeJSON replaces a file.
func writeJSON(path string, v any) error {
	return atomicfile.WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(v)
	})
}

// short keeps six digits.
func short(x []float64) []float64 {
	for i, v := range x {
		x[i], _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	}
	return x
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
	f := &forecast{Series: s.Name, Fold: fold, Model: "recur", Point: short(a.Forecast), Seconds: math.Round(10*time.Since(began).Seconds()) / 10}
	for i, band := range a.Bands {
		f.Lo[i], f.Hi[i] = short(band.Lo), short(band.Hi)
	}
	return f, nil
}

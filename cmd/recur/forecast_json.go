package main

import (
	"math"
	"slices"
	"strconv"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
)

// A number is null in JSON if it is none.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
	}
	return []byte("null"), nil
}

func numbers(v []float64) []number {
	n := make([]number, len(v))
	for i := range v {
		n[i] = number(v[i])
	}
	return n
}

// A level is the scores of a level of a hierarchy.
type level struct {
	Name   string  `json:"level"`
	Series int     `json:"series"`
	Scores []score `json:"scores"`
}

func (r *forecastRun) levelScores() (all []level) {
	if r.report == nil {
		return nil
	}
	for _, l := range r.levelsOfTree() {
		one := level{Name: l.Name, Series: l.Series}
		for _, s := range l.Scores {
			one.Scores = append(one.Scores, r.score(s))
		}
		all = append(all, one)
	}
	return all
}

// A score of the back-test, as it is printed.
type score struct {
	Model      string `json:"model"`
	MASE       number `json:"mase"`
	SMAPE      number `json:"smape"`
	Coverage80 number `json:"coverage80"`
	Coverage95 number `json:"coverage95"`
	RMSSE      number `json:"rmsse"`
	WAPE       number `json:"wape"`
	MSIS       number `json:"msis"`
	Pinball    number `json:"pinball"`
	CRPS       number `json:"crps"`
	Bias       number `json:"bias"`
}

func (r *forecastRun) scores() (all []score) {
	if r.report == nil {
		return nil
	}
	for _, s := range r.report.Scores {
		all = append(all, r.score(s))
	}
	return all
}

// score is one of the back-test.
func (r *forecastRun) score(s forecast.Score) score {
	cover := func(level float64) number {
		if i := slices.Index(r.report.Levels, level); i >= 0 {
			return number(s.Coverage[i])
		}
		return number(math.NaN())
	}
	return score{s.Model, number(s.MASE), number(s.SMAPE), cover(0.8), cover(0.95), number(s.RMSSE), number(s.WAPE), number(s.MSIS), number(s.Pinball), number(s.CRPS), number(s.Bias)}
}

// json is what --json prints.
func (r *forecastRun) json() any {
	type band struct {
		Level float64  `json:"level"`
		Low   []number `json:"lo"`
		High  []number `json:"hi"`
	}
	type worth struct {
		Covariate string `json:"covariate"`
		Role      string `json:"role"`
		Loss      number `json:"loss"` // growth of the pinball loss without it
	}
	type series struct {
		ID    string     `json:"unique_id,omitempty"`
		DS    []string   `json:"ds"`
		Point []number   `json:"forecast"`
		Bands []band     `json:"bands"`
		Paths [][]number `json:"paths,omitempty"`
	}
	out := struct {
		Data    string           `json:"data"`
		Source  string           `json:"source,omitempty"`
		Freq    string           `json:"freq"`
		Horizon int              `json:"horizon"`
		Season  int              `json:"season"`
		Seed    uint64           `json:"seed"`
		Origins int              `json:"origins,omitempty"`
		Scores  []score          `json:"scores"`
		ByLevel []level          `json:"by_level,omitempty"` // of a hierarchy, from the total down
		Verdict string           `json:"verdict,omitempty"`
		Choice  *forecast.Choice `json:"choice,omitempty"`
		Worth   []worth          `json:"importance,omitempty"`
		Split   string           `json:"split,omitempty"` // files that the model was scored on: test or validation

		SplitScores task.Scores `json:"split_scores,omitempty"`

		Forecasts []series `json:"forecasts"`
		Notes     []string `json:"notes"`
		Files     []string `json:"files"`
		Seconds   float64  `json:"seconds"`
	}{Data: r.about, Source: r.source, Freq: r.freq.String(), Horizon: r.model.Asked().Horizon, Season: r.model.Asked().Season, Seed: r.model.Asked().Seed,
		Scores: r.scores(), ByLevel: r.levelScores(), Notes: r.table.Notes, Files: r.written(), Seconds: r.seconds()}
	if r.report != nil {
		out.Origins, out.Verdict = r.report.Origins, r.report.Verdict()
	}
	out.Choice = r.model.Asked().Choice
	for _, w := range r.worth() {
		out.Worth = append(out.Worth, worth{w.Name, string(w.Role), number(w.Loss)})
	}
	if r.scored() {
		out.Split, out.SplitScores = r.trained.split(), r.trained.result.Scores
	}
	for i := range r.series {
		s := series{ID: r.series[i].ID, Point: numbers(r.forecasts[i].Point)}
		for k := range r.forecasts[i].Point {
			s.DS = append(s.DS, r.series[i].Time(len(r.series[i].Y)+k).String())
		}
		for _, b := range r.bands(i) {
			s.Bands = append(s.Bands, band{Level: b.Level, Low: numbers(b.Lo), High: numbers(b.Hi)})
		}
		if r.flags.paths {
			for _, p := range r.forecasts[i].Paths {
				s.Paths = append(s.Paths, numbers(p))
			}
		}
		out.Forecasts = append(out.Forecasts, s)
	}
	return out
}

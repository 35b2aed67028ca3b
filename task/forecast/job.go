package forecast

import (
	"cmp"
	"math"
	"slices"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
)

// A Job is what is asked of any method, which embeds it in its config: what to forecast, how
// files are read, and from where the model is scored. A model keeps its own. The zero value of
// each field means its default.
type Job struct {
	Preset  string    `json:"preset,omitempty" recipe:"-"` // name of the method
	Horizon int       `json:"horizon"`                     // steps to forecast; default one season, or 12 without one
	Season  int       `json:"season"`                      // steps of a season, such as 12 for months; default 1, none, or that of a file's times
	Levels  []float64 `json:"levels"`                      // probabilities of the bands; default 0.5, 0.8, 0.95
	Seed    uint64    `json:"seed"`                        // seed of all that is random: the same gives the same bits

	Source                       // how series are read from files
	Origins    int               `json:"origins,omitempty"`               // origins to forecast from when the model is scored; default as Plan has it
	Stride     int               `json:"stride,omitempty"`                // steps from one origin to the next; default 1
	Floor      *float64          `json:"floor,omitempty"`                 // least value of a forecast and its bands; default 0 for blends of a history that is nowhere negative, else none
	Cap        *float64          `json:"cap,omitempty"`                   // greatest value; default none
	Reconcile  Reconcile         `json:"reconcile,omitempty"`             // how forecasts of a Hierarchy are made to add up; default MinT
	NoBacktest bool              `json:"no_backtest,omitempty"`           // no back-test: no scores, and nothing to choose by
	Choose     Choose            `json:"choose,omitempty"`                // what a series is forecast by; default the blend
	Choice     *Choice           `json:"choice,omitempty" recipe:"-"`     // what the back-test found; set by the task, nil for the net alone
	Step       string            `json:"step,omitempty" recipe:"-"`       // step of time of the series in training, such as M; set by the task
	Until      string            `json:"until,omitempty" recipe:"-"`      // last time of the series in training; set by the task
	Ends       map[string]string `json:"ends,omitempty" recipe:"-"`       // last times of the series in training by ID, of several; set by the task
	Covariates []data.Covariate  `json:"covariates,omitempty" recipe:"-"` // covariates of the series: past, known and static ones, in this order; set by the task
}

// Asked implements Settings; a model's is what it was made for.
func (j *Job) Asked() *Job { return j }

// PresetName is the preset that the config is of, for recipes.
func (j *Job) PresetName() string { return j.Preset }

// Zero reports whether 0 is a value of the setting of a name, as none or never. Of all others that
// are numbers it stands for the default.
func (j *Job) Zero(name string) bool {
	return slices.Contains([]string{"seed", "floor", "cap", "dropout", "patience", "weight_average", "held_out", "epoch_steps"}, name)
}

// fill sets season and horizon, where they are 0, by a table.
func (j *Job) fill(t *data.Table) {
	j.Season = cmp.Or(j.Season, t.Season, t.Series[0].Freq.Season())
	j.Horizon = cmp.Or(j.Horizon, t.Horizon)
	for _, horizon := range []int{j.Season, 12} {
		if j.Horizon == 0 && horizon > 1 {
			j.Horizon = horizon
		}
	}
}

// checkLimits reports a floor that is not below the cap.
func (j *Job) checkLimits() error {
	if lo, hi := or(j.Floor, math.Inf(-1)), or(j.Cap, math.Inf(1)); !(lo < hi) {
		return fault.Errorf(fault.Usage, "forecast: the floor is %g and the cap %g: want a floor below it (--floor, --cap)", lo, hi)
	}
	return nil
}

// checkTree reports a way to reconcile without a hierarchy.
func (j *Job) checkTree() error {
	if j.Reconcile != MinT && len(j.Hierarchy) == 0 {
		return fault.Errorf(fault.Usage, "forecast: there are no sums to make add up by %v without a hierarchy: name its columns, or leave that out (--hierarchy, --reconcile)", j.Reconcile)
	}
	return nil
}

// plan is from where a model is scored on files.
func (j *Job) plan() Plan {
	return Plan{Origins: cmp.Or(j.Origins, 8), Stride: max(j.Stride, 1)}
}

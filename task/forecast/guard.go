package forecast

import (
	"fmt"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
)

// A StepError is a series with another step of time than those that a model was trained on: of
// hours, say, where the model knows days.
type StepError struct {
	Series        string    // ID of the series
	Step, Trained data.Freq // steps of the series and of the model
}

func (e *StepError) Error() string {
	return fmt.Sprintf("forecast: the times of series%s are %s, but the model was trained on %s times; train a model for them", quoted(e.Series), e.Step.Name(), e.Trained.Name())
}

// Is reports whether target is fault.Data.
func (e *StepError) Is(target error) bool { return target == fault.Data }

// Fits reports, as a StepError, the first of some series with another step of time than those of
// the training. A series without a Freq fits any model, and a model without a Step any series.
// Every Predict asks it.
func (j *Job) Fits(series ...data.Series) error {
	for _, s := range series {
		if e := j.differs(s); e != nil {
			return e
		}
	}
	return nil
}

// differs is Fits for one series, nil if it fits.
func (j *Job) differs(s data.Series) *StepError {
	if j.Step == "" || s.Freq.N == 0 {
		return nil
	}
	was, err := data.ParseFreq(j.Step)
	if err != nil || was.Same(s.Freq) { // what is no step, in a file of others, is no reason
		return nil
	}
	return &StepError{s.ID, s.Freq, was}
}

// Learn sets Step, where it is "", to the step of time of the series that a model is trained on,
// if they have one.
func (j *Job) Learn(series ...data.Series) {
	if j.Step != "" || len(series) == 0 || series[0].Freq.N == 0 {
		return
	}
	for _, s := range series[1:] {
		if !s.Freq.Same(series[0].Freq) {
			return
		}
	}
	j.Step = series[0].Freq.String()
}

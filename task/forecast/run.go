package forecast

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/task"
)

// A run is a training of the task: it reads the series, back-tests the method on them, and
// trains the model on all of them. If there are files to validate or to test on, those score
// the model, and there is no back-test.
type run struct {
	settings Settings
	files    task.Data
	options  task.Options

	method Method
	table  *data.Table
	series []data.Series // that take part
	learnt []data.Series // those of them that nets learn from; all if there are none
	left   []string      // IDs of those that do not
}

func (r *run) job() *Job { return r.settings.Asked() }

func (r *run) name() string {
	if r.table == nil {
		return strings.Join(r.files.Train, ", ")
	}
	return r.table.Name
}

func (r *run) note(format string, args ...any) {
	r.table.Notes = append(r.table.Notes, fmt.Sprintf(format, args...))
	r.tell(len(r.table.Notes) - 1)
}

// tell passes on the notes of the table from the given one.
func (r *run) tell(from int) {
	if r.options.OnNote != nil {
		for _, n := range r.table.Notes[from:] {
			r.options.OnNote(n)
		}
	}
}

func (r *run) fit(ctx context.Context) (m *Trained, err error) {
	if r.method, err = FindMethod(r.job().Preset); err != nil {
		return nil, err
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	if err := r.method.Check(r.settings); err != nil {
		return nil, err
	}
	m = &Trained{Table: r.table, Series: r.series, Left: r.left}
	if m.held, err = r.readHeld(); err != nil {
		return nil, err
	}
	switch {
	case r.options.Draft && m.held == nil:
		m.held = r.series
		return m, r.draft(ctx, m)
	case r.ahead():
		if m.Backtest, err = r.backtest(ctx); err != nil {
			return nil, err
		}
	}
	net, err := r.method.Fit(ctx, r.settings, r.options, r.learnt...)
	if err != nil {
		return nil, err
	}
	if small, ok := net.(*Model); ok && m.Backtest != nil {
		m.Backtest.Calibrate(small)
	}
	if m.Backtest != nil && len(r.job().Covariates) > 0 {
		if m.Worth, err = Importance(ctx, net, Plan{Origins: min(m.Backtest.Origins, 8), Stride: m.Backtest.Stride}, r.series...); err != nil {
			return nil, err
		}
	}
	choice, err := r.choose(m.Backtest)
	if err != nil {
		return nil, err
	}
	net.Asked().Choice = choice
	m.Forecaster = choosing(net)
	return m, nil
}

// choose is what series are to be forecast by after a back-test, or without one.
func (r *run) choose(back *Report) (c *Choice, err error) {
	j := r.job()
	if back == nil {
		if j.Choose != NetOnly && r.ahead() {
			c = untested(r.method.netName(), j.Season, len(j.Covariates) > 0)
		}
		return c, nil
	}
	c = back.Choose(j.Choose, r.series...)
	spread, err := back.addUp(j, r.series)
	if c != nil {
		c.Spread = spread
	}
	return c, err
}

// ahead reports whether the model is to forecast what comes after the files.
func (r *run) ahead() bool {
	return !r.options.Draft && len(r.files.Valid)+len(r.files.Test) == 0
}

// read reads the series and picks those that can be forecast.
func (r *run) read() (err error) {
	j := r.job()
	if r.table == nil {
		if r.table, err = j.Source.readAll(r.files.Train); err != nil {
			return err
		}
	}
	if len(r.table.Series) == 0 {
		return errors.New("forecast: the table has no series")
	}
	if err := j.Source.addSums(r.table); err != nil {
		return err
	}
	r.tell(0)
	asked, horizon := j.Season, j.Horizon
	j.fill(r.table)
	j.Step = r.table.Series[0].Freq.String()
	if len(j.Levels) > 0 { // those that scores are of too
		j.Levels = slices.Compact(slices.Sorted(slices.Values(append([]float64{0.8, 0.95}, j.Levels...))))
	}
	reach := 0
	if r.ahead() {
		reach = j.Horizon
	}
	n := len(r.table.Notes)
	if horizon == 0 && r.table.Horizon > 0 {
		r.table.Notes = append(r.table.Notes, fmt.Sprintf("the horizon is %d, as the file asks (--horizon has another)", j.Horizon))
	}
	if err := j.far(r.table); err != nil {
		return err
	}
	if err := j.Source.Prepare(r.table, reach); err != nil {
		return err
	}
	r.table.MaskUnlearned()
	if r.series, r.left, err = Usable(r.table); err != nil {
		return err
	}
	j.noteOutside(r.table)
	r.tell(n)
	r.pick()
	j.Until, j.Ends = "", nil
	j.ended(r.series)
	j.Covariates = r.table.Covariates
	if n := r.missing(); n > 0 {
		what := "missing values are interpolated as inputs; they count in no loss and no score"
		if r.method.Covariates {
			what = "missing values are masked, never filled in; they count in no loss and no score"
		}
		r.note("%s (%d of them)", what, n)
	}
	if asked == 0 && j.Season > 1 && longest(r.series) <= shortest(j.Season) {
		r.note("no series has more than %d values, too few for a season of %d: forecasting without a season", shortest(j.Season), j.Season)
		j.Season = 1
	}
	return nil
}

// far reports a horizon that is far beyond what the series of a table tell of.
func (j *Job) far(t *data.Table) error {
	longest := longest(t.Series)
	if most := max(5*longest, 100); j.Horizon > most {
		return fault.Errorf(fault.Usage, "forecast: the horizon is %d steps, but the longest series has %d values, which tell nothing of a time so far ahead: pass at most --horizon %d, or give the data in longer steps", j.Horizon, longest, most)
	}
	return nil
}

// readHeld reads the files that the model is scored on, so that what is wrong with them is
// found before it is trained, and gives the series to validate on; nil for none.
func (r *run) readHeld() (valid []data.Series, err error) {
	j := r.job()
	for _, files := range [][]string{r.files.Test, r.files.Valid} {
		valid = nil
		if len(files) == 0 {
			continue
		}
		source := j.Source
		source.KeepOutliers = true // a test is of all values
		t, err := readFor(j, source, 0, files...)
		if err != nil {
			return nil, err
		}
		if err := j.plan().Check(j, t.Series...); err != nil {
			var short *shortError
			if errors.As(err, &short) {
				short.hint = "give longer series to validate or test on, fewer --origins or a shorter --horizon"
			}
			return nil, AsData(err, t.Name)
		}
		valid = t.Series
	}
	return valid, nil
}

// Usable gives the series of a table that can be forecast. Others, which have next to no values,
// are left out with a note; if only such are left that is an error.
func Usable(t *data.Table) (series []data.Series, left []string, err error) {
	const need = 3
	for _, s := range t.Series {
		if e := s.Check(t.Name, need); e != nil {
			err = errors.Join(err, e)
			left = append(left, s.ID)
			continue
		}
		series = append(series, s)
	}
	if series == nil {
		return nil, left, err
	}
	if left != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("left out, with fewer than %d values: %s", need, listed(left)))
	}
	return series, left, nil
}

// listed are the first of many names.
func listed(ids []string) string {
	names := strings.Join(ids[:min(len(ids), 10)], ", ")
	if n := len(ids) - 10; n > 0 {
		names += fmt.Sprintf(" and %d more", n)
	}
	return names
}

// pick sets the series that nets learn from.
func (r *run) pick() {
	var still, short []string
	for _, s := range r.series {
		switch {
		case learnable(s.Y):
			r.learnt = append(r.learnt, s)
		case constant(s.Y):
			still = append(still, s.ID)
		default:
			short = append(short, s.ID)
		}
	}
	if still != nil && len(r.series) > 1 {
		r.note("constant, and forecast as such: %s", listed(still))
	} else if still != nil {
		r.note("every value is the same, and so is the forecast")
	}
	if short != nil && len(r.series) > 1 {
		r.note("of fewer than %d values, and forecast by baselines: %s", fewest, listed(short))
	}
	if r.learnt == nil {
		r.learnt = r.series
	}
}

func (r *run) missing() (n int) {
	for _, s := range r.series {
		n += s.Missing()
	}
	return n
}

// backtest forecasts the last part of each series by models that have not seen it. Series that
// are too short for that are forecast without, unless origins are asked for, and so are those
// that do not change before the last part.
func (r *run) backtest(ctx context.Context) (*Report, error) {
	j := r.job()
	if j.NoBacktest {
		return nil, nil
	}
	const steps = 500_000 // of all forecasts of a model, which are kept
	plan := Plan{Origins: j.Origins, Stride: j.Stride, Most: max(1, min(24, 6000/len(r.series), steps/(len(r.series)*max(j.Horizon, 1))))}
	if err := plan.Check(j, r.series...); err != nil {
		var short *shortError
		var still unusableError
		switch {
		case errors.As(err, &short) && j.Origins > 0:
			short.hint += ", or --no-backtest"
			return nil, err
		case errors.As(err, &short):
			r.note("no back-test, so that the forecast is not tested: it needs %d values for a horizon of %d, but the longest series has %d", short.need, short.horizon, short.longest)
		case errors.As(err, &still): // with any origins
			r.note("no back-test, so that the forecast is not tested: no series has changed before the last part of it")
		default:
			return nil, err
		}
		return nil, nil
	}
	o := task.Options{Resume: r.options.Resume, Begin: r.options.Begin}
	if r.options.Checkpoint != "" {
		o.Checkpoint = r.options.Checkpoint + ".backtest"
	}
	if r.options.OnStep != nil {
		o.OnStep = func(s task.Step) {
			s.Phase = "back-test"
			r.options.OnStep(s)
		}
	}
	return r.method.Backtest(ctx, r.settings, o, plan, r.series...)
}

// draft trains on what comes before the last part of each series, on which the model is to be
// scored.
func (r *run) draft(ctx context.Context, m *Trained) (err error) {
	j := r.job()
	rep := &Report{Plan: j.plan(), Horizon: j.Horizon}
	var learn []data.Series
	for _, s := range r.series {
		if n := rep.origin(s, 0); n > 2 {
			learn = append(learn, s.Before(n))
		}
	}
	if len(learn) == 0 {
		return &data.Error{File: r.table.Name, Reason: fmt.Sprintf("no series is longer than the %d steps that are held out to score the model on", j.Horizon+(rep.Origins-1)*rep.Stride), Hint: "give more history, or pass a shorter --horizon or fewer --origins"}
	}
	m.Forecaster, err = r.method.Fit(ctx, r.settings, r.options, learn...)
	return err
}

// AsData makes an error about series one of the data of a file; one that has a class of its own
// stays as it is.
func AsData(err error, file string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || fault.Of(err) != 0 {
		return err
	}
	text := err.Error()
	for _, m := range sorted() {
		text = strings.TrimPrefix(text, m.Kind+": ")
	}
	return &seriesError{file, text, err}
}

// A seriesError is an error about series of a file.
type seriesError struct {
	file, text string
	err        error
}

func (e *seriesError) Error() string {
	if e.file == "" {
		return e.text
	}
	return e.file + ": " + e.text
}
func (e *seriesError) Unwrap() error        { return e.err }
func (e *seriesError) Is(target error) bool { return target == fault.Data }

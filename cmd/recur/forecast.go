package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/calendar"
	_ "github.com/recur-go/recur/data/parquet" // so that data.ReadFile reads them
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/model"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task/forecast"
	_ "github.com/recur-go/recur/task/forecast/esrnn"
	_ "github.com/recur-go/recur/task/forecast/probabilistic"
	_ "github.com/recur-go/recur/task/forecast/segrnn"
)

// forecastFlags are what the user asks for.
type forecastFlags struct {
	*taskCommand
	sample                 string
	output, cell           string
	paths                  bool
	source                 forecast.Source
	horizon, season, steps int
	origins                int
	levels                 levels
	weights                rnn.Precision
}

func init() { addTask(newForecast) }

func newForecast() *taskCommand {
	c := newTaskCommand(forecast.Name, nil, "forecast with a saved model, without training")
	c.training.Lookup("preset").Usage = "kind of model: " + presetNames()
	c.usingToo("out", "force")
	f := &forecastFlags{taskCommand: c, levels: levels{0.5, 0.8, 0.95}}
	c.help = cobra.Command{
		Use:   "forecast [FILE]",
		Short: "Forecast time series",
		Long: `Train a recurrent model on time series, back-test it on rolling origins against
naive, seasonal naive, drift and Theta forecasts, and forecast what comes next. The
report compares them.

FILE is a CSV, Parquet, JSON lines or TSF file, packed by gzip or not, with the columns
ds,y, or unique_id,ds,y for many series that share one model; - reads standard input.
Without FILE a series that ships with recur is used: see --data.

Columns beside the values may help to forecast them. They are declared by when they are
known: --past up to the end of the series, as y itself; --known in advance, where rows
after the last value of y, with y empty, give those ahead; --static for a series as a
whole. Columns of text are categories. Nothing after an origin but what is declared as
known plays any part in a forecast from there, in back-tests too.`,
		Example: `  recur forecast
  recur forecast --data sunspots
  recur forecast sales.csv --horizon 12 --level 80,95
  cat sales.csv | recur forecast - --json
  recur forecast more.csv --model recur-out/sales/model.safetensors
  recur forecast sales.csv --known price,promotion --past weather --static region --calendar --holidays kr
  recur forecast counts.csv --preset deepar --output negbin --paths
  recur forecast hourly.csv --preset segrnn --horizon 336`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("forecast takes one FILE, not %d; see recur forecast --help", len(args))
			}
			return nil
		},
	}
	flags := c.both
	flags.StringVar(&f.sample, "data", sets.All()[0].Name, "series that ships with recur, used without FILE: "+setNames())
	flags.StringVar(&f.source.Freq, c.setting("freq"), "", "step of time: Y, Q, M, W, D, B, h, min, s, i, with a number before it for multiples (default found from the dates)")
	flags.Var(&f.levels, c.settingOf("level", "levels"), "probabilities of the bands in per cent")
	flags.StringVar(&f.source.ID, c.setting("id"), "", "name of the column of series (default unique_id)")
	flags.StringVar(&f.source.Time, c.setting("time"), "", "name of the column of times (default ds)")
	flags.StringVar(&f.source.Value, c.setting("value"), "", "name of the column of values (default y)")
	flags.StringVar(&f.source.Layout, c.setting("time-layout"), "", "form of the times, such as 2/1/2006 or 01/02/2006 15:04: how it would write 2 January 2006, 15:04:05 (default ISO)")
	flags.TextVar(&f.source.Table, c.setting("layout"), data.Found, "of a CSV file: long, a row for each time of each series; wide, a row for each series; or found from the header")
	flags.StringVar(&f.source.Decimal, c.setting("decimal"), "", "mark of decimals, . or , (default found)")
	flags.BoolVar(&f.source.Sort, c.setting("sort"), false, "put rows in order of time")
	flags.TextVar(&f.weights, "weights", rnn.Single, "weights of the cells when they forecast, back-test included: single, half (16 bits) or int8")
	flags.BoolVar(&f.paths, "paths", false, "write the sampled futures of preset deepar too, as paths.csv, and in --json")

	flags.IntVar(&f.horizon, c.setting("horizon"), 0, "steps to forecast (default one season, or 12)")

	flags = c.training
	flags.IntVar(&f.season, c.setting("season"), 0, "steps of a season (default by the frequency: 12 for months, 7 for days, ...)")
	flags.IntVar(&f.origins, c.setting("origins"), 0, "origins of the back-test (default 24, fewer for short or many series)")
	flags.IntVar(&f.steps, c.setting("steps"), 0, "training steps of each net, for presets small (default 500) and esrnn (default by the data)")
	flags.StringSliceVar(&f.source.Past, c.setting("past"), nil, "columns that are known up to the end of the series only, such as weather")
	flags.StringSliceVar(&f.source.Known, c.setting("known"), nil, "columns that are known in advance, such as prices; rows after the last value of y give those ahead")
	flags.StringSliceVar(&f.source.Static, c.setting("static"), nil, "columns with one value for each series, such as its region")
	flags.StringSliceVar(&f.source.Category, c.setting("category"), nil, "those of these columns that hold categories even if they look like numbers")
	flags.BoolVar(&f.source.Calendar, c.setting("calendar"), false, "take hours, days and months as known")
	flags.StringSliceVar(&f.source.Holidays, c.setting("holidays"), nil, "take the public holidays of countries as known: "+strings.Join(calendar.Countries(), ", "))
	flags.StringVar(&f.output, c.setting("output"), "", "what the net predicts for each step, for presets qrnn and deepar: quantile, point, normal, student, negbin (counts)")
	flags.StringVar(&f.cell, c.setting("cell"), "", "cell of the net: "+cellNames())
	run := func(cmd *cobra.Command, files []string) error {
		file := ""
		if len(files) == 1 {
			file = files[0]
		}
		return f.run(cmd, file)
	}
	c.fit, c.use = run, run
	return c
}

func setNames() string {
	var names []string
	for _, s := range sets.All() {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// presetNames lists the presets with what they are.
func presetNames() string {
	var all []string
	for _, name := range forecast.Presets() {
		if m, err := forecast.FindMethod(name); err == nil {
			all = append(all, name+", "+m.About)
		}
	}
	return strings.Join(all, "; ")
}

func (f *forecastFlags) run(cmd *cobra.Command, file string) error {
	began := time.Now()
	levels := f.levels
	if file != "" && cmd.Flags().Changed("data") {
		return usage("--data names a series that ships with recur, and a FILE was given too: leave one out")
	}
	if f.horizon < 0 || f.season < 0 || f.steps < 0 || f.origins < 0 {
		return usage("--horizon, --season, --steps and --origins take numbers above 0")
	}
	r := &forecastRun{flags: f, levels: levels, ctx: cmd.Context(), stderr: cmd.ErrOrStderr(), given: cmd.Flags()}
	if f.model != "" {
		if err := r.load(); err != nil {
			return err
		}
	}
	if err := r.read(cmd.InOrStdin(), file); err != nil {
		return err
	}
	fmt.Fprintf(r.stderr, "%s\n", r.about)
	for _, n := range r.table.Notes {
		fmt.Fprintln(r.stderr, "  "+n)
	}
	if err := r.forecast(); err != nil {
		return err
	}
	r.seconds = time.Since(began).Seconds()
	if err := r.write(); err != nil {
		return err
	}
	if f.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(r.json())
	}
	return r.print(cmd.OutOrStdout())
}

// levels are the probabilities of bands, per cents as a flag.
type levels []float64

// Type implements pflag.Value.
func (l *levels) Type() string { return "numbers" }

// String implements pflag.Value.
func (l *levels) String() string {
	var texts []string
	for _, v := range *l {
		texts = append(texts, strconv.FormatFloat(100*v, 'g', -1, 64))
	}
	return strings.Join(texts, ",")
}

// Set implements pflag.Value.
func (l *levels) Set(text string) error {
	*l = nil
	for s := range strings.SplitSeq(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "%"), 64)
		if err != nil || !(v > 0 && v < 100) {
			return fmt.Errorf("want per cents between 0 and 100, such as 80,95, not %q", s)
		}
		*l = append(*l, v/100)
	}
	slices.Sort(*l)
	*l = slices.Compact(*l)
	return nil
}

// Setting implements settingValue.
func (l *levels) Setting() (any, error) { return []float64(*l), nil }

// A forecastRun is one run of the command.
type forecastRun struct {
	flags  *forecastFlags
	ctx    context.Context
	stderr io.Writer
	given  *pflag.FlagSet

	name, about, unit, source string
	table                     *data.Table
	freq                      data.Freq
	levels                    []float64 // asked for

	series    []data.Series // those that are forecast
	model     forecast.Forecaster
	spec      forecast.Spec    // spec of the model
	report    *forecast.Report // nil with a saved model
	forecasts []forecast.Forecast
	history   history // history of the training, if it went by epochs
	files     []string
	seconds   float64
}

// cellNames lists the kinds of cells.
func cellNames() string {
	var names []string
	for _, k := range rnn.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// read reads the table and picks the series that can be forecast.
func (r *forecastRun) read(stdin io.Reader, file string) (err error) {
	source := r.reading()
	if err := source.Check(); err != nil {
		return usage("%s", strings.TrimPrefix(err.Error(), "forecast: "))
	}
	switch file {
	case "":
		set, err := sets.Find(r.flags.sample)
		if err != nil {
			return usage("--data: %v", err)
		}
		r.name, r.about, r.unit, r.source = set.Name, set.Title, set.Unit, set.Source
		r.table, err = set.Table()
		if err != nil {
			return err
		}
	case "-":
		r.name, r.about = "stdin", "standard input"
		r.table, err = source.Read(stdin, "standard input")
	default:
		base := strings.TrimSuffix(filepath.Base(file), ".gz")
		r.name, r.about = strings.TrimSuffix(base, filepath.Ext(base)), file
		r.table, err = source.ReadFile(file)
	}
	if err != nil {
		return err
	}
	r.freq = r.table.Series[0].Freq
	return nil
}

// reading is how the loaded model's series were read, or what the flags ask for.
func (r *forecastRun) reading() forecast.Source {
	if r.model == nil {
		return r.flags.source
	}
	s, asked := r.model.Spec().Source, r.flags.source
	for flag, f := range map[string]struct {
		to   *string
		text string
	}{"id": {&s.ID, asked.ID}, "time": {&s.Time, asked.Time}, "value": {&s.Value, asked.Value},
		"time-layout": {&s.Layout, asked.Layout}, "decimal": {&s.Decimal, asked.Decimal}, "freq": {&s.Freq, asked.Freq}} {
		if r.given.Changed(flag) {
			*f.to = f.text
		}
	}
	if r.given.Changed("layout") {
		s.Table = asked.Table
	}
	s.Sort = s.Sort || asked.Sort
	return s
}

// covariates adds those of the calendar to the series, and sees that all that a model
// needs is there.
func (r *forecastRun) covariates(horizon int) error {
	if err := r.reading().Prepare(r.table, horizon); err != nil {
		return err
	}
	if r.model != nil {
		n := len(r.table.Notes)
		if err := r.table.Recode(r.model.Spec().Covariates); err != nil {
			return err
		}
		for _, note := range r.table.Notes[n:] {
			fmt.Fprintln(r.stderr, "  "+note)
		}
	}
	return r.choose()
}

// choose leaves out series that are constant or too short, with a note; if only
// such are left that is an error.
func (r *forecastRun) choose() error {
	need := 8
	var first error
	var left []string
	for _, s := range r.table.Series {
		if err := s.Check(r.table.Name, need); err != nil {
			first = errors.Join(first, err)
			left = append(left, s.ID)
			continue
		}
		r.series = append(r.series, s)
	}
	if r.series == nil {
		return first
	}
	if left != nil {
		r.table.Notes = append(r.table.Notes, fmt.Sprintf("left out, constant or too short: %s", strings.Join(left[:min(len(left), 10)], ", ")))
	}
	return nil
}

func (r *forecastRun) forecast() (err error) {
	if r.model != nil {
		err = r.covariates(r.model.Spec().Horizon)
	} else {
		err = r.train()
	}
	if err != nil {
		return err
	}
	r.spec = r.model.Spec()
	r.forecasts, err = r.model.Predict(r.ctx, r.series...)
	if err == nil && r.flags.paths && r.forecasts[0].Paths == nil {
		return usage("--paths: this model does not sample; preset deepar does")
	}
	return asData(err, r.table.Name)
}

// load reads a model, and has it give the bands that are asked for.
func (r *forecastRun) load() (err error) {
	if r.model, err = forecast.LoadAny(r.flags.model); err != nil {
		return err
	}
	for _, flag := range slices.Concat([]string{"preset", "set", "valid", "test", "resume", "epochs"}, []string{"past", "known", "static", "category", "calendar", "holidays", "output", "cell", "season"}) {
		if r.given.Changed(flag) {
			return usage("--%s is for training, and %s is trained: leave it out, or leave --model out", flag, r.flags.model)
		}
	}
	spec := r.model.Spec()
	if h := r.flags.horizon; h != 0 && h != spec.Horizon {
		return usage("--horizon is %d, and %s forecasts %d steps: train a model for it", h, r.flags.model, spec.Horizon)
	}
	if m, ok := r.model.(forecast.WithLevels); ok {
		r.model = m.WithLevels(r.levels)
	} else {
		for _, l := range r.levels {
			if !slices.Contains(spec.Levels, l) {
				return usage("--level is %g, and %s has bands of %v: choose from these, or train a model for it", 100*l, r.flags.model, spec.Levels)
			}
		}
	}
	if r.flags.weights == rnn.Single {
		return nil
	}
	m, ok := r.model.(*forecast.Model)
	if !ok {
		return usage("--weights: %s is not of preset %s, whose cells alone may have smaller weights", r.flags.model, forecast.Small)
	}
	m.Weights = r.flags.weights
	return nil
}

// asData makes an error of package forecast about series one of the data.
func asData(err error, file string) error {
	if err == nil || errors.Is(err, context.Canceled) || fault.Of(err) != 0 {
		return err
	}
	return &data.Error{File: file, Reason: strings.TrimPrefix(err.Error(), "forecast: ")}
}

// dir is the folder of results.
func (r *forecastRun) dir() string {
	if r.flags.out != "" {
		return r.flags.out
	}
	return filepath.Join("recur-out", r.name)
}

// write fills the folder of results.
func (r *forecastRun) write() error {
	dir := r.dir()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	write := func(name string, f func(w io.Writer) error) error {
		path := filepath.Join(dir, name)
		if err := replace(path, f); err != nil {
			return err
		}
		r.files = append(r.files, path)
		return nil
	}
	if r.report != nil {
		path := filepath.Join(dir, "model.safetensors")
		about := model.Training{Data: r.about, Seed: r.spec.Seed, Scores: map[string]float64{}}
		for _, s := range r.report.Scores {
			if s.Model == r.report.Model {
				about.Scores["mase"], about.Scores["smape"] = s.MASE, s.SMAPE
			}
		}
		if n := len(r.history); n > 0 {
			about.Epochs, about.Steps = n, r.history[n-1].Steps
		}
		if err := r.model.Save(path, about); err != nil {
			return err
		}
		r.files = append(r.files, path)
		if err := (&folder{dir: r.dir()}).removeCheckpoints(); err != nil {
			return err
		}
	}
	fan := r.fan(0)
	chart := fan.Chart(r.title(0), r.unit, r.spec.Season)
	for _, part := range []struct {
		name string
		f    func(w io.Writer) error
	}{
		{"forecast.csv", r.csv},
		{"forecast.svg", func(w io.Writer) error { return chart.Write(w, "svg") }},
		{"forecast.png", func(w io.Writer) error { return chart.Write(w, "png") }},
		{"report.html", func(w io.Writer) error { return r.page().Write(w) }},
		{"paths.csv", r.pathsCSV},
	} {
		if part.name == "paths.csv" && !r.flags.paths {
			continue
		}
		if err := write(part.name, part.f); err != nil {
			return err
		}
	}
	return nil
}

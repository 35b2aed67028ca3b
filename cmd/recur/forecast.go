package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/calendar"
	_ "github.com/recur-go/recur/data/parquet" // so that data.ReadFile reads them
	"github.com/recur-go/recur/data/sets"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/forecast"
	_ "github.com/recur-go/recur/task/forecast/esrnn"
	_ "github.com/recur-go/recur/task/forecast/probabilistic"
	_ "github.com/recur-go/recur/task/forecast/segrnn"
)

// forecastFlags are those of recur forecast beside the ones of all tasks.
type forecastFlags struct {
	*taskCommand
	sample  string
	paths   bool
	update  bool
	future  string
	output  string
	source  forecast.Source
	horizon int
	levels  levels
	weights rnn.Precision
}

func init() { addTask(newForecast) }

func newForecast() *taskCommand {
	c := newTaskCommand(forecast.Name, forecast.Presets(), "`file` of a trained model to forecast with")
	c.usingToo("out", "force")
	c.training.Lookup("preset").Usage = "kind of model, a `preset`: " + strings.Join(forecast.Presets(), ", ") + " (default small, or qrnn for covariates)"
	c.training.Lookup("valid").Usage = "`files` to validate on (default a back-test)"
	f := &forecastFlags{taskCommand: c, levels: levels{0.5, 0.8, 0.95}}
	c.help = cobra.Command{
		Use:   "forecast [FILE...]",
		Short: "Forecast time series",
		Long: `Train a recurrent model on time series, back-test it on rolling origins, and forecast
what comes next. The report compares the model with naive, seasonal naive, drift and
Theta forecasts.

FILE is a CSV, Parquet, JSON or TSF file, which gzip may have compressed, with the
columns ds,y, or unique_id,ds,y for many series that share one model, or with a time and
a column for each series; - reads stdin. Rows after the last value, whose y is empty, are
what is to be forecast. Without FILE, a series that ships with recur is used; see --data.

Other columns may help to forecast the values. Declare them by when they are known:
--past up to the end of the series, like y itself; --known in advance, with future
values in rows after the last value of y, whose y is empty; --static for a series as a
whole. Columns of text are categories. Forecasts use nothing after their origin except
what is declared as known, in back-tests too.`,
		Example: `  recur forecast
  recur forecast --data sunspots
  recur forecast sales.csv --horizon 12 --level 80,95
  cat sales.csv | recur forecast - --json
  recur forecast more.csv --model recur-out/sales/model.safetensors
  recur forecast grown.csv --model recur-out/sales/model.safetensors --update
  recur forecast sales.csv --known price,promotion --past weather --static region --calendar --holidays kr
  recur forecast sales.csv --model recur-out/sales/model.safetensors --future dearer.csv
  recur forecast counts.csv --preset deepar --output negbin --paths
  recur forecast hourly.csv --preset segrnn --horizon 336
  recur forecast stores.csv --hierarchy region,store`,
	}
	flags := c.both
	flags.StringVar(&f.sample, "data", sets.All()[0].Name, "`series` that ships with recur, used without FILE: "+strings.Join(setNames(), ", "))
	f.addReading(flags)
	flags.BoolVar(&f.source.KeepOutliers, c.settingOf("keep-outliers", "keep_outliers"), false, "keep values far outside of all others, which are else taken as missing")
	flags.Var(&f.levels, c.settingOf("level", "levels"), "`percentages` of the prediction intervals")
	flags.TextVar(&f.weights, c.setting("weights"), rnn.Single, "`precision` of the cells' weights in forecasts and back-tests of preset small: single, half (16 bits) or int8")
	flags.BoolVar(&f.paths, "paths", false, "also write the sample paths of preset deepar, to paths.csv and in --json")

	flags.IntVar(&f.horizon, c.setting("horizon"), 0, "steps to forecast (default as many as the rows at the end without a value, one season, or 12; with --model up to those it was trained for)")

	c.using.StringVar(&f.future, "future", "", "`file` of columns known in advance, such as other prices, in place of those beside the series")
	c.using.BoolVar(&f.update, "update", false, "train the model further on series that have grown since, and keep it in the folder of the forecasts")

	flags = c.training
	flags.Int(c.setting("season"), 0, "steps in a season (default by the frequency: 12 for months, 7 for days, …)")
	flags.Int(c.setting("origins"), 0, "origins of the back-test (default 24, fewer for short or many series)")
	flags.Float64(c.setting("floor"), 0, "least `value` of a forecast and its bands, such as 0 (default 0 if no value is negative)")
	flags.Float64(c.setting("cap"), 0, "greatest `value` of a forecast and its bands (default none)")
	flags.StringSliceVar(&f.source.Hierarchy, c.setting("hierarchy"), nil, "`columns` that name a series together, from above, such as region,store: their sums are forecast too, and add up")
	flags.TextVar(new(forecast.Reconcile), c.setting("reconcile"), forecast.MinT, "`way` to make a hierarchy add up: mint, by how far off the forecasts of each series have been, or bottom-up")
	flags.Bool(c.settingOf("no-backtest", "no_backtest"), false, "train and forecast without a back-test, so without scores and a choice")
	flags.TextVar(new(forecast.Choose), c.setting("choose"), forecast.Blend, "`what` to forecast each series by: blend, the mean of net and baselines that the back-test favours; best, the one of them with the least error; or net")
	flags.Int(c.setting("steps"), 0, "training steps of each net in presets small (default 500) and esrnn (default by the data)")
	flags.StringSliceVar(&f.source.Past, c.setting("past"), nil, "`columns` known up to the end of the series only, such as weather")
	flags.StringSliceVar(&f.source.Known, c.setting("known"), nil, "`columns` known in advance, such as prices; rows after the last value of y have their future values")
	flags.StringSliceVar(&f.source.Static, c.setting("static"), nil, "`columns` with one value for each series, such as its region")
	flags.StringSliceVar(&f.source.Category, c.setting("category"), nil, "`columns` that are categories although they look like numbers")
	flags.BoolVar(&f.source.Calendar, c.setting("calendar"), false, "use hours, days and months as known columns")
	flags.StringSliceVar(&f.source.Holidays, c.setting("holidays"), nil, "use the public holidays of `countries` as known columns: "+strings.Join(calendar.Countries(), ", "))
	flags.StringVar(&f.output, c.setting("output"), "", "`output` of the net for each step, in presets qrnn and deepar: quantile, point, normal, student or negbin (counts)")
	flags.String(c.setting("cell"), "", "`cell` of the net: "+strings.Join(texts(rnn.Kinds()), ", "))
	c.data, c.use, c.printer = f.files, f.forecast, f.printer
	return c
}

// addReading adds the flags that tell how files are read.
func (f *forecastFlags) addReading(flags *pflag.FlagSet) {
	flags.StringVar(&f.source.Freq, f.setting("freq"), "", "`spacing` of the time steps: Y, Q, M, W, D, B, h, min, s or i, with a number in front for multiples (default found from the dates)")
	flags.StringVar(&f.source.ID, f.setting("id"), "", "`column` that names the series (default unique_id)")
	flags.StringVar(&f.source.Time, f.setting("time"), "", "`column` of the times (default ds)")
	flags.StringVar(&f.source.Value, f.setting("value"), "", "`column` of the values (default y)")
	flags.StringVar(&f.source.Layout, f.setting("time-layout"), "", "`layout` of the times, as the file would write 2 January 2006, 15:04:05, such as 02.01.2006 or 1/2/2006 15:04 (default ISO 8601)")
	flags.TextVar(&f.source.Table, f.setting("layout"), data.Found, "`layout` of a CSV file: long, a row for each time of each series; wide, a row for each series; columns, a column for each series; or found")
	flags.StringVar(&f.source.Decimal, f.setting("decimal"), "", "decimal `mark`, . or , (default found)")
	flags.BoolVar(&f.source.Sort, f.setting("sort"), false, "sort the rows by time")
}

// files are those to train on, or the sample. Covariates have a preset that uses them.
func (f *forecastFlags) files(cmd *cobra.Command, files []string) (task.Data, error) {
	if f.preset == "" {
		f.preset = forecast.PresetFor(f.source.Uses() || f.output != "")
	}
	if f.paths && f.preset != "deepar" {
		return task.Data{}, errNoPaths
	}
	for _, of := range [][2]string{{"origins", "--no-backtest forecasts without a back-test"}, {"season", "--season 1 is none"}} {
		if n, err := cmd.Flags().GetInt(of[0]); err == nil && cmd.Flags().Changed(of[0]) && n < 1 {
			return task.Data{}, usage("--%s is %d, want at least 1; %s", of[0], n, of[1])
		}
	}
	if err := f.source.Check(); err != nil {
		return task.Data{}, usage("%s", strings.TrimPrefix(err.Error(), "forecast: "))
	}
	files, err := f.named(cmd, files)
	return task.Data{Train: files}, err
}

// named are the files, or the sample if there are none.
func (f *forecastFlags) named(cmd *cobra.Command, files []string) ([]string, error) {
	if cmd.Flags().Changed("horizon") && f.horizon < 1 {
		return nil, usage("--horizon is %d, want at least 1", f.horizon)
	}
	if len(files) > 0 {
		if cmd.Flags().Changed("data") {
			return nil, usage("--data names a series that ships with recur, but a FILE is given too: leave out one of them")
		}
		return files, nil
	}
	set, err := sets.Find(f.sample)
	if err != nil {
		return nil, usage("--data: %v", err)
	}
	fmt.Fprintln(cmd.ErrOrStderr(), set.Title)
	return []string{set.Name}, nil
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
			return fmt.Errorf("want percentages between 0 and 100, such as 80,95, not %q", s)
		}
		if v < 1 && !strings.Contains(s, "%") {
			return fmt.Errorf("want percentages: %.4g for the probability %g, or %[2]g%% if that is meant", 100*v, v)
		}
		*l = append(*l, v/100)
	}
	slices.Sort(*l)
	*l = slices.Compact(*l)
	return nil
}

// Setting implements settingValue.
func (l *levels) Setting() (any, error) { return []float64(*l), nil }

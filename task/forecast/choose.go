package forecast

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
)

// A Choose is what a series is forecast by.
type Choose int

const (
	Blend   Choose = iota // weighted mean of the net and the baselines, or one of them where the back-test favours it
	Best                  // the one of them with the least error in the back-test
	NetOnly               // the net
)

var chooseNames = []string{"blend", "best", "net"}

// String is the name of c.
func (c Choose) String() string { return chooseNames[c] }

// MarshalText is String.
func (c Choose) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads blend, best or net.
func (c *Choose) UnmarshalText(b []byte) error {
	return setting.Named(c, b, "choice", chooseNames)
}

// A Choice is what a back-test found to forecast each series by.
type Choice struct {
	Models []string          `json:"models"`           // names of the models that Shares are of: the net and baselines
	Levels []float64         `json:"levels,omitempty"` // levels that Widen is of
	Series map[string]Shares `json:"series"`           // of the series in the back-test, by ID
	Spread [][]float64       `json:"spread,omitempty"` // of a hierarchy, see hierarchy.Projection
	Others Shares            `json:"others"`           // of all others
}

// Shares are what the models have of a forecast.
type Shares struct {
	Of    []float64 `json:"of"`              // share of each model; their sum is 1
	Widen []float64 `json:"widen,omitempty"` // factors of the widths of the bands, for the levels of the choice; nil for 1
	Why   Why       `json:"why"`
}

// Why is the reason for a choice.
type Why string

const (
	Won      Why = "blend"    // the blend has the least error in the back-test
	Single   Why = "best"     // one model has an error that no blend reaches
	Least    Why = "least"    // one model has the least error, and no blend was asked for
	Untested Why = "untested" // there was no back-test of the series
)

// Of are the shares of the models in the forecast of a series, by its ID.
func (c *Choice) Of(id string) Shares {
	if s, ok := c.Series[id]; ok {
		return s
	}
	return c.Others
}

// withoutNet are shares with none for the net: those of the others in proportion, or as if
// nothing were known of them if there are none.
func (c *Choice) withoutNet(s Shares) Shares {
	of, sum := slices.Clone(s.Of), 1-s.Of[0]
	if sum == 0 {
		of, sum = shares(priors(c.Models, false), nil, 0), 1
		sum -= of[0]
	}
	for i := range of {
		of[i] /= sum
	}
	of[0] = 0
	return Shares{Of: of, Widen: s.Widen, Why: Untested}
}

// Text writes the shares that are more than none as "0.61 recur, 0.39 theta", or as the name of
// the only one.
func (c *Choice) Text(s Shares) string {
	order := make([]int, len(s.Of))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.Of[b], s.Of[a]) })
	if s.Of[order[0]] == 1 {
		return c.Models[order[0]]
	}
	var parts []string
	for _, i := range order {
		if s.Of[i] > 0 {
			parts = append(parts, fmt.Sprintf("%.2f %s", s.Of[i], c.Models[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// Summary is what the choice came to for some series, in a sentence.
func (c *Choice) Summary(series ...data.Series) string {
	if len(series) == 1 {
		return c.summaryOf(series[0])
	}
	if len(c.Series) == 0 {
		return fmt.Sprintf("Without a back-test the forecast is a mean: %s.", c.Text(c.Others))
	}
	by := map[string]int{}
	for _, s := range series {
		shares, ok := c.For(s)
		switch {
		case !ok:
			by["constant"]++
		case slices.Max(shares.Of) == 1:
			by[c.Text(shares)]++
		case shares.Why == Won:
			by[Blend.String()]++
		default:
			by["untested mean"]++
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, by[name]))
	}
	return fmt.Sprintf("What forecasts the %d series: %s.", len(series), strings.Join(parts, ", "))
}

// summaryOf is Summary for a single series.
func (c *Choice) summaryOf(s data.Series) string {
	shares, ok := c.For(s)
	text := c.Text(shares)
	switch {
	case !ok:
		return "Every value is the same, and so is the forecast."
	case len(c.Series) == 0:
		return fmt.Sprintf("Without a back-test the forecast is a mean: %s.", text)
	case shares.Why == Won:
		return fmt.Sprintf("The forecast is a blend: %s.", text)
	case shares.Why == Single:
		return fmt.Sprintf("The forecast is that of %s, which no blend beats in the back-test.", text)
	case shares.Why == Least:
		return fmt.Sprintf("The forecast is that of %s, which has the least error in the back-test.", text)
	}
	return fmt.Sprintf("The series was in no back-test, so that the forecast is that of others: %s.", text)
}

// netAlone reports whether a series is forecast by the net.
func (c *Choice) netAlone() bool {
	for _, s := range c.Series {
		if s.Of[0] == 1 {
			return true
		}
	}
	return false
}

// For are the shares of the models in the forecast of a series after its history, by which one is
// short, and has none of the net; ok is false for one that never changes, which is forecast as such.
func (c *Choice) For(s data.Series) (shares Shares, ok bool) {
	of := c.Of(s.ID)
	switch {
	case constant(s.Y):
		return of, false
	case !learnable(s.Y):
		of = c.withoutNet(of)
	}
	return of, true
}

// Choose finds from the back-test what each series is to be forecast by, and adds the folds and
// scores of forecasts so made. These are honest: from each origin the shares and the widths of
// the bands are those of what had come by then. NetOnly chooses nothing and gives nil. The
// series are those of the back-test.
func (r *Report) Choose(how Choose, series ...data.Series) *Choice {
	if how == NetOnly || len(r.Folds) == 0 {
		return nil
	}
	w := newWeigher(r, how, series)
	folds := w.rehearse()
	for i := range folds { // as they would have been given
		f := &folds[i]
		r.job.keep(&f.Forecast, series[f.Series].Before(f.Origin))
	}
	c := &Choice{Models: w.models, Levels: r.Levels, Series: map[string]Shares{}}
	of, others := w.final(folds)
	for s, shares := range of {
		c.Series[series[s].ID] = shares
	}
	c.Others = others
	r.Folds = append(r.Folds, folds...)
	r.Scores = slices.Insert(r.Scores, 0, r.score(how.String(), series))
	r.Choice = c
	return c
}

// untested is the choice without a back-test: the mean of the net and the strong baselines.
func untested(net string, season int, told bool) *Choice {
	c := &Choice{Models: candidates(net, season), Levels: []float64{0.01, 0.999}}
	c.Others = Shares{Of: shares(priors(c.Models, told), nil, 0), Why: Untested}
	for _, level := range c.Levels { // those between are on a line
		c.Others.Widen = append(c.Others.Widen, unseen(level))
	}
	return c
}

// candidates are the net and the baselines.
func candidates(net string, season int) []string {
	names := []string{net}
	for _, b := range Baselines(season) {
		names = append(names, b.Name)
	}
	return names
}

package accuracy

import (
	"fmt"
	"math"
	"strings"
)

// Gift is the part of GIFT-Eval that was run, as a table in Markdown: geometric means, over tasks,
// of scores over those of the seasonal naive forecast, of recur and of models of the board on the
// same tasks.
func (r *Results) Gift() string {
	var b strings.Builder
	b.WriteString("| tasks | model | CRPS | MASE |\n|---|---|---|---|\n")
	for _, part := range []struct {
		name string
		of   func(t giftTask) bool
	}{
		{"all", func(giftTask) bool { return true }},
		{"without Jena", func(t giftTask) bool { return t.set != "jena_weather" }},
		{"short terms", func(t giftTask) bool { return t.term == "short" }},
	} {
		some := r.gift(part.of)
		if len(some) == 0 {
			continue
		}
		name := fmt.Sprintf("%s, %d", part.name, len(some))
		if part.name == "all" && len(some) < len(giftTasks()) {
			name = fmt.Sprintf("%d of %d that were run", len(some), len(giftTasks()))
		}
		for i, model := range append([]string{"recur"}, giftModels[1:]...) {
			crps, mase := some.mean(i)
			fmt.Fprintf(&b, "| %s | %s | %.3f | %.3f |\n", name, model, crps, mase)
		}
	}
	return b.String()
}

// giftRatios has for each task the scores over those of the seasonal naive forecast, of recur and
// then of the other giftModels.
type giftRatios [][4]giftScore

// gift are the ratios of the tasks that were run, of those that are picked.
func (r *Results) gift(pick func(giftTask) bool) (some giftRatios) {
	for _, t := range giftTasks() {
		var crps, mase []float64
		for _, run := range r.Runs {
			if run.Case == t.name() {
				crps, mase = append(crps, run.Scores["crps"]), append(mase, run.Scores["mase"])
			}
		}
		if crps == nil || !pick(t) {
			continue
		}
		scores := giftFigures[t.String()]
		naive := scores[0]
		scores[0] = giftScore{median(crps), median(mase)}
		for i := range scores {
			scores[i].crps /= naive.crps
			scores[i].mase /= naive.mase
		}
		some = append(some, scores)
	}
	return some
}

// mean is the geometric mean of model i.
func (r giftRatios) mean(i int) (crps, mase float64) {
	for _, of := range r {
		crps += math.Log(of[i].crps) / float64(len(r))
		mase += math.Log(of[i].mase) / float64(len(r))
	}
	return math.Exp(crps), math.Exp(mase)
}

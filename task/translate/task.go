package translate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/recur-go/recur/seq2seq"
	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/metrics"
)

func init() {
	task.Register(task.Of[Config, *Model]{
		Name: Name, Presets: Presets, About: about, Preset: Preset, Read: (*Config).tryFiles, Fit: Fit, Load: Load,
		Metric: func(c *Config) task.Metric { return task.Metric{Name: c.Select, Maximise: c.Select != "loss"} }, Space: func(*Config) map[string]task.Range {
			return map[string]task.Range{
				"rate":            {Min: 3e-4, Max: 4e-3, Log: true},
				"dropout":         {Min: 0, Max: 0.6},
				"hidden":          {Values: []any{128, 256, 384, 512}},
				"layers":          {Min: 1, Max: 2, Whole: true},
				"label_smoothing": {Values: []any{0, 0.1, 0.2}},
			}
		},
	}.Task())
}

// Evaluate scores the model on files of pairs: tables, or plain text two by two, the
// source and then the target. Tables are .tsv, .csv and .jsonl, or text with tabs; see
// Config for their columns. All may be packed by gzip.
//
// The scores are loss and perplexity of a target's token, and of what the model writes,
// by its config's beam: bleu and chrf as sacreBLEU computes them with its defaults,
// bleu_lower of lower case, exact, the share that is right to the letter, and bleu_greedy
// without a beam. A model that knows lower case only is scored on that.
func (m *Model) Evaluate(ctx context.Context, files ...string) (*task.Result, error) {
	pairs, err := m.pairs(files, nil)
	if err != nil {
		return nil, err
	}
	return m.result(ctx, pairs)
}

// Report implements task.Reporter.
func (m *Model) Report(ctx context.Context) (*task.Result, error) { return m.result(ctx, m.valid) }

func (m *Model) result(ctx context.Context, pairs []Pair) (*task.Result, error) {
	scores, err := m.score(ctx, pairs, seq2seq.Decoding{Beam: seq2seq.Beam{Width: 1}})
	if err != nil {
		return nil, err
	}
	greedy := scores["bleu"]
	written, err := m.Translate(ctx, sources(pairs), seq2seq.Decoding{})
	if err != nil {
		return nil, err
	}
	for name, v := range m.rate(pairs, written) {
		scores[name] = v
	}
	scores["bleu_greedy"] = greedy
	r := &task.Result{Scores: scores}
	letters := "mixed"
	if m.Lower {
		letters = "lc"
	}
	r.Text = fmt.Sprintf("%d pairs: BLEU %.2f with a beam of %d, %.2f greedy; chrF %.2f; %.1f%% exact; perplexity %.2f\n"+
		"(BLEU as sacreBLEU computes it: nrefs:1|case:%s|eff:no|tok:13a|smooth:exp)\n",
		len(pairs), scores["bleu"], m.Beam, greedy, scores["chrf"], 100*scores["exact"], scores["perplexity"], letters)
	r.Parts = append(r.Parts, m.examples(pairs, written)...)
	m.maps(r, pairs, written)
	return r, nil
}

// examples are translations of the first pairs, and the best and the worst ones.
func (m *Model) examples(pairs []Pair, written [][]Translation) (parts []task.Part) {
	order, scores := make([]int, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		hyp, ref := written[i][0].Text, p.Target
		if m.Lower {
			ref = strings.ToLower(ref)
		}
		order[i], scores[i] = i, metrics.ChrF([]string{hyp}, []string{ref})
	}
	table := func(title, note string, rows []int) {
		part := task.Part{Title: title, Note: note, Head: []string{"source", "reference", "translation", "chrF"}}
		for _, i := range rows[:min(10, len(rows))] {
			part.Rows = append(part.Rows, []string{pairs[i].Source, pairs[i].Target, written[i][0].Text, fmt.Sprintf("%.0f", scores[i])})
		}
		parts = append(parts, part)
	}
	table("Translations", "The first ones, with their chrF.", slices.Clone(order))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	table("The best", "", order)
	worst := slices.Clone(order)
	slices.Reverse(worst)
	table("The worst", "", worst)
	return parts
}

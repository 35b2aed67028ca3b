package main

import (
	"fmt"
	"strings"
)

// scoreMeanings are what scores are, by name, for reports.
var scoreMeanings = map[string]string{
	"accuracy":      "share of the answers that are right",
	"bias":          "mean of forecast less value over the mean absolute error of seasonal naive; 0 is best, above it forecasts are too high",
	"bits_per_char": "bits that a character takes; lower is better",
	"bleu":          "BLEU: agreement with the references by runs of one to four words, 0 to 100",
	"bleu_greedy":   "BLEU of what is written without a beam search",
	"bleu_lower":    "BLEU without regard to capital letters",
	"chrf":          "chrF: agreement with the references by runs of characters, 0 to 100",
	"crps":          "loss of the quantiles that point and intervals give, over the mean absolute value; lower is better",
	"ece":           "expected calibration error: how far probabilities are from the shares that are right; lower is better",
	"exact":         "share that is right as a whole",
	"loss":          "what training makes small, on data that it has not seen",
	"macro_f1":      "mean of the F1 scores of the labels; F1 is the harmonic mean of precision and recall",
	"mase":          "mean absolute error over that of seasonal naive within the history; lower is better",
	"micro_f1":      "F1 of all labels together; F1 is the harmonic mean of precision and recall",
	"msis":          "mean scaled interval score of the widest interval; lower is better",
	"nats_per_char": "nats that a character takes; lower is better",
	"nll":           "negative log-likelihood of a step in nats; lower is better",
	"perplexity":    "among so many equally likely tokens the model would be as unsure; lower is better",
	"pinball":       "loss of the quantiles that point and intervals give, over the mean absolute error of seasonal naive; lower is better",
	"rmsse":         "root mean squared error over that of seasonal naive within the history; lower is better",
	"slot_error":    "share of the slots that are missing or too much; lower is better",
	"smape":         "symmetric mean absolute percentage error; lower is better",
	"wape":          "sum of the absolute errors over the sum of the absolute values; lower is better",
}

// scoreMeaning is what a score is, empty if its name tells.
func scoreMeaning(name string) string {
	if m := scoreMeanings[name]; m != "" {
		return m
	}
	if level, ok := strings.CutPrefix(name, "coverage_"); ok {
		level = strings.ReplaceAll(level, "_", ".")
		return fmt.Sprintf("share of the values within the %s %% interval; it should be near %s %%", level, level)
	}
	if of, ok := strings.CutSuffix(name, "_mase"); ok {
		return fmt.Sprintf("MASE of %s, a baseline", of)
	}
	return ""
}

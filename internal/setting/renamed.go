package setting

// renamed has the settings of recipes of version 1 whose names are others now.
var renamed = map[string]string{
	"lr":           "rate",
	"members":      "nets",
	"updates":      "steps",
	"drop_input":   "dropout_input",
	"in_drop":      "dropout_input",
	"drop_word":    "dropout_word",
	"word_dropout": "dropout_word",
	"smooth":       "label_smoothing",
	"average":      "weight_average",
	"before":       "attend_first",
	"no_feed":      "no_input_feeding",
	"grams":        "ngrams",
	"gram_max":     "ngram_max",
	"hurry":        "step_penalty",
	"hurry_base":   "step_base",
}

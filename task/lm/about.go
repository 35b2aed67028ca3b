package lm

// about describes a preset in a line.
func about(preset string) string {
	switch preset {
	case "char":
		return "characters; 2 LSTMs of 384 with dropout"
	case "char-small":
		return "characters; 2 LSTMs of 128; trains in a minute or two"
	case "word":
		return "words; 2 LSTMs, variational dropout (Gal & Ghahramani 2016), tied and averaged weights"
	case "zaremba-small":
		return "Penn Treebank; the small LSTM of Zaremba et al. 2014, with averaged weights"
	case "asgd":
		return "small corpora of words; averaged SGD, variational dropout (after Merity et al. 2018); slow"
	case "bpe":
		return "byte pairs, for any language; 2 LSTMs of 512"
	}
	return ""
}

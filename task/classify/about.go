package classify

// about describes a preset in a line.
func about(preset string) string {
	switch preset {
	case "text":
		return "sentences, by words and pairs of words; bidirectional LSTM"
	case "document":
		return "texts of hundreds of words; LSTM and the mean of the words"
	case "korean":
		return "Korean texts, by characters and their n-grams; no morphological analysis"
	case "series":
		return "series of numbers of any length, with one or many channels; bidirectional GRU"
	case "rowimage":
		return "images, one row per step; LSTM"
	case "tags":
		return "a label for each token; bidirectional LSTM"
	}
	return ""
}

package classify

// about describes a preset in a line.
func about(preset string) string {
	switch preset {
	case "text":
		return "sentences, by words and pairs of words; LSTM in both directions"
	case "document":
		return "texts of hundreds of words; LSTM, and the mean of the words beside it"
	case "korean":
		return "Korean texts, by characters and n-grams of them; no analysis of words"
	case "series":
		return "series of numbers, of one or many channels and any lengths; GRU in both directions"
	case "rowimage":
		return "images, a row a step; LSTM"
	case "tags":
		return "a label for each token; LSTM in both directions"
	}
	return ""
}

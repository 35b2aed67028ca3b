package music

// about describes a preset in a line.
func about(preset string) string {
	switch preset {
	case "chorales":
		return "a few hundred short pieces, such as Bach's chorales; LSTM"
	case "folk":
		return "longer pieces, such as the Nottingham tunes; LSTM with less dropout"
	}
	return ""
}

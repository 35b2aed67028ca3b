package translate

// about describes a preset in a line.
func about(preset string) string {
	switch preset {
	case "attention":
		return "byte pairs; LSTMs, attention with input feeding (Luong et al. 2015)"
	case "multi30k":
		return "attention with smaller nets, for tens of thousands of short sentences"
	case "bahdanau":
		return "GRUs, additive attention before the step (Bahdanau et al. 2015)"
	case "plain":
		return "2 layers of LSTMs, no attention (Sutskever et al. 2014)"
	case "transliterate":
		return "characters to characters or jamo: names, sounds, spelling"
	case "small":
		return "a small model; trains in a minute or two"
	}
	return ""
}

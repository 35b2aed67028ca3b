package caption

// about describes a preset in a line.
func about(preset string) string {
	switch preset {
	case "sclstm":
		return "meanings, by the semantically conditioned LSTM (Wen et al. 2015)"
	case "vector":
		return "one vector per image, as the first state and an input of each step (Vinyals et al. 2015)"
	case "attention":
		return "regions of an image in any order, with attention (Xu et al. 2015)"
	case "slots":
		return "meanings, by an LSTM with attention to slots (Wen et al. 2015c)"
	case "rnnlg":
		return "sclstm, scored like the data of RNNLG"
	case "e2e":
		return "slots, for the data of the E2E challenge (Novikova et al. 2017)"
	case "strips":
		return "strips of handwritten digits; bidirectional, with attention"
	case "strips-small":
		return "strips for a few thousand digits"
	}
	return ""
}

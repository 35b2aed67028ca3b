package forecast

// about describes a preset in a line.
func about(preset string) string {
	m, _ := FindMethod(preset)
	return m.About
}

package setting

import "testing"

// An old name leads to the new one, where that is a setting.
func TestRenamed(t *testing.T) {
	known := []string{"rate", "hidden", "nets"}
	for name, want := range map[string]string{
		"lr":      `there is no setting "lr"; it is called "rate" now`,
		"members": `there is no setting "members"; it is called "nets" now`,
		"smooth":  `there is no setting "smooth"; choose from rate, hidden, nets`,
	} {
		if got := Unknown("setting", name, known).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for old, now := range renamed {
		if _, twice := renamed[now]; twice {
			t.Errorf("%s leads to %s, which is old too", old, now)
		}
	}
}

package data_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// Dates that can only stand day first are read so; others only by their layout.
func TestDatesDayFirst(t *testing.T) {
	for name, c := range map[string]struct {
		times  []string
		start  string
		layout string // of the note
		wrong  string // else what the error has
	}{
		"points":       {[]string{"30.12.2024", "31.12.2024", "01.01.2025"}, "2024-12-30", "02.01.2006", ""},
		"short":        {[]string{"31.12.2024", "1.1.2025", "2.1.2025"}, "2024-12-31", "2.1.2006", ""},
		"slashes":      {[]string{"11/12/2024", "12/12/2024", "13/12/2024"}, "2024-12-11", "02/01/2006", ""},
		"dashes":       {[]string{"30-12-2024", "31-12-2024"}, "2024-12-30", "02-01-2006", ""},
		"two digits":   {[]string{"31.12.98", "01.01.99"}, "1998-12-31", "02.01.06", ""},
		"times of day": {[]string{"31.12.2024 23:00", "01.01.2025 00:00"}, "2024-12-31T23:00", "02.01.2006 15:04", ""},
		"all within 12": {[]string{"01.02.2024", "02.02.2024", "03.02.2024"}, "", "",
			`"01.02.2024" is not an ISO date; pass --time-layout "02.01.2006"`},
		"either order": {[]string{"01/02/2024", "02/02/2024"}, "", "", `"01/02/2006" (month first) or "02/01/2006" (day first)`},
		"month first":  {[]string{"12/30/2024", "12/31/2024"}, "", "", `pass --time-layout "01/02/2006"`},
		"both orders":  {[]string{"12/31/2024", "13/01/2025"}, "", "", "write all dates in one form"},
		"years or days": {[]string{"22.12.24", "23.12.24"}, "", "",
			`"02.01.06" (day first) or "06.01.02" (year first)`},
		"another form": {[]string{"31.12.2024", "2025-01-01"}, "", "", `"31.12.2024" is not an ISO date; pass --time-layout`},
		"no date":      {[]string{"31.12.2024", "soon"}, "", "", "write all dates in one form"},
	} {
		text := "ds;y\n" + strings.Join(c.times, ";1,5\n") + ";2,5\n"
		path := filepath.Join(t.TempDir(), "f.csv")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		file, fileErr := data.ReadFile(path, data.Options{})
		memory, memoryErr := data.Read(strings.NewReader(text), "f.csv", data.Options{})
		for _, got := range []struct {
			tab *data.Table
			err error
		}{{file, fileErr}, {memory, memoryErr}} {
			if c.wrong != "" {
				if got.err == nil || !strings.Contains(got.err.Error(), c.wrong) {
					t.Errorf("%s: %v, want %q", name, got.err, c.wrong)
				}
				continue
			}
			if got.err != nil {
				t.Errorf("%s: %v", name, got.err)
				continue
			}
			s := got.tab.Series[0]
			if note := strings.Join(got.tab.Notes, "\n"); s.Start.String() != c.start || len(s.Y) != len(c.times) || s.Y[0] != 1.5 || !strings.Contains(note, `day first, by the layout "`+c.layout+`"`) {
				t.Errorf("%s: from %v, %v, notes %q", name, s.Start, s.Y, note)
			}
		}
	}
	// what cannot be read twice keeps the hint
	pipe := io.MultiReader(strings.NewReader("ds,y\n30.12.2024,1\n"), strings.NewReader("31.12.2024,2\n"))
	if _, err := data.Read(pipe, "f.csv", data.Options{}); err == nil || !strings.Contains(err.Error(), `pass --time-layout "02.01.2006"`) {
		t.Errorf("a stream: %v", err)
	}
	// a row that is wrong in another way is reported as such
	if _, err := data.Read(strings.NewReader("ds;y\n31.12.2024;1\n01.01.2025;x\n"), "f.csv", data.Options{}); err == nil || !strings.Contains(err.Error(), `column y: "x"`) || strings.Contains(err.Error(), "time-layout") {
		t.Errorf("a bad number: %v", err)
	}
}

package data_test

import (
	"math"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// Errors name the flag that cures them, or the column that is meant.
func TestHintsNameFlags(t *testing.T) {
	table := func(name string) func(text string, o data.Options) error {
		return func(text string, o data.Options) error {
			_, err := data.Read(strings.NewReader(text), name, o)
			return err
		}
	}
	csv, lines, tsf := table("f.csv"), table("f.jsonl"), table("f.tsf")
	month := data.Freq{Unit: data.Month, N: 1}
	for _, c := range []struct {
		read func(string, data.Options) error
		text string
		o    data.Options
		want string
	}{
		{csv, "ds;y\n01.02.2024;3,5\n", data.Options{}, `--time-layout "02.01.2006"`},
		{csv, "ds,y\n13/02/2024 10:30,3\n2024-02-14,3\n", data.Options{}, `--time-layout "02/01/2006 15:04"`},
		{csv, "ds,y\n02/13/2024,3\n", data.Options{}, `--time-layout "01/02/2006"`},
		{csv, "ds,y\n02/03/2024,3\n", data.Options{}, `--time-layout "01/02/2006" (month first) or "02/01/2006"`},
		{csv, "ds,y\n2024-01-01,3\n", data.Options{TimeLayout: "2/1/2006"}, "(--time-layout)"},
		{csv, "ds,y\n2,3\n1,4\n", data.Options{}, "(--sort)"},
		{csv, "ds,y\n2024-01-01,3\n", data.Options{}, "--freq D"},
		{csv, "ds,y\n1,3\n2,4\n", data.Options{Freq: &month}, "--freq"},
		{csv, "ds,y\n2024-01-01,3\n2024-01-15,3\n2024-02-01,3\n", data.Options{Freq: &month}, "--freq"},
		{csv, "a,b,c\n1,2,3\n", data.Options{}, "(--time, --value, --id)"},
		{csv, "date,sales,shop\n1,2,3\n", data.Options{Time: "date", Y: "sale", ID: "shop"}, `did you mean "sales"?`},
		{csv, "ds,y,price\n1,2,3\n", data.Options{Past: []string{"prices"}}, `did you mean "price"?`},
		{csv, "ds,y,price\n1,2,3\n", data.Options{Past: []string{"weather"}}, "(--past, --known, --static)"},
		{csv, "ds,y,kind\n1,2,3\n2,3,x\n", data.Options{Past: []string{"kind"}}, "(--category)"},
		{csv, "ds;y\n1;1,500\n", data.Options{}, "(--decimal)"},
		{lines, `{"date": 1, "y": 2}`, data.Options{}, "(--time)"},
		{lines, `{"dates": 1, "y": 2}`, data.Options{Time: "date"}, `did you mean "dates"?`},
		{lines, `{"ds": 1, "sales": 2}`, data.Options{}, "(--value)"},
		{tsf, "@attribute start_timestamp date\n@data\n2024-01-01:1,2\n", data.Options{}, "--freq"},
		{csv, "ds,y\n1,3\n", data.Options{Time: "y"}, `column y: is named both as the time column and as the value column; name a different column for each (--id, --time, --value,`},
		{csv, "ds,y,z\n1,3,4\n", data.Options{ID: "DS"}, "is named both as the series column and as the time column"},
		{csv, "ds,y,z\n1,3,4\n", data.Options{Known: []string{"Y"}}, "is named both as the value column and as a known covariate"},
		{csv, "ds,y,z\n1,3,4\n", data.Options{Past: []string{"z"}, Static: []string{"z"}}, "is named both as a past covariate and as a static covariate"},
		{lines, `{"ds": 1, "y": 2}`, data.Options{Y: "ds"}, "is named both as the time column and as the value column"},
		{lines, `{"ds": 1, "y": 2}`, data.Options{Past: []string{"y"}}, "is named both as the value column and as a past covariate"},
	} {
		if err := c.read(c.text, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// A .tsf file without first times has steps of its frequency, or of one that is given.
func TestTSFWithoutTimes(t *testing.T) {
	month := data.Freq{Unit: data.Month, N: 1}
	for name, c := range map[string]struct {
		head string
		o    data.Options
	}{
		"declared": {"@frequency monthly\n", data.Options{}}, "given": {"", data.Options{Freq: &month}}, "both": {"@frequency monthly\n", data.Options{Freq: &month}},
	} {
		tab, err := data.ReadTSF(strings.NewReader("@attribute series_name string\n"+c.head+"@data\na:1,?,3\n"), "f.tsf", c.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		y := tab.Series[0].Y
		if tab.Season != 12 || len(y) != 3 || !math.IsNaN(y[1]) || !strings.Contains(strings.Join(tab.Notes, "\n"), "steps are monthly") {
			t.Errorf("%s: %+v", name, tab)
		}
	}
}

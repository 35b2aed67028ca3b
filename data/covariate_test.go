package data_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

const shops = `unique_id,ds,y,price,rain,town,code
a,2024-01-01,5,1.5,3,Seoul,7
a,2024-01-02,,2,,Seoul,7
a,2024-01-03,7,1.5,1,,7
a,2024-01-04,,3,,,
a,2024-01-05,,NA,,,
b,2024-01-02,1,9,4,Busan,8
b,2024-01-03,2,8,5,Busan,8
`

func covariates(o data.Options) (*data.Table, error) {
	return data.ReadCSV(strings.NewReader(shops), "f.csv", o)
}

var declared = data.Options{Past: []string{"rain"}, Known: []string{"price"}, Static: []string{"town", "code"}, Category: []string{"code"}}

func TestCovariates(t *testing.T) {
	tab, err := covariates(declared)
	if err != nil {
		t.Fatal(err)
	}
	want := []data.Covariate{{Name: "rain", Role: data.Past}, {Name: "price", Role: data.Known}, {Name: "town", Role: data.Static, Categories: []string{"Seoul", "Busan"}}, {Name: "code", Role: data.Static, Categories: []string{"7", "8"}}}
	if !reflect.DeepEqual(tab.Covariates, want) {
		t.Errorf("%+v", tab.Covariates)
	}
	a, b := tab.Series[0], tab.Series[1]
	if got := fmt.Sprint(a.Y, a.Past, a.Known, a.Static); got != "[5 NaN 7] [[3 NaN 1]] [[1.5 2 1.5 3 NaN]] [0 0]" {
		t.Error(got)
	}
	if got := fmt.Sprint(b.Y, b.Past, b.Known, b.Static); got != "[1 2] [[4 5]] [[9 8]] [1 1]" {
		t.Error(got)
	}
	notes := strings.Join(tab.Notes, "; ")
	for _, says := range []string{"past covariates: rain", "static covariates: town (2 categories), code (2 categories)", "known covariates reach up to 2 steps ahead", "1 value is blank", "2 values of covariates are missing"} {
		if !strings.Contains(notes, says) {
			t.Errorf("notes %q, want %q among them", notes, says)
		}
	}
	err = tab.CheckAhead(2)
	var e *data.Error
	if !errors.As(err, &e) || e.Column != "price" || e.Row != 4 || !strings.Contains(err.Error(), "2024-01-05") || !strings.Contains(err.Error(), `series "b" ends here, but 2 of the 2 steps`) {
		t.Error(err)
	}
	if err := tab.CheckAhead(0); err != nil {
		t.Error(err)
	}
}

func TestBadCovariates(t *testing.T) {
	many := "ds,y,c\n"
	for i := range 4097 {
		many += fmt.Sprintf("%d,1,k%d\n", i, i)
	}
	for name, c := range map[string]struct {
		text   string
		o      data.Options
		row    int
		column string
		says   string
	}{
		"unknown column":      {"ds,y,a\n1,2,3\n", data.Options{Known: []string{"price"}}, 1, "price", `is missing; the columns are "ds", "y", "a"`},
		"text in numbers":     {"ds,y,a\n1,2,3\n2,3,much\n", data.Options{Past: []string{"a"}}, 3, "a", "is not a number; correct it, leave the field empty"},
		"infinite":            {"ds,y,a\n1,2,3\n2,3,1e99\n", data.Options{Known: []string{"a"}}, 3, "a", "larger than 1e30"},
		"static that changes": {"unique_id,ds,y,a\nn,1,2,x\nn,2,3,\nn,3,4,z\n", data.Options{Static: []string{"a"}}, 4, "a", `the static value is "z", but "x" in row 2`},
		"too many categories": {many, data.Options{Past: []string{"c"}}, 4098, "c", "exceeds the limit of 4096 categories"},
	} {
		_, err := data.ReadCSV(strings.NewReader(c.text), "f.csv", c.o)
		var e *data.Error
		if !errors.As(err, &e) || e.File != "f.csv" || e.Row != c.row || e.Column != c.column || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), ";") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := data.ReadJSON(strings.NewReader(`{"ds": 1, "y": 2}`+"\n"), "f", data.Options{Known: []string{"a"}})
	if err == nil || !strings.Contains(err.Error(), "column a: is missing from every row") {
		t.Error(err)
	}
}

// A word that may be a category or stand for a missing value is named, with the flag that decides.
func TestWordsForMissing(t *testing.T) {
	const file = "ds,y,kind,price\n1,2,tv,-\n2,3,none,4\n3,4,tv,5\n4,,none,5\n"
	o := data.Options{Known: []string{"kind", "price"}}
	tab, err := data.ReadCSV(strings.NewReader(file), "f.csv", o)
	if err != nil {
		t.Fatal(err)
	}
	const note = `"none" in column kind is read as a missing value (--category kind has it a category)`
	if notes := strings.Join(tab.Notes, "\n"); !strings.Contains(notes, note) || strings.Contains(notes, "column price") {
		t.Errorf("%q", tab.Notes)
	}
	if err := tab.CheckAhead(1); err == nil || !strings.Contains(err.Error(), `; "none" is read as a missing value: have it a category (--category kind), or add rows`) {
		t.Error(err)
	}
	o.Category = []string{"kind"}
	if tab, err = data.ReadCSV(strings.NewReader(file), "f.csv", o); err != nil || tab.CheckAhead(1) != nil {
		t.Fatal(err, tab)
	}
	if c := tab.Covariates[0].Categories; len(c) != 2 || c[1] != "none" || strings.Contains(strings.Join(tab.Notes, "\n"), "none") {
		t.Errorf("%q %q", c, tab.Notes)
	}
	if _, err := data.ReadCSV(strings.NewReader("ds,y,kind\n1,2,a\n2,2,\xdf\n"), "f.csv", data.Options{Past: []string{"kind"}}); err == nil || !strings.Contains(err.Error(), "column kind: \"\\xdf\" is not UTF-8") {
		t.Error(err)
	}
}

// A file with no columns but values has no covariates.
func TestValuesAlone(t *testing.T) {
	wide := "V1,V2,V3,V4,V5\nH1,1,2,3,1\nH2,3,2,3,1\n"
	tsf := "@relation x\n@frequency monthly\n@attribute series_name string\n@data\nT1:1,2,3,4\n"
	for name, read := range map[string]func(o data.Options) error{
		"wide": func(o data.Options) error {
			o.Layout = data.Wide
			_, err := data.ReadCSV(strings.NewReader(wide), "f", o)
			return err
		},
		"tsf": func(o data.Options) error {
			_, err := data.ReadTSF(strings.NewReader(tsf), "f", o)
			return err
		},
	} {
		if err := read(data.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := read(data.Options{Known: []string{"price"}}); err == nil || !strings.Contains(err.Error(), "covariate") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCovariatesOfJSON(t *testing.T) {
	tab, err := data.ReadJSON(strings.NewReader(`{"ds": 1, "y": 2, "price": 3, "town": "x"}
{"ds": 2, "y": 3, "price": null, "town": "x"}
{"ds": 3, "price": 5}
`), "f", data.Options{Known: []string{"price"}, Static: []string{"town"}})
	if err != nil {
		t.Fatal(err)
	}
	if s := tab.Series[0]; fmt.Sprint(s.Y, s.Known, s.Static) != "[2 3] [[3 NaN 5]] [0]" {
		t.Errorf("%+v", s)
	}
}

// Rows may be in any order if they are to be sorted; covariates go with them.
func TestCovariatesAreSorted(t *testing.T) {
	tab, err := data.ReadCSV(strings.NewReader("ds,y,a\n3,30,300\n1,10,100\n2,20,200\n"), "f", data.Options{Past: []string{"a"}, Sort: true})
	if err != nil || fmt.Sprint(tab.Series[0].Past) != "[[100 200 300]]" {
		t.Errorf("%+v, %v", tab, err)
	}
}

// Another table gets the categories of the one that a model was trained on.
func TestRecode(t *testing.T) {
	tab, err := data.ReadCSV(strings.NewReader("ds,y,a\n1,10,new\n2,20,y\n3,30,x\n"), "f.csv", data.Options{Past: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Recode([]data.Covariate{{Name: "a", Role: data.Past, Categories: []string{"x", "y"}}}); err != nil {
		t.Fatal(err)
	}
	if x := tab.Series[0].Past[0]; !math.IsNaN(x[0]) || x[1] != 1 || x[2] != 0 {
		t.Error(x)
	}
	if !strings.Contains(strings.Join(tab.Notes, ";"), `not seen in training, treated as missing: "new"`) {
		t.Error(tab.Notes)
	}
	for says, as := range map[string][]data.Covariate{
		"has 1 covariates, but the model has 0":  nil,
		"but the model has b":                    {{Name: "b", Role: data.Past}},
		"had numbers in training":                {{Name: "a", Role: data.Past}},
		"is a past covariate, but the model has": {{Name: "a", Role: data.Known}},
	} {
		if err := tab.Recode(as); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func FuzzCovariates(f *testing.F) {
	f.Add(shops)
	f.Add("ds;y;a\n1;2;3,5\n2;;x\n")
	f.Fuzz(func(t *testing.T, text string) {
		o := data.Options{Past: []string{"rain", "a"}, Known: []string{"price"}, Static: []string{"town"}}
		tab, err := data.ReadCSV(strings.NewReader(text), "f", o)
		if err != nil {
			return
		}
		for _, s := range tab.Series {
			if len(s.Past) != 2 || len(s.Known) != 1 || len(s.Static) != 1 || len(s.Past[0]) != len(s.Y) || len(s.Known[0]) < len(s.Y) {
				t.Fatalf("%+v", s)
			}
		}
	})
}

// Columns beside the values are declared by when they are known.
func ExampleOptions_covariates() {
	text := "ds,y,price\n2024-05-01,7,3\n2024-05-02,9,2\n2024-05-03,,3\n"
	table, err := data.ReadCSV(strings.NewReader(text), "sales.csv", data.Options{Known: []string{"price"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	s := table.Series[0]
	fmt.Println("values", s.Y, "prices", s.Known[0])
	// Output: values [7 9] prices [3 2 3]
}

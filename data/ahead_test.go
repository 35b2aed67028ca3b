package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What another table knows takes the place of what is there, in all forms; the rest stays.
func TestOverride(t *testing.T) {
	o := Options{Known: []string{"price", "event"}}
	month, err := ParseFreq("M")
	if err != nil {
		t.Fatal(err)
	}
	ahead := o
	ahead.Ahead, ahead.Freq = true, &month
	for name, text := range map[string]string{
		"a.csv":  "ds,price,event\n2020-03,9,\n2020-04,8,sale\n2020-05,7,no\n",
		"b.csv":  "ds,y,price,event\n2020-03,,9,\n2020-04,,8,sale\n2020-05,,7,no\n",
		"f.json": `[{"ds":"2020-03","price":9},{"ds":"2020-04","price":8,"event":"sale"},{"ds":"2020-05","price":7,"event":"no"}]`,
	} {
		table, err := Read(strings.NewReader("ds,y,price,event\n2020-01,1,2,no\n2020-02,2,3,sale\n2020-03,,4,no\n"), "sales.csv", o)
		if err != nil {
			t.Fatal(err)
		}
		by, err := Read(strings.NewReader(text), name, ahead)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		was := table.Series[0].Known[0]
		if err := table.Override(by, 0); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(table.Series[0].Y, table.Series[0].Known); got != "[1 2] [[2 3 9 8 7] [0 1 0 1 0]]" {
			t.Errorf("%s: %s", name, got)
		}
		if was[2] != 4 {
			t.Error("the table that was read has changed")
		}
	}

	many := "unique_id,ds,y,price\na,2020-01,1,2\na,2020-02,2,3\nb,2020-01,1,2\nb,2020-02,2,3\n"
	o.Known, ahead.Known = []string{"price"}, []string{"price"}
	for text, want := range map[string]string{
		"unique_id,ds,price\nc,2020-03,9\n":              `what.csv: series "c" is not among those of many.csv`,
		"unique_id,ds,price\na,2019-12,9\n":              "has a time, 2019-12-01, that is none of those",
		"unique_id,ds,price\na,2020-03,x\n":              `column price: "x" is not a number, but the column had numbers`,
		"unique_id,ds\na,2020-03\n":                      "column price: is missing",
		"unique_id,ds,price\na,2021-03,9\n":              "what.csv: has no value for any of the steps to forecast, 2020-03-01 to 2020-04-01; give rows for these times",
		"unique_id,ds,price\na,2020-03,9\na,2020-04,8\n": `what.csv: series "b": 2 of the 2 steps to forecast have no value here, nor in many.csv: 2020-03-01 to 2020-04-01`,
	} {
		table, err := Read(strings.NewReader(many), "many.csv", o)
		if err != nil {
			t.Fatal(err)
		}
		by, err := Read(strings.NewReader(text), "what.csv", ahead)
		if err == nil {
			err = table.Override(by, 2)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// A table that overrides another may have categories of its own, which are no less unknown to a
// model than those of the other, and what it lacks is told.
func TestOverrideInPart(t *testing.T) {
	month, err := ParseFreq("M")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Known: []string{"event"}}
	table, err := Read(strings.NewReader("ds,y,event\n2020-01,1,no\n2020-02,2,sale\n2020-03,,sale\n2020-04,,no\n"), "sales.csv", o)
	if err != nil {
		t.Fatal(err)
	}
	trained := slices.Clone(table.Covariates)
	o.Ahead, o.Freq = true, &month
	by, err := Read(strings.NewReader("ds,event\n2020-03,radio\n"), "what.csv", o)
	if err != nil {
		t.Fatal(err)
	}
	was := table.Series[0].Known[0]
	if err := table.Override(by, 2); err != nil {
		t.Fatal(err)
	}
	if err := table.Recode(trained); err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(table.Notes, "\n")
	if x := table.Series[0].Known[0]; fmt.Sprint(x) != "[0 1 NaN 0]" || was[2] != 1 {
		t.Errorf("known %v, was %v", x, was)
	}
	for _, want := range []string{"what.csv lacks 1 of the 2 steps to forecast, for which the values of sales.csv stay", `categories of event not seen in training, treated as missing: "radio"`} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %s, want %s", notes, want)
		}
	}
}

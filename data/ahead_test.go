package data

import (
	"fmt"
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
		if err := table.Override(by); err != nil {
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
		"unique_id,ds,price\nc,2020-03,9\n": `what.csv: series "c" is not among those of many.csv`,
		"unique_id,ds,price\na,2019-12,9\n": "has a time, 2019-12-01, that is none of those",
		"unique_id,ds,price\na,2020-03,x\n": `column price: "x" is not a number, but the column had numbers`,
		"unique_id,ds\na,2020-03\n":         "column price: is missing",
	} {
		table, err := Read(strings.NewReader(many), "many.csv", o)
		if err != nil {
			t.Fatal(err)
		}
		by, err := Read(strings.NewReader(text), "what.csv", ahead)
		if err == nil {
			err = table.Override(by)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

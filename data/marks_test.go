package data_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// Points that may mark decimals or thousands are told by the whole file.
func TestThousands(t *testing.T) {
	many := func(of func(i int) string) string {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, "%d;%s\n", i+1, of(i))
		}
		return b.String()
	}
	const marked = "mark thousands (--decimal . has them mark decimals)"
	for _, c := range []struct {
		name, file string
		o          data.Options
		first      []float64
		note       string
	}{
		{"commas elsewhere", "ds;y;z\n1;1.201;171,62\n2;951;3\n", data.Options{}, []float64{1201, 951}, marked},
		{"commas later", "ds;y\n1;1.201\n2;-2.000\n3;0,5\n", data.Options{}, []float64{1201, -2000, .5}, marked},
		{"both marks", "ds;y\n01.01.2015;1.201,32\n02.01.2015;-12.345.678,5\n03.01.2015;7\n", data.Options{TimeLayout: "02.01.2006"}, []float64{1201.32, -12345678.5, 7}, "numbers have decimal commas"},
		{"millions", "ds;y\n1;1.201\n2;1.201.320\n", data.Options{}, []float64{1201, 1201320}, marked},
		{"zeros at the end", "ds;y\n1;951\n2;1.010\n3;1.027\n", data.Options{}, []float64{951, 1010, 1027}, marked},
		{"tabs", "ds\ty\n1\t951\n2\t1.010\n", data.Options{}, []float64{951, 1010}, marked},
		{"many", "ds;y\n0;951\n" + many(func(i int) string { return fmt.Sprintf("1.%03d", 10*i+1) }), data.Options{}, []float64{951, 1001, 1011}, marked},
		{"German dates", "ds;y\n01.02.2015;1.201\n02.02.2015;1.259\n", data.Options{TimeLayout: "02.01.2006"}, []float64{1201, 1259}, marked},
		{"as asked", "ds;y\n1;1.201\n2;1.259\n", data.Options{Decimal: ','}, []float64{1201, 1259}, ""},
		{"as asked, by commas", "ds,y\n1,\"1.201,5\"\n2,1.259\n", data.Options{Decimal: ','}, []float64{1201.5, 1259}, ""},
		{"decimals as asked", "ds;y\n1;1.201\n2;1.259\n", data.Options{Decimal: '.'}, []float64{1.201, 1.259}, ""},
		{"other decimals", "ds;y\n1;951\n2;1.200\n3;1.25\n", data.Options{}, []float64{951, 1.2, 1.25}, ""},
		{"less than one", "ds;y\n1;1.200\n2;0.250\n", data.Options{}, []float64{1.2, .25}, ""},
		{"long whole numbers", "ds;y\n1;1.201\n2;1250\n", data.Options{}, []float64{1.201, 1250}, ""},
		{"points elsewhere", "ds;y;z\n1;1.201;0.5\n2;1.259;1\n", data.Options{}, []float64{1.201, 1.259}, ""},
		{"tabs alone", "ds\ty\n1\t1.201\n2\t1.259\n", data.Options{}, []float64{1.201, 1.259}, "mark decimals (--decimal , has them mark thousands)"},
		{"as in English", "ds,y\n1,\"1,201.5\"\n2,951\n3,\"-1,201,320\"\n", data.Options{}, []float64{1201.5, 951, -1201320}, ""},
		{"as in English, by semicolons", "ds;y\n1;1,201.5\n2;951\n3;1.259\n", data.Options{}, []float64{1201.5, 951, 1.259}, ""},
		{"commas between columns", "ds,y\n1,1.201\n2,951\n3,1.010\n", data.Options{}, []float64{1.201, 951, 1.01}, ""},
		{"a pivot", "ds;a;b\n2024-01;951;1.050,5\n2024-02;1.010;7\n", data.Options{}, []float64{951, 1010}, marked},
		{"a wide table", "id;1;2;3\na;951;1.010;1.027\n", data.Options{}, []float64{951, 1010, 1027}, marked},
		{"no header", "1;951\n2;1.010\n", data.Options{}, []float64{951, 1010}, marked},
	} {
		tab, err := data.ReadCSV(strings.NewReader(c.file), "f.csv", c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		notes := strings.Join(tab.Notes, "\n")
		if y := tab.Series[0].Y; len(y) < len(c.first) || !same(y[:len(c.first)], c.first) {
			t.Errorf("%s: %v, want %v", c.name, y, c.first)
		}
		if !strings.Contains(notes, c.note) || c.note == "" && strings.Contains(notes, "points in numbers") {
			t.Errorf("%s: %q, want %q", c.name, notes, c.note)
		}
	}
	// nothing shows what the points are, and a wrong guess is 1000 times too much or too little
	for _, file := range []string{"ds;y\n1;1.201\n2;1.259\n", "ds;y\n1;951\n2;1.259\n"} {
		_, err := data.ReadCSV(strings.NewReader(file), "f.csv", data.Options{})
		if err == nil || !strings.Contains(err.Error(), "name the decimal mark: --decimal , has points mark thousands, --decimal . decimals") {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// Covariates have thousands as values do, and so have static ones.
func TestThousandsOfCovariates(t *testing.T) {
	tab, err := data.ReadCSV(strings.NewReader("ds;y;size;price;kind\n1;5;1.500;2.000;1.100\n2;6;1.500;2.100;1.200\n3;0,5;1.500;950;x\n"), "f.csv",
		data.Options{Static: []string{"size"}, Past: []string{"price", "kind"}, Category: []string{"kind"}})
	if err != nil {
		t.Fatal(err)
	}
	if s := tab.Series[0]; !same(s.Y, []float64{5, 6, .5}) || !same(s.Past[0], []float64{2000, 2100, 950}) || !same(s.Static, []float64{1500}) || tab.Covariates[1].Categories[0] != "1.100" {
		t.Errorf("%+v %+v", s, tab.Covariates)
	}
}

package data_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/data"
)

func read(text string) (*data.Table, error) {
	return data.ReadCSV(strings.NewReader(text), "f.csv", data.Options{})
}

func TestReads(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		text, freq, start string
		y                 []float64
		notes             string // part of one
	}{
		"plain":           {"ds,y\n2024-01,1\n2024-02,2.5\n2024-03,-3e2\n", "M", "2024-01-01", []float64{1, 2.5, -300}, "monthly, from 2024-01-01 to 2024-03-01"},
		"BOM and CRLF":    {"\xef\xbb\xbfds,y\r\n2024-01-01,1\r\n2024-01-02,2\r\n", "D", "2024-01-01", []float64{1, 2}, ""},
		"CR":              {"ds,y\r2024-01-01,1\r2024-01-02,2\r", "D", "2024-01-01", []float64{1, 2}, ""},
		"semicolons":      {"ds;y\n2024-01-01;1,5\n2024-01-02;2,25\n", "D", "2024-01-01", []float64{1.5, 2.25}, "decimal commas"},
		"tabs":            {"ds\ty\n1\t1.5\n2\t2\n", "i", "1", []float64{1.5, 2}, ""},
		"other names":     {"Month,#Passengers\n1949-01,112\n1949-02,118\n", "M", "1949-01-01", []float64{112, 118}, `using column "Month" as ds and "#Passengers" as y`},
		"value first":     {"Y,date\n284,1956-01-01\n213,1956-04-01\n262,1956-07-01\n", "Q", "1956-01-01", []float64{284, 213, 262}, ""},
		"no header":       {"2024-01,1\n2024-02,2\n", "M", "2024-01-01", []float64{1, 2}, "no header"},
		"blanks":          {"ds,y\n2024-01,1\n2024-02,\n2024-03,NA\n2024-04,4\n", "M", "2024-01-01", []float64{1, nan, nan, 4}, "2 values are blank"},
		"gaps":            {"ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-05,5\n2024-01-06,6\n2024-01-07,7\n", "D", "2024-01-01", []float64{1, 2, nan, nan, 5, 6, 7}, "2 times are missing from the time grid: the first at 2024-01-03"},
		"quoted":          {"\"ds\",\"y\"\n\"2024-01\",\"1\"\n\"2024-02\",\"2\"\n", "M", "2024-01-01", []float64{1, 2}, ""},
		"extra columns":   {"ds,price,y\n1,7,1\n2,8,2\n", "i", "1", []float64{1, 2}, `unused columns: "price"`},
		"blank lines":     {"ds,y\n1,1\n\n2,2\n\n", "i", "1", []float64{1, 2}, ""},
		"blank rows":      {"ds,y,,\n1,1,,\n,,,\n2,2,,\n,,,\n, ,,\n,\n", "i", "1", []float64{1, 2}, ""},
		"other blanks":    {"ds,y\n1,1\n2,#N/A\n3,<NA>\n4,4\n", "i", "1", []float64{1, nan, nan, 4}, "2 values are blank"},
		"sep":             {"sep=;\r\nds;y\r\n1;1,5\r\n2;2\r\n", "i", "1", []float64{1.5, 2}, ""},
		"quoted sep":      {"\"sep=,\"\nds,y\n1,1\n2,2\n", "i", "1", []float64{1, 2}, ""},
		"sep of bars":     {"sep=|\nds|y\n1|1\n2|2\n", "i", "1", []float64{1, 2}, ""},
		"Latin-1 header":  {"ds,y,Gr\xf6\xdfe\n1,1,3\n2,2,4\n", "i", "1", []float64{1, 2}, `unused columns: "Größe"`},
		"years":           {"ds,y\n1999,1\n2000,2\n2002,4\n", "Y", "1999-01-01", []float64{1, 2, nan, 4}, "yearly"},
		"indices past":    {"ds,y\n2998,1\n2999,2\n3000,3\n", "i", "2998", []float64{1, 2, 3}, ""},
		"indices up":      {"ds,y\n998,1\n999,2\n1000,3\n", "i", "998", []float64{1, 2, 3}, ""},
		"month ends":      {"ds,y\n2024-01-31,1\n2024-02-29,2\n2024-03-31,3\n2024-05-31,5\n", "ME", "2024-01-31", []float64{1, 2, 3, nan, 5}, ""},
		"business days":   {"ds,y\n2024-05-02,1\n2024-05-03,2\n2024-05-06,3\n2024-05-07,4\n2024-05-09,6\n", "B", "2024-05-02", []float64{1, 2, 3, 4, nan, 6}, ""},
		"hours, DST":      {"ds,y\n2024-03-31T01:00+01:00,1\n2024-03-31T03:00+02:00,2\n2024-03-31T04:00+02:00,3\n", "h", "2024-03-31T00:00Z", []float64{1, 2, 3}, ""},
		"weeks":           {"ds,y\n2024-W01,1\n2024-W02,2\n2024-W04,4\n", "W", "2024-01-01", []float64{1, 2, nan, 4}, ""},
		"quarters":        {"ds,y\n2023Q4,1\n2024-Q1,2\n", "Q", "2023-10-01", []float64{1, 2}, ""},
		"15 minutes":      {"ds,y\n2024-01-01 00:00,1\n2024-01-01 00:15,2\n2024-01-01 00:30,3\n", "15min", "2024-01-01T00:00", []float64{1, 2, 3}, ""},
		"leading gap":     {"ds,y\n2,\n3,1\n4,2\n", "i", "2", []float64{nan, 1, 2}, ""},
		"days, digits":    {"ds,y\n20240130,1\n20240131,2\n20240201,3\n", "D", "2024-01-30", []float64{1, 2, 3}, "such as 20240130 are read as days"},
		"months, digits":  {"ds,y\n202411,1\n202412,2\n202501,3\n", "M", "2024-11-01", []float64{1, 2, 3}, "such as 202411 are read as months"},
		"no month after":  {"ds,y\n202411,1\n202412,2\n202413,3\n", "i", "202411", []float64{1, 2, 3}, ""},
		"Monday-Friday":   {"ds,y\n2024-05-06,1\n2024-05-07,2\n2024-05-08,3\n2024-05-09,4\n2024-05-10,5\n", "D", "2024-05-06", []float64{1, 2, 3, 4, 5}, ""},
		"spring forward":  {"ds,y\n2024-03-31T00:00,1\n2024-03-31T01:00,2\n2024-03-31T03:00,4\n", "h", "2024-03-31T00:00", []float64{1, 2, nan, 4}, "1 time is missing from the time grid: the first at 2024-03-31T02:00"},
		"sure decimals":   {"ds;y\n1;7\n2;1,500\n3;12,25\n", "i", "1", []float64{7, 1.5, 12.25}, "decimal commas"},
		"0,125":           {"ds;y\n1;0,125\n2;1,500\n", "i", "1", []float64{0.125, 1.5}, "decimal commas"},
		"late header":     {"\n\nds;y\n1;2\n2;3\n", "i", "1", []float64{2, 3}, ""},
		"comma in name":   {"\"ds\";\"y\";\"a,b,c,d\"\n1;2;\n2;3;\n", "i", "1", []float64{2, 3}, "unused columns"},
		"headless commas": {"1;2,5\n2;3,5\n", "i", "1", []float64{2.5, 3.5}, "no header"},
		"row numbers":     {",date,sales\n0,2024-01,1\n1,2024-02,2\n", "M", "2024-01-01", []float64{1, 2}, `using column "date" as ds and "sales" as y`},
		"dates as index":  {",sales\n2024-01,1\n2024-02,2\n", "M", "2024-01-01", []float64{1, 2}, `using column "" as ds and "sales" as y`},
		"numbered, ds, y": {",ds,y\n0,2024-01,1\n1,2024-02,2\n", "M", "2024-01-01", []float64{1, 2}, ""},
		"note in quotes":  {"ds,y,note\n1,2,\"two\nlines\"\n2,3,\"a \"\"b\"\"\"\n", "i", "1", []float64{2, 3}, ""},
		"quoted decimal":  {"ds;y\n1;\"1,5\"\n2;2\n", "i", "1", []float64{1.5, 2}, ""},
	} {
		tab, err := read(c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := tab.Series[0]
		if len(tab.Series) != 1 || s.Freq.String() != c.freq || s.Start.String() != c.start || len(s.Y) != len(c.y) {
			t.Errorf("%s: %d series from %v, %v, %v", name, len(tab.Series), s.Start, s.Freq, s.Y)
			continue
		}
		for i, v := range c.y {
			if s.Y[i] != v && !(math.IsNaN(v) && math.IsNaN(s.Y[i])) {
				t.Errorf("%s: values %v, want %v", name, s.Y, c.y)
				break
			}
		}
		if !strings.Contains(strings.Join(tab.Notes, "; "), c.notes) {
			t.Errorf("%s: notes %q, want %q among them", name, tab.Notes, c.notes)
		}
	}
}

func TestManySeries(t *testing.T) {
	tab, err := read("unique_id,ds,y\nb,2024-01,1\na,2024-02,5\nb,2024-02,2\na,2024-04,6\nb,2024-03,3\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Series) != 2 || tab.Series[0].ID != "b" || len(tab.Series[0].Y) != 3 || len(tab.Series[1].Y) != 3 || tab.Series[1].Start.String() != "2024-02-01" {
		t.Errorf("%+v", tab.Series)
	}
}

// The named bad files: each gives an error with the reason, the place and a hint.
func TestBadFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		row    int
		column string
		says   string
	}{
		"empty":               {"", 0, "", "is empty"},
		"blank":               {"\n\n  \n", 0, "", "is empty"},
		"header only":         {"ds,y\n", 0, "", "has a header but no rows"},
		"ragged":              {"ds,y\n1,2\n3\n", 3, "", "has 1 field, but the header has 2"},
		"decimal comma":       {"ds,y\n1,2,5\n", 2, "", "decimal commas, separate the columns by semicolons"},
		"text in a number":    {"ds,y\n1,2\n2,two\n", 3, "y", `"two" is not a number`},
		"thousands":           {"ds,y\n1,\"2,500\"\n", 2, "y", "without thousands separators"},
		"point and comma":     {"ds;y\n1;2,5\n2;1.00,5\n", 3, "y", "has a point, but commas are the decimal marks"},
		"commas everywhere":   {"ds,y\n1,\"2,500.5,3\"\n", 2, "y", "has a comma"},
		"no time":             {"ds,y\nyesterday,2\n", 2, "ds", `"yesterday" is not a date or time`},
		"American date":       {"ds,y\n03/26/2021,2\n", 2, "ds", `--time-layout "01/02/2006"`},
		"duplicate":           {"ds,y\n2024-01,1\n2024-02,2\n2024-02,3\n", 4, "", "is already in row 3"},
		"unsorted":            {"ds,y\n2024-02,1\n2024-01,2\n", 3, "", "sort the file by series and time"},
		"infinite":            {"ds,y\n1,2\n2,inf\n", 3, "y", "is infinite"},
		"1e400":               {"ds,y\n1,1e400\n", 2, "y", "is infinite"},
		"1e308":               {"ds,y\n1,1e308\n", 2, "y", "larger than 1e30"},
		"UTF-16":              {"\xff\xfed\x00s\x00,\x00y\x00\n\x00", 0, "", "is UTF-16, or not text; save it as UTF-8"},
		"UTF-16 without BOM":  {"d\x00s\x00,\x00y\x00\n\x00", 0, "", "iconv"},
		"Parquet":             {"PAR1\x15\x04\x00", 0, "", "is a Parquet file"},
		"spreadsheet":         {"PK\x03\x04\x14\x00", 0, "", "is a spreadsheet"},
		"gzip":                {"\x1f\x8b\x08", 0, "", "gunzip"},
		"one column":          {"y\n1\n2\n", 1, "", "there is only the column"},
		"unknown columns":     {"a,b,c\n1,2,3\n", 1, "", `the columns are "a", "b", "c"`},
		"unclosed quote":      {"ds,y\n\"1,2\n3,4\n", 2, "", "a quotation mark is not closed"},
		"huge line":           {"ds,y\n" + strings.Repeat("x", 2<<20), 2, "", "is longer than"},
		"mixed times":         {"ds,y\n1,2\n2024-01,3\n", 3, "", "not of the same kind"},
		"irregular":           {"ds,y\n2024-01-01T00:00:00,1\n2024-01-01T00:00:07,2\n2024-03-01T11:00:01,3\n2024-05-09T23:59:58,4\n", 0, "", "the times are irregular"},
		"one row":             {"ds,y\n2024-01,1\n", 0, "", "cannot be found from a single time"},
		"not UTF-8":           {"unique_id,ds,y\n\xff\xfe\xfd,1,2\n", 2, "unique_id", "is not UTF-8"},
		"quote never closed":  {"ds,y\n1,2\n\"3,4\n" + strings.Repeat("5,6\n", 1<<19), 3, "", "is longer than"},
		"NUL in text":         {"ds,y\n1,2\x00\n", 0, "", "or not text"},
		"column twice":        {"ds,y,Y\n1,2,3\n", 1, "y", "appears twice"},
		"no ID":               {"unique_id,ds,y\na,1,1\n,1,2\n", 3, "unique_id", "is empty; give every row"},
		"comma after point":   {"ds;y\n1;1.23\n2;2,5\n", 3, "", "the number in row 2 has a point"},
		"may be thousands":    {"ds;y\n1;7\n2;1,500\n3;12,250\n", 3, "", "may have a decimal or a thousands separator"},
		"words with a comma":  {"ds;y\n1;two,five\n", 2, "y", "is not a number"},
		"clocks put back":     {"ds,y\n2024-10-27 01:00,1\n2024-10-27 02:00,2\n2024-10-27 02:00,3\n", 4, "", "write times with their UTC offset"},
		"far date":            {"ds,y\n2024-01-01,1\n2024-01-02,2\n9024-01-03,3\n", 0, "", "irregular"},
		"far date of many":    {"unique_id,ds,y\na,1,1\na,2,2\na,3,3\nb,1,1\nb,900000000,2\n", 5, "", "look for a wrong date"},
		"too large an index":  {"ds,y\n9223372036854775807,1\n", 2, "ds", "too large for the number of a step"},
		"-Infinity":           {"ds,y\n1,-Infinity\n", 2, "y", "is infinite"},
		"header as a row":     {"ds,y\n1,2\nds,y\n2,3\n", 3, "ds", "is not a date or time"},
		"only a separator":    {"sep=;\n", 0, "", "is empty"},
		"a time is empty":     {"ds,y\n1,2\n,3\n", 3, "ds", "is empty; every row needs a time"},
		"only a BOM":          {"\xef\xbb\xbf", 0, "", "is empty"},
		"series of duplicate": {"unique_id,ds,y\na,1,1\na,1,2\n", 3, "", `series "a": the time 1 is already`},
	} {
		_, err := read(c.text)
		var e *data.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v", name, err)
			continue
		}
		if e.File != "f.csv" || e.Row != c.row || e.Column != c.column || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), ";") {
			t.Errorf("%s: row %d, column %q: %v", name, e.Row, e.Column, err)
		}
	}
}

// A table names the column of its values, as the file has it.
func TestValueColumn(t *testing.T) {
	for text, want := range map[string]string{
		"month,Passengers\n2024-01,1\n2024-02,2\n": "Passengers", "DS,Y\n2024-01,1\n2024-02,2\n": "Y",
		"{\"ds\": \"2024-01\", \"y\": 1}\n{\"ds\": \"2024-02\", \"y\": 2}\n": "y", "id,V1,V2,V3\na,1,2,3\n": "",
	} {
		table, err := data.Read(strings.NewReader(text), "-", data.Options{})
		if err != nil || table.Value != want {
			t.Errorf("%q: %v, %+v", text, err, table)
		}
	}
}

func TestManyProblemsAtOnce(t *testing.T) {
	_, err := read("ds,y\n" + strings.Repeat("1,x\n", 50))
	if n := strings.Count(err.Error(), "is not a number"); n != 10 || !strings.Contains(err.Error(), "and 40 more problems") {
		t.Errorf("%d problems are told: %v", n, err)
	}
}

func TestCheck(t *testing.T) {
	tab, err := read("ds,y\n1,3\n2,\n3,3\n")
	if err != nil {
		t.Fatal(err)
	}
	s := tab.Series[0]
	if err := s.Check("f.csv", 3); err == nil || !strings.Contains(err.Error(), "has 2 values, but 3 are needed") {
		t.Error(err)
	}
	if err := s.Check("f.csv", 2); err != nil {
		t.Error(err)
	}
}

func TestOptions(t *testing.T) {
	daily, _ := data.ParseFreq("D")
	tab, err := data.ReadCSV(strings.NewReader("shop,when,sold,left\na,2024-01-01,1,9\na,2024-01-08,2,9\n"), "f", data.Options{ID: "shop", Time: "when", Y: "sold", Freq: &daily})
	if err != nil || tab.Series[0].ID != "a" || len(tab.Series[0].Y) != 8 {
		t.Errorf("%+v, %v", tab, err)
	}
	if _, err := data.ReadCSV(strings.NewReader("ds,y\n1,2\n"), "f", data.Options{Y: "sold"}); err == nil {
		t.Error("a column that is not there was found")
	}
	if _, err := data.ReadCSV(strings.NewReader("ds,y\n1,2\n2,3\n"), "f", data.Options{Freq: &daily}); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("days for indices: %v", err)
	}
	for text, c := range map[string]struct {
		o    data.Options
		freq string
		y    []float64
		says string // of the notes or the error
	}{
		"ds,y\n2024-01-05,2\n2024-01-09,3\n":                 {data.Options{Freq: freq("M")}, "", nil, "not on the grid"},
		"ds,y\n2024-02-29,2\n2024-03-31,3\n":                 {data.Options{Freq: freq("M")}, "ME", []float64{2, 3}, "month ends"},
		"ds,y\n1999,2\n2000,3\n":                             {data.Options{Freq: freq("i")}, "i", []float64{2, 3}, "from 1999 to 2000"},
		"ds,y\n3,3\n1,1\n2,2\n":                              {data.Options{Sort: true}, "i", []float64{1, 2, 3}, "1 series was sorted by time"},
		"ds,y\n3,3\n1,1\n3,2\n":                              {data.Options{Sort: true}, "", nil, "row 4: the time 3 is already in row 2"},
		"unique_id,ds,y\na,1,1\na,2,2\n":                     {data.Options{Sort: true}, "i", []float64{1, 2}, "1 series"},
		"Week,y\n04/30/2021,3\n04/16/2021,1\n04/23/2021,2\n": {data.Options{Sort: true, TimeLayout: "01/02/2006"}, "W", []float64{1, 2, 3}, "weekly"},
		"ds,y\n2021-04-30,3\n":                               {data.Options{TimeLayout: "01/02/2006"}, "", nil, "is not a time in the layout 01/02/2006"},
		"ds,y\n1,\"2,500\"\n2,\"3,250\"\n":                   {data.Options{Decimal: ','}, "i", []float64{2.5, 3.25}, ""},
		"ds;y\n1;2,500\n2;3.5\n":                             {data.Options{Decimal: '.'}, "", nil, "has a comma"},
	} {
		tab, err := data.ReadCSV(strings.NewReader(text), "f", c.o)
		switch {
		case c.y == nil:
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q: %v, want %s", text, err, c.says)
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		case tab.Series[0].Freq.String() != c.freq || !slices.Equal(tab.Series[0].Y, c.y) || !strings.Contains(strings.Join(tab.Notes, "; "), c.says):
			t.Errorf("%q: %v, %v, %q", text, tab.Series[0].Freq, tab.Series[0].Y, tab.Notes)
		}
	}
}

func freq(code string) *data.Freq {
	f, err := data.ParseFreq(code)
	if err != nil {
		panic(err)
	}
	return &f
}

// Many rows out of order take no longer than as many in order.
func TestManyOutOfOrder(t *testing.T) {
	var text strings.Builder
	text.WriteString("ds,y\n")
	for i := range 100000 {
		fmt.Fprintf(&text, "%d,1\n", 10000+i)
	}
	for i := range 100000 {
		fmt.Fprintf(&text, "%d,1\n", 10000+i)
	}
	_, err := read(text.String())
	if err == nil || !strings.Contains(err.Error(), "row 100002: the time 10000 is already in row 2") || !strings.Contains(err.Error(), "and 99990 more problems") {
		t.Error(err)
	}
}

// Read finds formats by what files begin with.
func TestReadByContent(t *testing.T) {
	for _, text := range []string{"ds,y\n1,2\n2,3\n", "{\"ds\": 1, \"y\": 2}\n{\"ds\": 2, \"y\": 3}\n", "\xef\xbb\xbf{\"ds\": 1, \"y\": 2}\n{\"ds\": 2, \"y\": 3}\n"} {
		tab, err := data.Read(strings.NewReader(text), "f", data.Options{})
		if err != nil || !slices.Equal(tab.Series[0].Y, []float64{2, 3}) {
			t.Errorf("%q: %+v, %v", text, tab, err)
		}
		for _, ext := range []string{".csv", ".jsonl", ".txt", ""} {
			if ext == ".csv" && strings.Contains(text, "{") || ext == ".jsonl" && !strings.Contains(text, "{") {
				continue
			}
			path := filepath.Join(t.TempDir(), "f"+ext)
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			if tab, err := data.ReadFile(path, data.Options{}); err != nil || len(tab.Series[0].Y) != 2 {
				t.Errorf("%q in f%s: %+v, %v", text, ext, tab, err)
			}
		}
	}
	if _, err := data.ReadFile(t.TempDir(), data.Options{}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
	if _, err := data.ReadFile(filepath.Join(t.TempDir(), "none.csv"), data.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFreq(t *testing.T) {
	start := data.Time{At: time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)}
	for code, c := range map[string]struct {
		season int
		next   string // one step after 2024-01-31
		name   string
	}{
		"Y": {1, "2025-01-31", "yearly"}, "Q": {4, "2024-04-30", "quarterly"}, "M": {12, "2024-02-29", "monthly"}, "ME": {12, "2024-02-29", "monthly (month ends)"},
		"W": {52, "2024-02-07", "weekly"}, "D": {7, "2024-02-01", "daily"}, "B": {5, "2024-02-01", "on business days"}, "h": {24, "2024-01-31T01:00", "hourly"},
		"15min": {96, "2024-01-31T00:15", "every 15min"}, "30s": {2880, "2024-01-31T00:00:30", "every 30s"}, "6M": {2, "2024-07-31", "every 2Q"},
	} {
		f, err := data.ParseFreq(code)
		if err != nil {
			t.Fatal(err)
		}
		if next := f.Add(start, 1).String(); f.Season() != c.season || next != c.next || f.Name() != c.name {
			t.Errorf("%s: season %d, next %s, %q", code, f.Season(), next, f.Name())
		}
		again, err := data.ParseFreq(strings.ToUpper(f.String()))
		if err != nil || again != f {
			t.Errorf("%s is written %s, which is read as %v, %v", code, f, again, err)
		}
	}
	for _, s := range []string{"", "0D", "fortnightly", "99999999999999999999D", "-1D"} {
		if f, err := data.ParseFreq(s); err == nil {
			t.Errorf("%q is read as %v", s, f)
		}
	}
}

// Times made by a frequency are found to have it, and lie on its grid.
func TestInferIsAdd(t *testing.T) {
	starts := []time.Time{
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 11, 10, 0, 0, 0, 0, time.UTC),
	}
	for _, code := range []string{"Y", "Q", "M", "W", "D", "B", "h", "15min", "s", "2D", "3h", "i", "7i"} {
		f, err := data.ParseFreq(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range starts {
			start := data.Time{At: at}
			switch {
			case f.Unit == data.Index:
				start = data.Time{Index: 5, IsIndex: true}
			case f.Unit == data.Month:
				start.At = at.AddDate(0, 0, 1-at.Day())
			case f.Unit == data.Business && at.Weekday() == time.Saturday:
				continue
			}
			var times []data.Time
			for _, n := range []int{0, 1, 2, 4, 5, 6, 7, 8, 9, 11} { // two are missing
				u := f.Add(start, n)
				times = append(times, u)
				if k, ok := f.Between(start, u); !ok || k != n {
					t.Errorf("%s: %v is %d steps from %v, %v, want %d", code, u, k, start, ok, n)
				}
			}
			got, err := data.InferFreq(times)
			if err != nil || got != f {
				t.Errorf("%s from %v: found %v, %v", code, start, got, err)
			}
		}
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]string{
		"2024-05-06": "2024-05-06", "2024-05": "2024-05-01", "2024": "2024-01-01", "2024-05-06T07:08": "2024-05-06T07:08",
		"2024-05-06 07:08:09": "2024-05-06T07:08:09", "2024-05-06T07:08:09.5Z": "2024-05-06T07:08:09.5Z", "2024-05-06T07:08:09+02:00": "2024-05-06T07:08:09+02:00",
		"2020-W53": "2020-12-28", "2024Q3": "2024-07-01", "20240506": "2024-05-06", "202405": "2024-05-01", "20241306": "20241306", "0999": "999", "12345": "12345", "-5": "-5", " 7 ": "7",
	} {
		got, err := data.ParseTime(s)
		if err != nil || got.String() != want {
			t.Errorf("%q: %v, %v; want %s", s, got, err, want)
		}
	}
	for _, s := range []string{"", "2024-13-01", "2024-02-30", "2021-W53", "2024Q5", "noon", strings.Repeat("1", 99), "2024-05-06T25:00"} {
		if got, err := data.ParseTime(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"ds,y\n2024-01,1\n2024-02,2\n", "unique_id;ds;y\na;1;1,5\na;2;\n", "ds,y\n1,2\n9223372036854775807,3\n", "\xef\xbb\xbf\"ds\",y\r1,2\r", "0001-01-01,1\n9999-12-31T23:59:59,2\n", "ds,y\n1704067200,1\n1704070800,2\n",
		"ds,y\n2024-03-30T00:00+01:00,1\n2024-03-31T00:00+01:00,\n2024-04-01T00:00+02:00,3\n2024-04-02T00:00 CEST,\n", "id,ds,y\na,2024-02-28,1\na,2024-03-30,2\nb,2024-01-01,3\nb,2024-01-02,4\n", "d,a,b\n2024-01-01,1,2\n2024-01-02,,3\n", "ds,y\n13/02/2024,1\nSept 1 2024,2\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, err := data.ReadCSV(strings.NewReader(string(b)), "f", data.Options{})
		if err != nil {
			return
		}
		for _, s := range tab.Series {
			if n := len(s.Y); n > 11*len(b)+1100 || n > 0 && math.IsNaN(s.Y[n-1]) {
				t.Errorf("%d values from %d bytes", n, len(b))
			}
			for k := range s.Y {
				if n, on := s.Freq.Between(s.Start, s.Time(k)); n != k || !on {
					t.Fatalf("%v is step %d of %v from %v, want %d", s.Time(k), n, s.Freq, s.Start, k)
				}
			}
			for i, v := range s.Y {
				if math.IsInf(v, 0) || math.Abs(v) > 1e30 {
					t.Errorf("value %d is %v", i, v)
				}
			}
			_ = s.Time(len(s.Y)).String()
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2024-05-06", "2024-W01", "2024Q1", "-7", "2024-05-06T07:08:09.123+05:30", "2024-05-06 07:08 UTC", "2024-05-06 07:08 Europe/Berlin", "2024-05-06T07:08+01:00[CET]", "2024-05-06 07:08 +0900 KST", "2024-05-06 GMT-3", "1704067200.0", "2024050607"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := data.ParseTime(s)
		if err != nil || a.IsIndex && !strings.HasPrefix(strings.TrimSpace(s), a.String()) { // "01000" is an index, "1000" a year
			return
		}
		if b, err := data.ParseTime(a.String()); err != nil || b.String() != a.String() {
			t.Errorf("%q is %v, which is read as %v, %v", s, a, b, err)
		}
	})
}

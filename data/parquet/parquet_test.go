package parquet_test

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/parquet"
)

func file[T any](t testing.TB, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (*data.Table, error) {
	return parquet.Read(bytes.NewReader(b), int64(len(b)), "f.parquet", data.Options{})
}

func TestRead(t *testing.T) {
	one := 1.5
	day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	type stamped struct {
		ID string    `parquet:"unique_id"`
		DS time.Time `parquet:"ds,timestamp(microsecond)"`
		Y  *float64  `parquet:"y,optional"`
	}
	type dated struct {
		DS int32 `parquet:"ds,date"`
		Y  int64 `parquet:"y"`
	}
	type text struct {
		DS string `parquet:"ds"`
		Y  string `parquet:"y"`
	}
	days := int32(day.Unix() / 86400)
	for name, b := range map[string][]byte{
		"timestamps": file(t, []stamped{{"a", day, &one}, {"a", day.AddDate(0, 0, 1), nil}, {"a", day.AddDate(0, 0, 3), &one}}),
		"dates":      file(t, []dated{{days, 1}, {days + 1, 2}, {days + 3, 4}}),
		"text":       file(t, []text{{"2024-01-01", "1"}, {"2024-01-02", "2"}, {"2024-01-04", "4e0"}}),
	} {
		tab, err := read(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := tab.Series[0]
		if s.Start.String() != "2024-01-01" || s.Freq.String() != "D" || len(s.Y) != 4 || !math.IsNaN(s.Y[2]) || math.IsNaN(s.Y[1]) != (name == "timestamps") {
			t.Errorf("%s: from %v, %v: %v", name, s.Start, s.Freq, s.Y)
		}
	}
	table := file(t, []text{{"1", "1"}, {"2", "2"}})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(table)
	z.Close()
	for name, content := range map[string][]byte{"x.parquet": table, "x.parquet.gz": packed.Bytes(), "x": table, "y": packed.Bytes()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		if tab, err := data.ReadFile(path, data.Options{}); err != nil || len(tab.Series[0].Y) != 2 {
			t.Errorf("ReadFile: %s: %+v, %v", name, tab, err)
		}
	}
}

func TestBadFiles(t *testing.T) {
	type other struct {
		A, B, C int64
	}
	type text struct {
		DS string `parquet:"ds"`
		Y  string `parquet:"y"`
	}
	good := file(t, []text{{"2024-01-01", "1"}, {"2024-01-02", "2"}})
	for says, b := range map[string][]byte{
		"is not a Parquet file":          []byte("ds,y\n1,2\n"),
		"does not end with PAR1":         good[:len(good)-6],
		"its footer has 4293656820":      append(slices.Clone(good[:len(good)-8]), "\xf4\x00\xec\xffPAR1"...),
		"it has 4 bytes":                 []byte("PAR1"),
		`the columns are "A", "B", "C"`:  file(t, []other{{1, 2, 3}}),
		`row 2: column y: "x" is no`:     file(t, []text{{"1", "1"}, {"2", "x"}}),
		`row 1: column ds: "noon" is no`: file(t, []text{{"noon", "1"}}),
		"is already in":                  file(t, []text{{"1", "1"}, {"1", "2"}}),
		"is larger than 1e30":            file(t, []text{{"1", "1e99"}}),
		"has a header but no rows":       file(t, []text{}),
	} {
		if _, err := read(b); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q: %v", says, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	type text struct {
		DS string `parquet:"ds"`
		Y  string `parquet:"y"`
	}
	f.Add(file(f, []text{{"2024-01-01", "1"}, {"2024-01-02", "2"}}))
	decimals := pq.Group{"ds": pq.Timestamp(pq.Millisecond), "y": pq.Decimal(2, 9, pq.FixedLenByteArrayType(5)), "z": pq.Decimal(1, 9, pq.ByteArrayType)}
	f.Add(rows(f, decimals, `{"columns": [{"field_name": "ds", "metadata": {"timezone": "CET"}}]}`,
		[]pq.Value{pq.Int64Value(0), pq.FixedLenByteArrayValue([]byte{1, 2, 3, 4, 5}), pq.ByteArrayValue([]byte{0xff})}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if tab, err := read(b); err == nil && len(tab.Series) == 0 {
			t.Error("a table without series")
		}
	})
}

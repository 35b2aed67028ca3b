package parquet_test

import (
	"bytes"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"
)

// rows is a file of a schema with rows of values in the order of their names.
func rows(t testing.TB, group pq.Group, notes string, list ...[]pq.Value) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[any](&b, pq.NewSchema("table", group))
	if notes != "" {
		w.SetKeyValueMetadata("pandas", notes)
	}
	for _, values := range list {
		row := make(pq.Row, len(values))
		for i, v := range values {
			level := 0
			if v.IsNull() {
				level = -1
			}
			row[i] = v.Level(0, max(level, 0), i)
		}
		if _, err := w.WriteRows([]pq.Row{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// twos is n in size bytes of two's complement, the highest first.
func twos(n *big.Int, size int) []byte {
	m := new(big.Int).Set(n)
	if m.Sign() < 0 {
		m.Add(m, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return m.FillBytes(make([]byte, size))
}

func TestDecimals(t *testing.T) {
	long, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	for name, c := range map[string]struct {
		node pq.Node
		v    pq.Value
		want float64
	}{
		"int32":         {pq.Decimal(2, 9, pq.Int32Type), pq.Int32Value(-12345), -123.45},
		"int64":         {pq.Decimal(3, 18, pq.Int64Type), pq.Int64Value(1234567), 1234.567},
		"long int64":    {pq.Decimal(2, 18, pq.Int64Type), pq.Int64Value(900719925474099301), 9007199254740993.01},
		"fixed":         {pq.Decimal(2, 9, pq.FixedLenByteArrayType(5)), pq.FixedLenByteArrayValue(twos(big.NewInt(-10017), 5)), -100.17},
		"fixed, 16":     {pq.Decimal(10, 38, pq.FixedLenByteArrayType(16)), pq.FixedLenByteArrayValue(twos(long, 16)), -12345678901234567890.123456789},
		"bytes":         {pq.Decimal(1, 9, pq.ByteArrayType), pq.ByteArrayValue(twos(big.NewInt(255), 2)), 25.5},
		"bytes, less 0": {pq.Decimal(0, 9, pq.ByteArrayType), pq.ByteArrayValue([]byte{0xff}), -1},
		"uint32":        {pq.Uint(32), pq.Int32Value(-1), math.MaxUint32},
		"uint64":        {pq.Uint(64), pq.Int64Value(-1 << 60), 1<<64 - 1<<60},
		"int8":          {pq.Int(8), pq.Int32Value(-7), -7},
	} {
		day := func(n int32) pq.Value { return pq.Int32Value(19723 + n) }
		tab, err := read(rows(t, pq.Group{"ds": pq.Date(), "y": c.node}, "", []pq.Value{day(0), c.v}, []pq.Value{day(1), c.v}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := tab.Series[0]; s.Y[1] != c.want || s.Start.String() != "2024-01-01" {
			t.Errorf("%s: %v from %v, want %v", name, s.Y, s.Start, c.want)
		}
	}
	wide := pq.Decimal(0, 300, pq.FixedLenByteArrayType(128))
	if _, err := read(rows(t, pq.Group{"ds": pq.Date(), "y": wide}, "", []pq.Value{pq.Int32Value(1), pq.FixedLenByteArrayValue(make([]byte, 128))})); err == nil || !strings.Contains(err.Error(), "of a type that is not read") {
		t.Errorf("128 bytes: %v", err)
	}
}

// Times of all units and types, and those that pandas notes a zone for.
func TestTimes(t *testing.T) {
	first := time.Date(2024, 3, 30, 0, 0, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zones")
	}
	const pandas = `{"columns": [{"field_name": "ds", "metadata": {"timezone": "Europe/Berlin"}}]}`
	for name, c := range map[string]struct {
		node  pq.Node
		value func(d time.Time) pq.Value
		local bool // midnights of Berlin, over a change of clocks
		notes string
	}{
		"date":       {pq.Date(), func(d time.Time) pq.Value { return pq.Int32Value(int32(d.Unix() / 86400)) }, false, ""},
		"ms":         {pq.Timestamp(pq.Millisecond), func(d time.Time) pq.Value { return pq.Int64Value(d.UnixMilli()) }, false, ""},
		"µs":         {pq.Timestamp(pq.Microsecond), func(d time.Time) pq.Value { return pq.Int64Value(d.UnixMicro()) }, false, ""},
		"ns":         {pq.Timestamp(pq.Nanosecond), func(d time.Time) pq.Value { return pq.Int64Value(d.UnixNano()) }, false, ""},
		"text":       {pq.String(), func(d time.Time) pq.Value { return pq.ByteArrayValue([]byte(d.Format("2006-01-02 UTC"))) }, false, ""},
		"Unix s":     {pq.Int(64), func(d time.Time) pq.Value { return pq.Int64Value(d.Unix()) }, false, ""},
		"Unix ms":    {pq.Leaf(pq.Int64Type), func(d time.Time) pq.Value { return pq.Int64Value(d.UnixMilli()) }, false, ""},
		"with zone":  {pq.Timestamp(pq.Nanosecond), func(d time.Time) pq.Value { return pq.Int64Value(d.UnixNano()) }, true, pandas},
		"other note": {pq.Timestamp(pq.Nanosecond), func(d time.Time) pq.Value { return pq.Int64Value(d.UnixNano()) }, false, `{"columns": 7}`},
	} {
		var list [][]pq.Value
		for i := range 5 {
			d := first.AddDate(0, 0, i)
			if c.local {
				d = time.Date(2024, 3, 30+i, 0, 0, 0, 0, berlin)
			}
			list = append(list, []pq.Value{c.value(d), pq.DoubleValue(float64(i))})
		}
		tab, err := read(rows(t, pq.Group{"ds": c.node, "y": pq.Leaf(pq.DoubleType)}, c.notes, list...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := tab.Series[0]; s.Freq.String() != "D" || s.Start.String() != "2024-03-30" || len(s.Y) != 5 {
			t.Errorf("%s: %v from %v, %d values: %q", name, s.Freq, s.Start, len(s.Y), tab.Notes)
		}
	}
}

// A pivot of pandas, whose index comes last.
func TestPivot(t *testing.T) {
	type pivot struct {
		North float64   `parquet:"north"`
		South *float64  `parquet:"south,optional"`
		Date  time.Time `parquet:"when,timestamp(nanosecond)"`
	}
	day, two := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), 2.0
	tab, err := read(file(t, []pivot{{1, nil, day}, {2, &two, day.AddDate(0, 0, 1)}, {3, &two, day.AddDate(0, 0, 2)}}))
	if err != nil || len(tab.Series) != 2 {
		t.Fatalf("%+v, %v", tab, err)
	}
	if a, b := tab.Series[0], tab.Series[1]; a.ID != "north" || len(a.Y) != 3 || b.ID != "south" || len(b.Y) != 2 || b.Start.String() != "2024-01-02" {
		t.Errorf("%+v", tab.Series)
	}
	type long struct {
		Date  time.Time `parquet:"when,timestamp(nanosecond)"`
		Shop  string    `parquet:"shop"`
		Sales float64   `parquet:"sales"`
	}
	if _, err := read(file(t, []long{{day, "a", 1}})); err == nil || !strings.Contains(err.Error(), "(--time, --value, --id)") {
		t.Errorf("%v", err)
	}
}

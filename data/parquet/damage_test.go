package parquet_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/parquet"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/internal/fixture"
)

var codecs = map[string]compress.Codec{
	"uncompressed": &pq.Uncompressed, "snappy": &pq.Snappy, "gzip": &pq.Gzip, "zstd": &pq.Zstd, "lz4": &pq.Lz4Raw, "brotli": &pq.Brotli,
}

type (
	plainRow struct {
		ID string   `parquet:"unique_id"`
		DS int64    `parquet:"ds"`
		Y  *float64 `parquet:"y,optional"`
	}
	dictionaryRow struct {
		ID string   `parquet:"unique_id,dict"`
		DS int64    `parquet:"ds,dict"`
		Y  *float64 `parquet:"y,optional,dict"`
	}
	deltaRow struct {
		ID string `parquet:"unique_id,delta"`
		DS int64  `parquet:"ds,delta"`
		Y  int32  `parquet:"y,optional,delta"` // 0 is null
	}
	splitRow struct {
		ID string   `parquet:"unique_id,delta"`
		DS int64    `parquet:"ds"`
		Y  *float64 `parquet:"y,optional,split"`
	}
)

// valid are small files of n rows, by every codec, encoding and version of pages.
func valid(t testing.TB, n int) map[string][]byte {
	all := map[string][]byte{}
	for name, codec := range codecs {
		for version := 1; version <= 2; version++ {
			o := []pq.WriterOption{pq.Compression(codec), pq.DataPageVersion(version), pq.PageBufferSize(2000)}
			at := fmt.Sprintf("%s, version %d, ", name, version)
			all[at+"plain"] = written(t, n, o, func(i int, id string, y *float64) plainRow { return plainRow{id, int64(i), y} })
			all[at+"dictionary"] = written(t, n, o, func(i int, id string, y *float64) dictionaryRow { return dictionaryRow{id, int64(i), y} })
			all[at+"split"] = written(t, n, o, func(i int, id string, y *float64) splitRow { return splitRow{id, int64(i), y} })
			all[at+"delta"] = written(t, n, o, func(i int, id string, y *float64) deltaRow {
				if y == nil {
					return deltaRow{id, int64(i), 0}
				}
				return deltaRow{id, int64(i), int32(*y)}
			})
		}
	}
	return all
}

// written has two series of n/2 rows; each seventh value is null.
func written[T any](t testing.TB, n int, o []pq.WriterOption, row func(i int, id string, y *float64) T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, o...)
	rows := make([]T, n)
	for i := range rows {
		y := valueAt(i)
		at := &y
		if math.IsNaN(y) {
			at = nil
		}
		rows[i] = row(i%(n/2), fmt.Sprintf("series %d", i/(n/2)), at)
	}
	for part := range slices.Chunk(rows, max(n/3, 1)) { // a group of rows each
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func valueAt(i int) float64 {
	if i%7 == 6 {
		return math.NaN()
	}
	return float64(i*i%1009 + 1)
}

// Every codec and encoding gives the values that were written.
func TestCodecsAndEncodings(t *testing.T) {
	const n = 2000
	for name, b := range valid(t, n) {
		tab, err := read(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range n {
			s := tab.Series[i/(n/2)]
			if got, want := s.Y[i%(n/2)], valueAt(i); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s: value %d is %v, want %v", name, i, got, want)
				break
			}
		}
	}
}

// flips changes bits of a file, and asks that it is read or refused, in little memory.
func flips(t *testing.T, name string, b []byte, step int) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := 0; i < len(b); i += step {
		for bit := range 8 {
			changed := slices.Clone(b)
			changed[i] ^= 1 << bit
			if _, err := read(changed); err != nil && fault.Of(err) != fault.Data {
				t.Fatalf("%s: byte %d, bit %d: %v", name, i, bit, err)
			}
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 200<<20 {
				t.Errorf("%s: byte %d, bit %d: %d MB were taken", name, i, bit, grown>>20)
			}
			before = after
		}
	}
}

func TestFlippedBits(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	step := 7
	if testing.Short() {
		step = 61
	}
	for name, b := range valid(t, 40) {
		flips(t, name, b, step)
	}
}

// What declares more than it holds is refused, in little memory.
func TestBombs(t *testing.T) {
	for _, name := range []string{"lz4-byte88.parquet", "parquet-bomb-0.parquet"} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := data.ReadFile(fixture.Path(t, "cases/files/"+name), data.Options{})
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; fault.Of(err) != fault.Data || grown > 64<<20 {
				t.Errorf("%v, in %d MB", err, grown>>20)
			}
			t.Log(err)
		})
	}
	t.Run("rows", func(t *testing.T) { // few bytes, and as many rows as a page can promise
		type row struct {
			DS int64 `parquet:"ds,delta"`
			Y  int64 `parquet:"y,dict"`
		}
		rows := make([]row, 3<<20)
		for i := range rows {
			rows[i].DS = int64(i)
		}
		var b bytes.Buffer
		w := pq.NewGenericWriter[row](&b, pq.Compression(&pq.Zstd))
		w.Write(rows)
		w.Close()
		_, err := parquet.Read(bytes.NewReader(b.Bytes()), int64(b.Len()), "rows.parquet", data.Options{})
		if err == nil || !strings.Contains(err.Error(), "declares") {
			t.Errorf("%d rows in %d bytes: %v", len(rows), b.Len(), err)
		}
	})
}

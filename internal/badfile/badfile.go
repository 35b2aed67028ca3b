// Package badfile has files that are wrong in the ways that readers of models must know,
// for the tests of all packages that read files of a format.
package badfile

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A File is a broken file, and what a reader of its format finds wrong.
type File struct {
	Name   string
	Bytes  []byte
	Reason string // reason in the error
	Offset int64  // byte at which the fault is seen, -1 if that is not fixed
}

// Limits of package safetensors.
const (
	maxName    = 1024
	maxTensors = 65536
)

// raw makes a file of any header and so many bytes of data.
func raw(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, data)...)
}

func prefix(n uint64, rest string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, n), rest...)
}

const one = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`

// Safetensors are files that are almost of that format.
var Safetensors = []File{
	{"empty file", nil, "too few", 0},
	{"7 bytes", make([]byte, 7), "too few", 0},
	{"header of 0 bytes", prefix(0, ""), "header is empty", 0},
	{"header of 2^63 bytes", prefix(1<<63, "{}"), "not a safetensors file", 0},
	{"text", []byte("A text that is not a model.\n"), "not a safetensors file", 0},
	{"header longer than the file", prefix(100, "{}"), "in a file of", 0},
	{"header of 100 MB + 1", prefix(100_000_001, "{}"), "longer than", 0},
	{"not an object", raw(`["a"]`, 0), "not with {", 8},
	{"leading space", raw(` {}`, 0), "not with {", 8},
	{"byte order mark", raw("\ufeff{}", 0), "not with {", 8},
	{"invalid UTF-8", raw("{\"é\xff\":{}}", 0), "UTF-8", 12},
	{"trailing NUL", raw(one+"\x00", 8), "follows the header", 8 + int64(len(one))},
	{"trailing newline", raw(one+" \n", 8), "follows the header", 9 + int64(len(one))},
	{"two objects", raw(one+"{}", 8), "follows the header", 8 + int64(len(one))},
	{"deep nesting", raw(`{"a":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"}", 0), "'{' should come", 13},
	{"deep nesting in a shape", raw(`{"a":{"shape":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"}}", 0), "not a whole number", 23},
	{"deep nesting in metadata", raw(`{"__metadata__":{"k":`+strings.Repeat(`{"k":`, 10_000)+strings.Repeat("}", 10_002), 0), "'\"' should come", 29},
	{"duplicate tensor", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), `"a" comes twice`, 65},
	{"duplicate tensor by another spelling", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), `"a" comes twice`, 70},
	{"duplicate dtype", raw(`{"a":{"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), `"dtype" comes twice`, 35},
	{"duplicate metadata", raw(`{"__metadata__":{"k":"1","k":"2"}}`, 0), `"k" comes twice`, 36},
	{"metadata twice", raw(`{"__metadata__":{},"__metadata__":{}}`, 0), `comes twice`, 41},
	{"offsets reversed", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8), "ends at 0 before it begins at 8", 61},
	{"negative offset", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8), `"-8" is not a whole number`, 56},
	{"negative zero", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[-0,8]}}`, 8), `"-0" is not a whole number`, 56},
	{"float offset", raw(`{"a":{"dtype":"F32","shape":[250],"data_offsets":[0,1e3]}}`, 1000), `"1e3" is not a whole number`, 60},
	{"leading zero", raw(`{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}`, 8), `"02" is not a whole number`, 37},
	{"offset of 2^63", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775808]}}`, 8), `is not a whole number`, 58},
	{"one offset", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}`, 8), "has 1 numbers", 59},
	{"three offsets", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}`, 8), "more than 2 numbers", 60},
	{"overlap", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), `overlaps that of "a"`, 120},
	{"same data twice", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8), `overlaps that of "a"`, 115},
	{"hole", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}`, 20), "hole of 4 bytes", 125},
	{"hole at the front", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), "hole of 4 bytes", 63},
	{"data not covered", raw(one, 12), "last 4 bytes belong to no tensor", 16 + int64(len(one))},
	{"data beyond the end", raw(one, 4), "past the 4 bytes", 61},
	{"shape overflows", raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}`, 8), "more values than can be counted", 81},
	{"bytes overflow", raw(`{"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,8]}}`, 8), "more values than can be counted", 79},
	{"size is not shape times dtype", raw(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), "needs 12 bytes, its data has 8", 61},
	{"metadata is not text", raw(`{"__metadata__":{"k":1}}`, 0), "'\"' should come", 29},
	{"metadata is null", raw(`{"__metadata__":null}`, 0), "'{' should come", 24},
	{"unknown dtype", raw(`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}`, 1), `dtype "F4" is unknown`, 60},
	{"unknown key", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"code":"x"}}`, 8), `key "code"`, 68},
	{"no shape", raw(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8), "lacks one of", 49},
	{"9 dimensions", raw(`{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4), "shape has more than 8", 53},
	{"long name", raw(`{"`+strings.Repeat("n", maxName+1)+`":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8), "1025 bytes", 1037},
	{"too many tensors", raw(manyTensors(maxTensors+1), 0), "more than 65536 keys", -1},
	{"unfinished header", raw(`{"a":{"dtype":"F3`, 0), "ends inside a string", 25},
	{"unfinished escape", raw(`{"a\`, 0), "ends inside a string", 12},
	{"bad escape", raw(`{"a\x":{}}`, 0), "not JSON", 14},
	{"control byte", raw("{\"a\x01\":{}}", 0), "control byte", 11},
	{"missing comma", raw(`{"__metadata__":{"a":"b" "c":"d"}}`, 0), "should come", 33},
	{"trailing comma", raw(`{"__metadata__":{"a":"b",}}`, 0), "'\"' should come", 33},
}

func manyTensors(n int) string {
	var b strings.Builder
	sep := "{"
	for i := range n {
		fmt.Fprintf(&b, `%s"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, sep, i)
		sep = ","
	}
	return b.String() + "}"
}

// Benchmark measures how long it takes to refuse each file, and reports the longest, which
// should be less than 100 ms.
func Benchmark(b *testing.B, files []File, read func(file []byte) error) {
	var longest time.Duration
	var name string
	for b.Loop() {
		for _, f := range files {
			begin := time.Now()
			if read(f.Bytes) == nil {
				b.Fatalf("%s: it was read", f.Name)
			}
			if d := time.Since(begin); d > longest {
				longest, name = d, f.Name
			}
		}
	}
	b.ReportMetric(longest.Seconds()*1e3, "ms-longest")
	b.Log(name)
}

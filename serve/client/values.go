package client

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/recur-go/recur/serve/frame"
)

// A layout is how the values of one step lie in a payload.
type layout struct {
	values, bytes int
	parts         []part
}

type part struct {
	values   int
	datatype string
}

// sizes are the bytes of the datatypes that the client speaks.
var sizes = map[string]int{"FP32": 4, "FP64": 8, "INT32": 4, "INT64": 8}

func layOut(tensors []frame.Tensor) (l layout, err error) {
	for _, t := range tensors {
		n := 1
		for _, d := range t.Shape[min(1, len(t.Shape)):] { // the first is of the batch
			n *= int(d)
		}
		size := sizes[t.Datatype]
		if size == 0 {
			return l, fmt.Errorf("client: tensor %s is of %s, which this client does not speak", t.Name, t.Datatype)
		}
		l.values += n
		l.bytes += n * size
		l.parts = append(l.parts, part{n, t.Datatype})
	}
	return l, nil
}

func (l *layout) append(b []byte, x []float32) []byte {
	le := binary.LittleEndian
	for _, p := range l.parts {
		row := x[:p.values]
		x = x[p.values:]
		switch p.datatype {
		case "FP32":
			for _, v := range row {
				b = le.AppendUint32(b, math.Float32bits(v))
			}
		case "FP64":
			for _, v := range row {
				b = le.AppendUint64(b, math.Float64bits(float64(v)))
			}
		case "INT32":
			for _, v := range row {
				b = le.AppendUint32(b, uint32(int32(v)))
			}
		case "INT64":
			for _, v := range row {
				b = le.AppendUint64(b, uint64(int64(v)))
			}
		}
	}
	return b
}

func (l *layout) read(y []float32, b []byte) []float32 {
	le := binary.LittleEndian
	for _, p := range l.parts {
		size := sizes[p.datatype]
		row := b[:p.values*size]
		b = b[len(row):]
		switch p.datatype {
		case "FP32":
			for ; len(row) > 0; row = row[size:] {
				y = append(y, math.Float32frombits(le.Uint32(row)))
			}
		case "FP64":
			for ; len(row) > 0; row = row[size:] {
				y = append(y, float32(math.Float64frombits(le.Uint64(row))))
			}
		case "INT32":
			for ; len(row) > 0; row = row[size:] {
				y = append(y, float32(int32(le.Uint32(row))))
			}
		case "INT64":
			for ; len(row) > 0; row = row[size:] {
				y = append(y, float32(int64(le.Uint64(row))))
			}
		}
	}
	return y
}

// A ring is the last inputs of a session.
type ring struct {
	max, n, next int
	rows         [][]float32
}

func (r *ring) add(x []float32) {
	if r.max <= 0 {
		return
	}
	if len(r.rows) < r.max {
		r.rows = append(r.rows, nil)
	}
	if r.next >= len(r.rows) {
		r.next = 0
	}
	r.rows[r.next] = append(r.rows[r.next][:0], x...)
	r.next++
	r.n = min(r.n+1, r.max)
}

// last is the one before so many more, 1 for the newest.
func (r *ring) last(back int) []float32 {
	return r.rows[(r.next-back+len(r.rows))%len(r.rows)]
}

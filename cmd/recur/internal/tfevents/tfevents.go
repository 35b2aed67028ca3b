// Package tfevents writes scalars to the event files that TensorBoard shows.
//
// An event file is TensorFlow's TFRecord of Event messages (tensorflow/core/util/
// event.proto): each record a length, its masked CRC-32C, the message, and that of
// the message.
package tfevents

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Writer appends events to a file.
type Writer struct {
	f   *os.File
	now func() time.Time
	old *earlier // events of the run that goes on, until the first new one
}

// A file's name has the time at which it was begun.
const (
	prefix = "events.out.tfevents."
	suffix = ".recur"
)

// IsFile reports whether a file of a name is one of this package.
func IsFile(name string) bool {
	return strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix)
}

// Files are the paths of this package's files in a folder, the oldest first.
func Files(dir string) (paths []string, err error) {
	all, err := os.ReadDir(dir)
	for _, f := range all {
		if IsFile(f.Name()) {
			paths = append(paths, filepath.Join(dir, f.Name()))
		}
	}
	return paths, err
}

// Create begins a file in the folder dir, which it makes if it is not there.
func Create(dir string) (*Writer, error) { return create(dir, time.Now) }

func create(dir string, now func() time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	name := fmt.Sprint(prefix, now().UnixNano(), suffix)
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	w := &Writer{f: f, now: now}
	version := protowire.AppendString(protowire.AppendTag(nil, eventVersion, protowire.BytesType), "brain.Event:2")
	if err := w.event(0, version); err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// Fields of the messages.
const (
	eventTime    = 1
	eventStep    = 2
	eventVersion = 3
	eventSummary = 5
	summaryValue = 1
	valueTag     = 1
	valueSimple  = 2
)

// Scalars writes values by name for a step, unless a run that goes on has them already.
func (w *Writer) Scalars(step int, names []string, values []float64) error {
	if w.old != nil {
		if w.old.has(step, names) {
			return nil
		}
		if err := w.goOn(); err != nil {
			return err
		}
	}
	var summary []byte
	for i, name := range names {
		value := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), name)
		value = protowire.AppendFixed32(protowire.AppendTag(value, valueSimple, protowire.Fixed32Type), math.Float32bits(float32(values[i])))
		summary = protowire.AppendBytes(protowire.AppendTag(summary, summaryValue, protowire.BytesType), value)
	}
	return w.event(step, protowire.AppendBytes(protowire.AppendTag(nil, eventSummary, protowire.BytesType), summary))
}

// event writes a record of an event with its content.
func (w *Writer) event(step int, what []byte) error {
	now := w.now()
	at := float64(now.Unix()) + float64(now.Nanosecond())/1e9
	e := protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(at))
	if step != 0 {
		e = protowire.AppendVarint(protowire.AppendTag(e, eventStep, protowire.VarintType), uint64(step))
	}
	e = append(e, what...)

	_, err := w.f.Write(appendRecord(nil, e))
	return err
}

func appendRecord(b, e []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(e)))
	b = binary.LittleEndian.AppendUint32(b, masked(b[at:]))
	b = append(b, e...)
	return binary.LittleEndian.AppendUint32(b, masked(e))
}

// masked is the CRC-32C of b, turned and shifted so that a checksum of data that holds
// checksums is a good one.
func masked(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// Close closes the file.
func (w *Writer) Close() error {
	if w.old != nil {
		if err := w.goOn(); err != nil {
			return err
		}
	}
	return w.f.Close()
}

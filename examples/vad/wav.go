package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// A wav reads the samples of a WAV file, with its channels mixed to one.
type wav struct {
	in       *bufio.Reader
	channels int
	float    bool  // samples are float32, else int16
	left     int64 // bytes
	open     bool  // it was written to a pipe: its length is not known
	block    []byte
}

// readWAV reads the head of a file.
func readWAV(r io.Reader) (*wav, error) {
	w := &wav{in: bufio.NewReader(r)}
	var head [12]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, errors.New("it is not a WAV file: it does not begin with RIFF and WAVE")
	}
	for {
		if _, err := io.ReadFull(w.in, head[:8]); err != nil {
			return nil, fmt.Errorf("the file ends before its samples (%w)", err)
		}
		name, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		switch {
		case name == "data" && w.channels == 0:
			return nil, errors.New("the samples come before their format, which no WAV file has")
		case name == "data":
			w.left, w.open = size, size == 0 || size == math.MaxUint32
			w.block = make([]byte, w.channels*w.width())
			if !w.open && size%int64(len(w.block)) != 0 {
				return nil, fmt.Errorf("the samples have %d bytes, which is no multiple of the %d of one of each channel", size, len(w.block))
			}
			return w, nil
		case name == "fmt ":
			if err := w.format(size); err != nil {
				return nil, err
			}
		default:
			if _, err := io.CopyN(io.Discard, w.in, size+size%2); err != nil {
				return nil, fmt.Errorf("the file ends within its part %q (%w)", name, err)
			}
		}
	}
}

// format reads the part that tells what samples are.
func (w *wav) format(size int64) error {
	if size < 16 || size > 4096 {
		return fmt.Errorf("the format has %d bytes, want 16 to 4096", size)
	}
	b := make([]byte, size+size%2)
	if _, err := io.ReadFull(w.in, b); err != nil {
		return fmt.Errorf("the file ends within its format (%w)", err)
	}
	kind, channels := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
	hertz, bits := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint16(b[14:])
	if kind == 0xFFFE && size >= 40 { // the kind stands further behind
		kind = binary.LittleEndian.Uint16(b[24:])
	}
	switch {
	case kind != 1 && kind != 3 || kind == 1 && bits != 16 || kind == 3 && bits != 32:
		return fmt.Errorf("its samples are of kind %d with %d bits, want 16-bit PCM or 32-bit float: convert it by sox IN.wav -b 16 -e signed OUT.wav", kind, bits)
	case hertz != rate:
		return fmt.Errorf("it has %d samples a second, want %d: convert it by sox IN.wav -r %d OUT.wav", hertz, rate, rate)
	case channels < 1 || channels > 64:
		return fmt.Errorf("it has %d channels, want 1 to 64", channels)
	}
	w.channels, w.float = channels, kind == 3
	return nil
}

// width is the number of bytes of a sample.
func (w *wav) width() int {
	if w.float {
		return 4
	}
	return 2
}

// read fills dst with samples, and returns how many there were: fewer at the end alone, where
// the error is io.EOF once there are none.
func (w *wav) read(dst []float32) (n int, err error) {
	for n < len(dst) && (w.open || w.left > 0) {
		if k, err := io.ReadFull(w.in, w.block); err == io.EOF && w.open {
			w.open, w.left = false, 0
			break
		} else if err != nil {
			return n, fmt.Errorf("the file ends %d bytes before its samples do (%w)", max(w.left, int64(len(w.block)))-int64(k), err)
		}
		w.left -= int64(len(w.block))
		var sum float32
		for c := range w.channels {
			if w.float {
				sum += math.Float32frombits(binary.LittleEndian.Uint32(w.block[4*c:]))
			} else {
				sum += float32(int16(binary.LittleEndian.Uint16(w.block[2*c:]))) / (1 << 15)
			}
		}
		dst[n] = sum / float32(w.channels)
		n++
	}
	if n == 0 && len(dst) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// openWAV opens the file at path; close ends it.
func openWAV(path string) (w *wav, close func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if w, err = readWAV(f); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, f.Close, nil
}

package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

type chunk struct {
	name string
	data []byte
}

// file is a WAV file of parts, with the sizes that they have.
func file(parts ...chunk) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVE")
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(append(b, p.name...), uint32(len(p.data)))
		if b = append(b, p.data...); len(p.data)%2 == 1 {
			b = append(b, 0)
		}
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func format(kind, channels, hertz, bits int) chunk {
	var b []byte
	b = binary.LittleEndian.AppendUint16(b, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(hertz))
	b = binary.LittleEndian.AppendUint32(b, uint32(hertz*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	return chunk{"fmt ", binary.LittleEndian.AppendUint16(b, uint16(bits))}
}

func shorts(v ...int16) chunk {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
	}
	return chunk{"data", b}
}

func floats(v ...float32) chunk {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return chunk{"data", b}
}

func readBytes(b []byte) (all []float32, err error) {
	w, err := readWAV(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	buf := make([]float32, 3)
	for {
		n, err := w.read(buf)
		if all = append(all, buf[:n]...); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func TestWAV(t *testing.T) {
	extensible := format(0xFFFE, 1, rate, 32)
	extensible.data = append(extensible.data, 22, 0, 32, 0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113)
	piped := file(format(1, 1, rate, 16), shorts(1<<14, -1<<14))
	binary.LittleEndian.PutUint32(piped[40:], math.MaxUint32)
	for name, c := range map[string]struct {
		file []byte
		want []float32
	}{
		"16 bits":     {file(format(1, 1, rate, 16), shorts(0, 1<<14, -1<<15, 1, 0)), []float32{0, 0.5, -1, 1. / (1 << 15), 0}},
		"float":       {file(format(3, 1, rate, 32), floats(0.25, -1, 1.5)), []float32{0.25, -1, 1.5}},
		"stereo":      {file(format(1, 2, rate, 16), shorts(1<<14, 0, -1<<14, 1<<14)), []float32{0.25, 0}},
		"extensible":  {file(extensible, floats(0.5)), []float32{0.5}},
		"other parts": {file(chunk{"LIST", []byte("odd")}, format(1, 1, rate, 16), chunk{"fact", make([]byte, 4)}, shorts(1<<13)), []float32{0.25}},
		"piped":       {piped, []float32{0.5, -0.5}},
		"empty":       {file(format(1, 1, rate, 16), shorts()), nil},
	} {
		if got, err := readBytes(c.file); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestBadWAV(t *testing.T) {
	good := file(format(1, 2, rate, 16), shorts(1, 2, 3, 4))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"text":           {[]byte("some text that is no sound"), "RIFF"},
		"nothing":        {nil, "RIFF"},
		"no samples":     {file(format(1, 1, rate, 16)), "before its samples"},
		"no format":      {file(shorts(1)), "before their format"},
		"48 kHz":         {file(format(1, 1, 48000, 16), shorts(1)), "48000 samples a second"},
		"8 bits":         {file(format(1, 1, rate, 8), shorts(1)), "8 bits"},
		"A-law":          {file(format(6, 1, rate, 8), shorts(1)), "kind 6"},
		"no channels":    {file(format(1, 0, rate, 16), shorts(1)), "0 channels"},
		"short format":   {file(chunk{"fmt ", make([]byte, 8)}), "8 bytes"},
		"long format":    {file(chunk{"fmt ", make([]byte, 5000)}), "5000 bytes"},
		"half a sample":  {file(format(1, 2, rate, 16), shorts(1, 2, 3)), "no multiple"},
		"cut":            {good[:len(good)-3], "3 bytes before"},
		"cut in a part":  {file(chunk{"LIST", make([]byte, 100)})[:60], "LIST"},
		"cut in format":  {good[:24], "within its format"},
		"a long lie":     {binary.LittleEndian.AppendUint32([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), math.MaxUint32), "want 16 to 4096"},
		"extensible, 20": {file(chunk{"fmt ", append(format(0xFFFE, 1, rate, 16).data, 0, 0, 0, 0)}, shorts(1)), "kind 65534"},
	} {
		if got, err := readBytes(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %q in the error", name, got, err, c.want)
		}
	}
}

func FuzzWAV(f *testing.F) {
	f.Add(file(format(1, 2, rate, 16), shorts(1, 2, 3, 4)))
	f.Add(file(chunk{"LIST", []byte("odd")}, format(3, 1, rate, 32), floats(1, 2)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if all, err := readBytes(b); err == nil && 2*len(all) > len(b) {
			t.Errorf("%d samples of %d bytes", len(all), len(b))
		}
	})
}

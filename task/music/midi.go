package music

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// firstNote is MIDI's number of key 0.
const firstNote = 21

// ticks of a quarter note, whose half is a step.
const ticks = 96

// WriteMIDI writes a piece as a standard MIDI file of one track (format 0), in eighth
// notes of which the tempo is so many quarters a minute. A key that sounds in steps on end
// is one long note.
func (p Piece) WriteMIDI(w io.Writer, tempo int) error {
	if tempo < 4 || tempo > 1000 {
		return fmt.Errorf("music: a tempo of %d quarters a minute is not between 4 and 1000", tempo)
	}
	p, err := p.sorted()
	if err != nil {
		return fmt.Errorf("music: %w", err)
	}
	track := []byte{0, 0xff, 0x51, 3} // tempo, in microseconds a quarter
	us := 60_000_000 / tempo
	track = append(track, byte(us>>16), byte(us>>8), byte(us))
	wait := 0
	event := func(b ...byte) {
		track = append(appendVarint(track, wait), b...)
		wait = 0
	}
	var sounding []int
	for _, keys := range append(p, nil) {
		for _, k := range sounding {
			if !slices.Contains(keys, k) {
				event(0x80, byte(firstNote+k), 64)
			}
		}
		for _, k := range keys {
			if !slices.Contains(sounding, k) {
				event(0x90, byte(firstNote+k), 80)
			}
		}
		sounding = keys
		wait += ticks / 2
	}
	wait = 0
	event(0xff, 0x2f, 0) // end of track

	file := []byte("MThd\x00\x00\x00\x06\x00\x00\x00\x01")
	file = binary.BigEndian.AppendUint16(file, ticks)
	file = append(file, "MTrk"...)
	file = binary.BigEndian.AppendUint32(file, uint32(len(track)))
	_, err = w.Write(append(file, track...))
	return err
}

// appendVarint appends a number in MIDI's way: seven bits a byte, the highest first, all
// but the last marked.
func appendVarint(b []byte, n int) []byte {
	if n >= 1<<7 {
		b = appendMarked(b, n>>7)
	}
	return append(b, byte(n&0x7f))
}

func appendMarked(b []byte, n int) []byte {
	if n >= 1<<7 {
		b = appendMarked(b, n>>7)
	}
	return append(b, byte(n&0x7f|0x80))
}

package music

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// mostSteps is how long a piece in a MIDI file may be: nine hours.
const mostSteps = 1 << 17

// readMIDI reads a standard MIDI file of any number of tracks as one piece, in steps of an
// eighth note: a key sounds in a step if most of one of its notes' eighths is in it, and
// each note in at least one. Percussion (channel 10) and notes that a piano has not are left
// out, and so are tempo and loudness.
func readMIDI(b []byte) (Piece, error) {
	if len(b) < 14 || binary.BigEndian.Uint32(b[4:]) != 6 {
		return nil, errors.New("the header of the MIDI file is cut short")
	}
	division := int(binary.BigEndian.Uint16(b[12:]))
	if division == 0 || division >= 1<<15 {
		return nil, errors.New("the MIDI file counts time in frames, not in quarters")
	}
	r := reader{quarter: division}
	for b = b[14:]; len(b) > 0; {
		if len(b) < 8 || uint64(binary.BigEndian.Uint32(b[4:])) > uint64(len(b)-8) {
			return nil, errors.New("a track of the MIDI file is cut short")
		}
		n := int(binary.BigEndian.Uint32(b[4:]))
		if bytes.HasPrefix(b, []byte("MTrk")) {
			if err := r.track(b[8 : 8+n]); err != nil {
				return nil, err
			}
		}
		b = b[8+n:]
	}
	piece := make(Piece, len(r.sounds))
	for t := range piece {
		piece[t] = []int{}
		for k, sounds := range r.sounds[t] {
			if sounds {
				piece[t] = append(piece[t], k)
			}
		}
	}
	return piece, nil
}

// A reader puts the notes of tracks together.
type reader struct {
	quarter int          // ticks
	sounds  [][Keys]bool // [step]
}

var errCut = errors.New("an event of the MIDI file is cut short")

// A voice is a note that sounds.
type voice struct{ channel, note byte }

func (r *reader) track(b []byte) error {
	began := map[voice]int{} // at which tick
	tick, status := 0, byte(0)
	for len(b) > 0 {
		wait, n := varint(b)
		if n == 0 || n == len(b) {
			return errCut
		}
		if b, tick = b[n:], tick+wait; tick/r.quarter > mostSteps/2 {
			return fmt.Errorf("the MIDI file is longer than %d quarters", mostSteps/2)
		}
		if b[0] >= 0x80 {
			status, b = b[0], b[1:]
		} // else the last event's goes on
		switch {
		case status >= 0xf0: // what is no note: skip its text or data
			if status == 0xff {
				if len(b) == 0 {
					return errCut
				}
				b = b[1:]
			}
			size, n := varint(b)
			if n == 0 || size > len(b)-n {
				return errCut
			}
			b, status = b[n+size:], 0
			continue
		case status < 0x80:
			return errors.New("an event of the MIDI file has no kind")
		}
		args := 2
		if kind := status >> 4; kind == 0xc || kind == 0xd {
			args = 1
		}
		if len(b) < args {
			return errCut
		}
		v := voice{status & 0xf, b[0]}
		switch kind := status >> 4; {
		case kind == 9 && b[1] > 0:
			r.note(began, v, tick)
			began[v] = tick
		case kind == 8 || kind == 9:
			r.note(began, v, tick)
		}
		b = b[args:]
	}
	for v := range began {
		r.note(began, v, tick)
	}
	return nil
}

// note ends a voice, if it sounds.
func (r *reader) note(began map[voice]int, v voice, tick int) {
	from, ok := began[v]
	delete(began, v)
	key := int(v.note) - firstNote
	if !ok || v.channel == 9 || key < 0 || key >= Keys {
		return
	}
	step := func(tick int) int { return (2*tick + r.quarter/2) / r.quarter } // to the nearest eighth
	first := step(from)
	last := max(step(tick), first+1)
	for len(r.sounds) < last {
		r.sounds = append(r.sounds, [Keys]bool{})
	}
	for t := first; t < last; t++ {
		r.sounds[t][key] = true
	}
}

// varint reads a number as appendVarint writes it, of at most four bytes, and how many
// bytes it takes: 0 if it is none.
func varint(b []byte) (v, n int) {
	for n < min(len(b), 4) {
		v = v<<7 | int(b[n]&0x7f)
		n++
		if b[n-1] < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

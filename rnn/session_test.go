package rnn_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/recur-go/recur/internal/saved"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
	"github.com/recur-go/recur/tensor"
)

func pushed(st *rnn.Stream, n int) []tensor.Float {
	var y []tensor.Float
	for i := range n {
		y = st.Push([]tensor.Float{tensor.Float(i) / 3, 1})
	}
	return slices.Clone(y)
}

func TestSessionContinuesExactly(t *testing.T) {
	c := rnn.Stack{rnn.NewLSTM(rng(), 2, 5), rnn.NewLSTM(rng(), 5, 3)}
	st := rnn.NewStream(c)
	pushed(st, 9)
	saved, err := st.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again := rnn.NewStream(c)
	if err := again.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	if again.Steps() != 9 {
		t.Errorf("restored at step %d, want 9", again.Steps())
	}
	if a, b := pushed(st, 4), pushed(again, 4); !slices.Equal(a, b) {
		t.Errorf("restored stream says %v, the other %v", b, a)
	}
	st.Reset()
	if a, b := pushed(st, 3), pushed(rnn.NewStream(c), 3); !slices.Equal(a, b) || st.Steps() != 3 {
		t.Errorf("a reset stream says %v, a new one %v", a, b)
	}
}

func TestSessionRefuses(t *testing.T) {
	st := rnn.NewStream(rnn.NewLSTM(rng(), 2, 5))
	pushed(st, 3)
	saved, _ := st.MarshalBinary()
	kept := slices.Clone(st.State()[0].Value.Data)
	for i := range saved {
		if err := st.UnmarshalBinary(saved[:i]); !errors.Is(err, rnn.ErrSessionCorrupt) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
		for bit := range 8 {
			flipped := bytes.Clone(saved)
			flipped[i] ^= 1 << bit
			if err := st.UnmarshalBinary(flipped); !errors.Is(err, rnn.ErrSessionCorrupt) {
				t.Fatalf("bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
	}
	other := rnn.NewStream(rnn.NewLSTM(rng(), 2, 6))
	if err := other.UnmarshalBinary(saved); !errors.Is(err, rnn.ErrSessionModel) {
		t.Errorf("session of another cell: %v", err)
	}
	if !slices.Equal(kept, st.State()[0].Value.Data) || st.Steps() != 3 {
		t.Error("a refused session changed the stream")
	}
}

// A wrapper that adds no parameters, and a frozen form, are the same model.
func TestSessionMoves(t *testing.T) {
	c := rnn.NewLSTM(rng(), 2, 5)
	st := rnn.NewStream(c)
	pushed(st, 3)
	saved, _ := st.MarshalBinary()
	want := pushed(st, 2)
	frozen, _ := rnn.Freeze(c, rnn.Single)
	for name, other := range map[string]rnn.Cell{"frozen": frozen, "wrapper": counted{c, new(int)}, "frozen wrapper": counted{frozen, new(int)}, "Dropout": &rnn.Dropout{Cell: c, In: 0.5}} {
		st := rnn.NewStream(other)
		if err := st.UnmarshalBinary(saved); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if y := pushed(st, 2); !slices.Equal(y, want) {
			t.Errorf("%s: goes on with %v, want %v", name, y, want)
		}
	}
	for name, other := range map[string]rnn.Cell{
		"another cell":  rnn.NewGRU(rng(), 2, 5),
		"another width": rnn.NewLSTM(rng(), 3, 5),
		"no bias":       &rnn.LSTM{Wx: c.Wx, Wh: c.Wh},
	} {
		if err := rnn.NewStream(other).UnmarshalBinary(saved); !errors.Is(err, rnn.ErrSessionModel) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	old := bytes.Clone(saved)
	old[4] = 1
	old = binary.LittleEndian.AppendUint32(old[:len(old)-4], crc32.Checksum(old[:len(old)-4], crc32.MakeTable(crc32.Castagnoli)))
	if err := st.UnmarshalBinary(old); !errors.Is(err, rnn.ErrSessionVersion) {
		t.Errorf("version 1: the error is %v", err)
	}
}

// A stream takes up what was saved before sessions had a whole ID and last answers, and
// what package session saves.
func TestSessionOfOtherVersions(t *testing.T) {
	c := rnn.NewLSTM(rng(), 2, 3)
	old, err := hex.DecodeString("7263727302041f836af7c111e7ac0200000000000000060000000000803f0000004000004040000080bf0000003f00000000e9834ca2")
	if err != nil {
		t.Fatal(err)
	}
	state := []float32{1, 2, 3, -1, 0.5, 0}
	for name, b := range map[string][]byte{
		"version 2":        old,
		"with last answer": saved.Append(nil, rnn.SessionID(c), 2, state, []float32{4, 5, 6}),
		"of float64":       saved.Append(nil, rnn.SessionID(c), 2, []float64{1, 2, 3, -1, 0.5, 0}, nil),
	} {
		st := rnn.NewStream(c)
		if err := st.UnmarshalBinary(b); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		h, cell := st.State()[0].Value.Data, st.State()[1].Value.Data
		if st.Steps() != 2 || !slices.Equal(h, []tensor.Float{1, 2, 3}) || !slices.Equal(cell, []tensor.Float{-1, 0.5, 0}) {
			t.Errorf("%s: step %d with %v and %v", name, st.Steps(), h, cell)
		}
		if err := rnn.NewStream(rnn.NewGRU(rng(), 2, 3)).UnmarshalBinary(b); !errors.Is(err, rnn.ErrSessionModel) {
			t.Errorf("%s, another model: the error is %v", name, err)
		}
	}
	short := saved.Append(nil, rnn.SessionID(c), 2, state[:5], nil)
	if err := rnn.NewStream(c).UnmarshalBinary(short); !errors.Is(err, rnn.ErrSessionModel) {
		t.Errorf("5 floats: the error is %v", err)
	}
}

// What a Stream saves, package session takes up, and the other way round.
func TestSessionOfPackageSession(t *testing.T) {
	c := rnn.Stack{rnn.NewLSTM(rng(), 2, 5), rnn.NewGRU(rng(), 5, 3)}
	run, err := rnn.NewRunner(c, rnn.Single)
	if err != nil {
		t.Fatal(err)
	}
	m, st := session.New(run, session.Options{}), rnn.NewStream(c)
	pushed(st, 4)
	blob, err := st.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	s := m.New()
	if err := s.UnmarshalBinary(blob); err != nil || s.Steps() != 4 {
		t.Fatalf("%d steps, %v", s.Steps(), err)
	}
	x := []tensor.Float{0.5, -1}
	y, err := m.Step(t.Context(), s, nil, x)
	if err != nil || !slices.Equal(y, st.Push(x)) {
		t.Errorf("goes on with %v, %v", y, err)
	}
	if blob, err = s.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	again := rnn.NewStream(c)
	if err := again.UnmarshalBinary(blob); err != nil || again.Steps() != 5 || !slices.Equal(again.Push(x), st.Push(x)) {
		t.Errorf("a stream goes on otherwise, %v", err)
	}
}

func FuzzSession(f *testing.F) {
	c := rnn.NewLSTM(rng(), 2, 3)
	st := rnn.NewStream(c)
	pushed(st, 2)
	blob, _ := st.MarshalBinary()
	f.Add(blob)
	f.Add([]byte("rcrs"))
	f.Fuzz(func(t *testing.T, b []byte) {
		st := rnn.NewStream(c)
		if st.UnmarshalBinary(b) == nil {
			again, err := st.MarshalBinary()
			if err != nil || !bytes.Equal(again, b) && len(b) == len(blob) && b[5] == blob[5] && b[4] == blob[4] {
				t.Errorf("%x restored and saved as %x, %v", b, again, err)
			}
		}
	})
}

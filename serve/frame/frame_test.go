package frame

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
)

// golden are frames and their bytes in testdata/frames.txt, which clients are written against.
var golden = []struct {
	name    string
	h       Header
	payload string
}{
	{"open", Header{Open, Exist, 0, 7}, `{"model":"meter","session":"a"}`},
	{"opened", Header{Opened, 0, 1, 7}, `{"model":"meter","version":"1","session":"a","steps":0,"inputs":[],"outputs":[]}`},
	{"step", Header{Step, Start | End, 1, 1}, "\x00\x00\x80\x3f\x00\x00\x00\xc0"},
	{"answer", Header{Answer, 0, 1, 1}, "\x00\x00\x80\x3f"},
	{"error", Header{Error, 0, 1, 9}, `{"error":"no","code":"step","have":1}`},
	{"close", Header{Close, 0, 1, 0}, ""},
	{"closed", Header{Closed, 0, 1, 0}, ""},
	{"ping", Header{Ping, 0, 0, 1<<64 - 1}, "x"},
	{"pong", Header{Pong, 0, 0, 1<<64 - 1}, "x"},
	{"goaway", Header{GoAway, 0, 0, 0}, ""},
}

func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, g := range golden {
		f := append(Append(nil, g.h, len(g.payload)), g.payload...)
		b.WriteString(g.name + " " + hex.EncodeToString(f) + "\n")
		h, payload, n, err := Parse(append(f, 1, 2, 3), 100)
		if h != g.h || string(payload) != g.payload || n != len(f) || err != nil {
			t.Errorf("%s: %+v %q %d %v", g.name, h, payload, n, err)
		}
		for short := range f {
			if _, _, n, err := Parse(f[:short], 100); n != 0 || err != nil {
				t.Errorf("%s, %d bytes of it: %d %v", g.name, short, n, err)
			}
		}
	}
	want, err := os.ReadFile("testdata/frames.txt")
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("frames have become\n%s", b.String())
	}
}

func TestBadLength(t *testing.T) {
	for _, b := range []string{"\x00\x00\x00\x00", "\x0d\x00\x00\x00", "\xff\xff\xff\xff", "\x73\x00\x00\x00"} {
		var e *LengthError
		if _, _, _, err := Parse([]byte(b), 100); !errors.As(err, &e) {
			t.Errorf("% x: %v", b, err)
		}
	}
}

func TestTypes(t *testing.T) {
	for ty, want := range map[Type]string{Open: "Open", Ping: "Ping", Opened: "Opened", GoAway: "GoAway", 0: "type 0", 9: "type 9"} {
		if ty.String() != want {
			t.Errorf("%d is %v, want %s", uint8(ty), ty, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range golden {
		f.Add(append(Append(nil, g.h, len(g.payload)), g.payload...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, n, err := Parse(b, 1000)
		if err != nil || n == 0 {
			return
		}
		if again := append(Append(nil, h, len(payload)), payload...); !bytes.Equal(again, b[:n]) {
			t.Errorf("% x has become % x", b[:n], again)
		}
	})
}

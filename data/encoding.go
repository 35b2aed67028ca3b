package data

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// Text makes f read text in UTF-8. Korean of older programs, in CP949 or EUC-KR, is found
// by its first characters beyond ASCII and turned into it; Encoding tells of it. What is
// neither is left as it is.
func (f *File) Text() {
	if f.coded == nil {
		f.coded = &textReader{in: f.Reader, whole: f.file != nil || f.kept}
		f.Reader = bufio.NewReaderSize(f.coded, 64<<10)
	}
}

// Encoding is how what has been read of a text is written: CP949, or "" for UTF-8 and
// what is not known.
func (f *File) Encoding() string {
	if f.coded != nil && f.coded.korean {
		return "CP949"
	}
	return ""
}

// EncodingOf is the Encoding of a file by the first MiB of it.
func EncodingOf(path string) (string, error) {
	f, err := Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	f.Text()
	_, err = io.CopyN(io.Discard, f, 1<<20)
	if err == io.EOF {
		err = nil
	}
	return f.Encoding(), err
}

// textReader passes ASCII on until something else comes, by which it finds the encoding.
type textReader struct {
	in      *bufio.Reader
	whole   bool // it may wait for more than is there, as no one is typing
	decided bool
	korean  bool
	raw     []byte // bytes that were read and not decoded: half a character at most
	out     []byte // decoded text that was not handed on
	err     error
}

func (t *textReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !t.decided {
		if _, err := t.in.Peek(1); err != nil {
			return 0, err
		}
		ready, _ := t.in.Peek(min(t.in.Buffered(), len(p)))
		n := ascii(ready)
		if n > 0 {
			return t.in.Read(p[:n])
		}
		want := t.in.Buffered()
		if t.whole {
			want = t.in.Size()
		}
		window, err := t.in.Peek(want)
		for err == nil && len(window) < t.in.Size() && bytes.IndexByte(window, '\n') < 0 { // a line is waited for
			window, err = t.in.Peek(max(t.in.Buffered(), len(window)+1))
		}
		t.decided, t.korean = true, isKorean(window)
	}
	if !t.korean {
		return t.in.Read(p)
	}
	for len(t.out) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.decode()
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// decode decodes what is there next. What is no character becomes a byte that is no UTF-8,
// so that the reader of the text finds it.
func (t *textReader) decode() {
	var buf [32 << 10]byte
	n, err := t.in.Read(buf[:])
	t.raw, t.err = append(t.raw, buf[:n]...), err
	end := len(t.raw)
	if err == nil {
		end = wholeCharacters(t.raw)
	}
	out, bad := korean.EUCKR.NewDecoder().Bytes(t.raw[:end])
	if bad != nil && t.err == nil {
		t.err = bad
	}
	t.out = bytes.ReplaceAll(out, []byte("\ufffd"), []byte{0xff})
	t.raw = append(t.raw[:0], t.raw[end:]...)
}

// ascii is how many bytes b begins with that are ASCII.
func ascii(b []byte) int {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// wholeCharacters is the length of b without a last half character.
func wholeCharacters(b []byte) int {
	i := 0
	for i < len(b) {
		if b[i] < utf8.RuneSelf {
			i++
		} else if i+1 == len(b) {
			return i
		} else {
			i += 2
		}
	}
	return i
}

// isKorean reports whether b, part of a text, is in CP949. All of it must be characters of
// that, most of them the syllables that are in daily use, and more than one. So are a few
// words of Latin-1, which stand within and beside letters, where Korean ones seldom do; and
// texts of Chinese and Japanese have others besides.
func isKorean(b []byte) bool {
	if validStart(b) || bytes.IndexByte(b, 0) >= 0 {
		return false
	}
	b = b[:wholeCharacters(b)]
	out, err := korean.EUCKR.NewDecoder().Bytes(b)
	if err != nil || bytes.Contains(out, []byte("\ufffd")) {
		return false
	}
	daily, letters, others, words, beside := 0, 0, 0, 0, 0
	seen := map[[2]byte]bool{}
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		from := i
		for ; i+1 < len(b) && b[i] >= utf8.RuneSelf; i += 2 {
			switch lead, trail := b[i], b[i+1]; {
			case lead >= 0xb0 && lead <= 0xc8 && trail >= 0xa1:
				daily++
				seen[[2]byte{lead, trail}] = true
			case lead == 0xa4 && trail >= 0xa1: // single letters, or kana
				letters++
			case lead >= 0xa1 && lead <= 0xaf && trail >= 0xa1: // marks
			default:
				others++
			}
		}
		words++
		if from > 0 && letter(b[from-1]) || i < len(b) && letter(b[i]) {
			beside++
		}
	}
	return len(seen) > 1 && daily >= 3*others && daily >= letters && words >= 2*beside
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// validStart reports whether b is UTF-8 but for a last character that is cut.
func validStart(b []byte) bool {
	for k := 0; k < utf8.UTFMax && k <= len(b); k++ {
		if utf8.Valid(b[:len(b)-k]) {
			return k == 0 || !utf8.FullRune(b[len(b)-k:])
		}
	}
	return false
}

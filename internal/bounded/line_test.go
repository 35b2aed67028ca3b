package bounded

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		in   string
		want []string
		err  error
	}{
		{"", []string{""}, io.EOF},
		{"a\n\nb\n", []string{"a\n", "\n", "b\n", ""}, io.EOF},
		{"a\r\nb", []string{"a\r\n", "b"}, io.EOF},
		{long + "\n" + long, []string{long + "\n", long}, io.EOF}, // more than the buffer holds
		{"a\n" + long + "x\n", []string{"a\n", ""}, ErrLong},
		{"a\n" + strings.Repeat("x", 1<<20), []string{"a\n", ""}, ErrLong},
	} {
		in := bufio.NewReaderSize(strings.NewReader(c.in), 16)
		var got []string
		var err error
		for err == nil {
			var l string
			l, err = Line(in, 101)
			got = append(got, l)
		}
		if err != c.err || !slices.Equal(got, c.want) {
			t.Errorf("%.20q: %.20q, %v, want %.20q, %v", c.in, got, err, c.want, c.err)
		}
	}
}

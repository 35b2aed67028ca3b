package data_test

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// pairs are a format of files: a line for each time, as "2024-01 is 7".
func pairs(f *data.File, o data.Options) (*data.Table, error) {
	b := data.NewBuilder(f.Name, o)
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		ds, y, _ := strings.Cut(strings.TrimPrefix(in.Text(), "pairs "), " is ")
		at, err := b.ParseTime(ds)
		if err != nil {
			return nil, err
		}
		v, err := b.ParseValue(y)
		if err != nil {
			return nil, err
		}
		b.Add(n, "", at, v)
	}
	return b.Table()
}

func init() { data.Register(".pairs", "pairs ", data.TableReader(pairs)) }

func ExampleRegister() {
	data.Register(".is", "", data.TableReader(pairs))
	t, err := data.Read(strings.NewReader("2024-01 is 7\n2024-02 is 8\n"), "sales.is", data.Options{})
	fmt.Println(t.Series[0].Y, err)
	// Output: [7 8] <nil>
}

// The ending decides, packed or not, and where it does not the first bytes do.
func TestRegister(t *testing.T) {
	const lines, begun = "2024-01 is 2\n2024-02 is 3\n", "pairs 2024-01 is 2\n2024-02 is 3\n"
	for name, text := range map[string]string{"a.pairs": lines, "b.PAIRS": lines, "c.pairs.gz": lines, "d.txt": begun, "e": begun, "f.gz": begun, "h.csv.gz": "ds,y\n1,2\n2,3\n"} {
		tab, err := data.ReadFile(file(t, name, text), data.Options{})
		if err != nil || !slices.Equal(tab.Series[0].Y, []float64{2, 3}) {
			t.Errorf("%s: %+v, %v", name, tab, err)
		}
	}
	if _, err := data.ReadFile(file(t, "a.csv", begun), data.Options{}); err == nil {
		t.Error("the first bytes decided over the ending")
	}
	if _, ok := data.FormatOf[func()](&data.File{Reader: bufio.NewReader(strings.NewReader(begun)), Name: "a.pairs"}); ok {
		t.Error("a format of another type was found")
	}
}

func TestFile(t *testing.T) {
	for _, name := range []string{"a", "a.gz"} {
		f, err := data.Open(file(t, name, "some text"))
		if err != nil {
			t.Fatal(err)
		}
		f.Peek(4)
		r, size, err := f.ReaderAt()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); string(b) != "some text" || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

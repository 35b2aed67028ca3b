package hdf5

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// golden is a file of testdata, unpacked.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	r, err := os.Open("testdata/" + name + ".h5.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rootOf(b []byte, unchecked bool) (*Group, error) {
	f, err := open(bytes.NewReader(b), int64(len(b)), unchecked)
	if err != nil {
		return nil, err
	}
	return f.Root()
}

// What h5py wrote, in the oldest form, the newest, and behind a block of the user's.
func TestFilesOfH5py(t *testing.T) {
	for _, name := range []string{"old", "latest", "user"} {
		t.Run(name, func(t *testing.T) {
			root, err := rootOf(golden(t, name), false)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			err = root.Walk(func(d *Dataset) error {
				n++
				v, err := values[float32](d)
				if err != nil {
					return err
				}
				wide, err := values[float64](d)
				if err != nil {
					return err
				}
				path := strings.TrimPrefix(d.Path, "/")
				for i := range v {
					want := float32((7*i+len(path))%23 - 11)
					switch dtype := path[strings.LastIndex(path, "/")+1:]; {
					case dtype == "?" && want > 0:
						want = 1
					case dtype == "?":
						want = 0
					case dtype == "u2":
						want = max(want, -want)
					}
					if v[i] != want || wide[i] != float64(want) {
						return fmt.Errorf("%s: value %d is %v, %v, want %v", path, i, v[i], wide[i], want)
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if n != 326 {
				t.Errorf("%d arrays, want 326", n)
			}
			config, _, err := root.Text("config")
			if err != nil || len(config) != 3002 {
				t.Errorf("a string of %d bytes, %v", len(config), err)
			}
			fixed, _, _ := root.Strings("fixed")
			varying, _, _ := root.Strings("strings")
			if !slices.Equal(fixed, []string{"one", "three"}) || !slices.Equal(varying, []string{"alpha", "β", ""}) {
				t.Errorf("%q, %q", fixed, varying)
			}
			types, err := root.Group("types")
			if err != nil {
				t.Fatal(err)
			}
			for i := range 60 {
				s, ok, err := types.Text(fmt.Sprintf("a%d", i))
				if err != nil || !ok || s != strings.Repeat("v", i) {
					t.Errorf("attribute %d: %q, %v, %v", i, s, ok, err)
				}
			}
			huge, ok, err := types.Text("huge")
			if want := name == "latest"; err != nil || ok != want || want && huge != strings.Repeat("h", 100000) {
				t.Errorf("%d bytes, %v, %v", len(huge), ok, err)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	var arrays []Array
	for i := range 300 {
		arrays = append(arrays, Array{fmt.Sprintf("many/d%03d", i), []int{2}, []float32{float32(i), 0.5}})
	}
	arrays = append(arrays, Array{"scalar", nil, []float32{3}}, Array{"empty", []int{0, 3}, nil},
		Array{"layers/é/vars/0", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6}})
	var b bytes.Buffer
	if err := Write(&b, arrays); err != nil {
		t.Fatal(err)
	}
	root, err := rootOf(b.Bytes(), false)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(arrays, func(a, b Array) int { return strings.Compare(a.Path, b.Path) })
	i := 0
	err = root.Walk(func(d *Dataset) error {
		want := arrays[i]
		i++
		v, err := values[float32](d)
		if d.Path != "/"+want.Path || !slices.Equal(d.Shape, want.Shape) || !slices.Equal(v, want.Data) {
			t.Errorf("%q %v %v, want %v", d.Path, d.Shape, v, want)
		}
		return err
	})
	if err != nil || i != len(arrays) {
		t.Errorf("%d arrays of %d, %v", i, len(arrays), err)
	}
	for _, bad := range [][]Array{
		{{"a", []int{2}, []float32{1}}},
		{{"a", nil, []float32{1}}, {"a", nil, []float32{1}}},
		{{"a", nil, []float32{1}}, {"a/b", nil, []float32{1}}},
		{{"a//b", nil, []float32{1}}},
	} {
		if err := Write(io.Discard, bad); err == nil {
			t.Errorf("%v was written", bad)
		}
	}
}

// values reads the values of d, as Read does, into a new slice.
func values[F float32 | float64](d *Dataset) ([]F, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	dst := make([]F, d.Len())
	return dst, Read(d, dst)
}

package hdf5

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTmp(t *testing.T) {
	for _, n := range []string{"old", "latest", "v108", "user"} {
		b, err := os.ReadFile("/tmp/h5/" + n + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want map[string][2]json.RawMessage
		json.Unmarshal(b, &want)
		r, _ := os.Open("/tmp/h5/" + n + ".h5")
		info, _ := r.Stat()
		f, err := Open(r, info.Size())
		if err != nil {
			t.Fatal(n, err)
		}
		root, err := f.Root()
		if err != nil {
			t.Fatal(n, err)
		}
		n0 := 0
		err = root.Walk(func(d *Dataset) error {
			n0++
			path := d.Path
			w := want[path]
			v, err := Values[float32](d)
			if err != nil {
				t.Error(n, err)
				return nil
			}
			var wv []float32
			json.Unmarshal(w[1], &wv)
			if len(v) != len(wv) {
				t.Error(n, path, len(v), len(wv))
				return nil
			}
			for k := range v {
				if v[k] != wv[k] {
					t.Error(n, path, k, v[k], wv[k])
					break
				}
			}
			s, _ := json.Marshal(d.Shape)
			if string(s) != strings.ReplaceAll(string(w[0]), " ", "") {
				t.Error(n, path, string(s), string(w[0]))
			}
			return nil
		})
		fmt.Println(len(want), n0, err)
		s, ok, err := root.Text("model_config")
		fmt.Println(len(s), ok, err)
		l, ok, err := root.Strings("names")
		fmt.Println(l, ok, err)
		l, ok, err = root.Strings("vl")
		fmt.Println(l, ok, err)
		g, err := root.Group("manyattrs")
		if err != nil {
			t.Error(err)
			continue
		}
		for i := range 60 {
			s, ok, err = g.Text(fmt.Sprintf("a%d", i))
			if s != strings.Repeat(fmt.Sprintf("value %d ", i), i+1) && strings.TrimSpace(s) != strings.TrimSpace(strings.Repeat(fmt.Sprintf("value %d ", i), i+1)) {
				t.Error(i, s, ok, err)
			}
		}
		s, ok, err = g.Text("huge")
		fmt.Println(len(s), ok, err)
	}
}

package accuracy

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
)

// rows reads the CSV file of a name in dir, or the same with .gz, and returns what
// follows the first column of each row but the first. An empty field is NaN.
func rows(dir, name string) (ids []string, values [][]float64, header []string, err error) {
	path := filepath.Join(dir, name)
	f, err := data.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		path += ".gz"
		f, err = data.Open(path)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	return parse(path, f)
}

func parse(path string, r io.Reader) (ids []string, values [][]float64, header []string, err error) {
	c := csv.NewReader(r)
	c.FieldsPerRecord = -1
	for n := 1; ; n++ {
		row, err := c.Read()
		if err == io.EOF && n > 1 {
			return ids, values, header, nil
		}
		if err != nil {
			return nil, nil, nil, &data.Error{File: path, Row: n, Reason: err.Error(), Hint: "the file is to be a CSV file with a header"}
		}
		if n == 1 {
			header = row[1:]
			continue
		}
		v := make([]float64, len(row)-1)
		for i, s := range row[1:] {
			if s = strings.TrimSpace(s); s == "" {
				v[i] = math.NaN()
			} else if v[i], err = strconv.ParseFloat(s, 64); err != nil {
				return nil, nil, nil, &data.Error{File: path, Row: n, Column: strconv.Itoa(i + 2), Value: s, Reason: "this is no number", Hint: "write a number, or leave it empty if it is unknown"}
			}
		}
		if len(v) != len(header) {
			return nil, nil, nil, fmt.Errorf("%s: row %d has %d values, want %d", path, n, len(v), len(header))
		}
		ids, values = append(ids, row[0]), append(values, v)
	}
}

package accuracy

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/recur-go/recur/data"
)

// rows reads the CSV file of a name in dir, or the same with .gz, and returns what
// follows the first column of each row but the first. An empty field is NaN.
func rows(dir, name string) (ids []string, values [][]float64, header []string, err error) {
	path := filepath.Join(dir, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		path += ".gz"
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(path) == ".gz" {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, nil, nil, &data.Error{File: path, Reason: err.Error(), Hint: "is the file a whole gzip file?"}
		}
	}
	return parse(path, r)
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
		ids, values = append(ids, row[0]), append(values, v)
	}
}

package parquet_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/parquet"
)

func TestCovariates(t *testing.T) {
	type row struct {
		DS    int64    `parquet:"ds"`
		Y     *float64 `parquet:"y,optional"`
		Price float32  `parquet:"price"`
		Town  *string  `parquet:"town,optional"`
		Code  int32    `parquet:"code"`
	}
	one, town := 1.0, "Seoul"
	b := file(t, []row{{1, &one, 2.5, &town, 7}, {2, &one, 3, nil, 7}, {3, nil, 4, &town, 7}})
	o := data.Options{Known: []string{"price"}, Static: []string{"town", "code"}, Category: []string{"code"}}
	tab, err := parquet.Read(bytes.NewReader(b), int64(len(b)), "f.parquet", o)
	if err != nil {
		t.Fatal(err)
	}
	s := tab.Series[0]
	if got := fmt.Sprint(s.Y, s.Known, s.Static, tab.Covariates[1].Categories, tab.Covariates[2].Categories); got != "[1 1] [[2.5 3 4]] [0 0] [Seoul] [7]" {
		t.Error(got)
	}
	o.Past = []string{"rain"}
	if _, err := parquet.Read(bytes.NewReader(b), int64(len(b)), "f.parquet", o); err == nil || !strings.Contains(err.Error(), "column rain: is missing") {
		t.Error(err)
	}
}

// Several columns name a series together.
func TestPath(t *testing.T) {
	type row struct {
		DS     int64   `parquet:"ds"`
		Y      float64 `parquet:"y"`
		Region *string `parquet:"region,optional"`
		Store  int32   `parquet:"store"`
	}
	north, south := "north", "south"
	o := data.Options{Path: []string{"region", "store"}}
	b := file(t, []row{{1, 1, &north, 7}, {2, 2, &north, 7}, {1, 3, &south, 7}, {2, 4, &south, 7}})
	tab, err := parquet.Read(bytes.NewReader(b), int64(len(b)), "f.parquet", o)
	if err != nil || len(tab.Series) != 2 || tab.Series[0].ID != "north/7" || tab.Series[1].Y[1] != 4 {
		t.Error(tab, err)
	}
	b = file(t, []row{{1, 1, nil, 7}})
	if _, err := parquet.Read(bytes.NewReader(b), int64(len(b)), "f.parquet", o); err == nil || !strings.Contains(err.Error(), "column region: is empty") {
		t.Error(err)
	}
}

package parquet

import (
	"math"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/recur-go/recur/data"
)

// columns are the leaves of the schema that are read.
type columns struct {
	id, ds, y column
	x         []column             // columns of the covariates
	path      []column             // columns that name a series together, in place of id; nil for none
	series    []column             // a column for each series, in place of id and y; nil for a long table
	zone      string               // by whose clock the times are; "" for none
	leaves    []parquet.LeafColumn // all that are read, each once
}

// A column is a leaf; index is -1 if there is none.
type column struct {
	name  string
	index int
	kind  format.LogicalTypeValue
	leaf  parquet.LeafColumn
}

func find(b *data.Builder, s *parquet.Schema) (c columns, err error) {
	var flat []column
	var names []string
	for _, f := range s.Fields() {
		leaf, ok := s.Lookup(f.Name())
		if !ok || leaf.Node.Repeated() { // lists and groups
			continue
		}
		col := column{name: f.Name(), index: leaf.ColumnIndex, leaf: leaf}
		if l := leaf.Node.Type().LogicalType(); l != nil {
			col.kind = l.Value
		}
		flat, names = append(flat, col), append(names, f.Name())
	}
	c.id, c.y = column{index: -1}, column{index: -1}
	isTime := func(i int) bool { return flat[i].isTime() }
	isNumber := func(i int) bool { return flat[i].isNumber() }
	if ds, series, ok := b.SeriesColumns(names, isTime, isNumber); ok {
		c.ds = flat[ds]
		for _, at := range series {
			c.series = append(c.series, flat[at])
		}
	} else {
		id, ds, y, err := b.Columns(names)
		if err != nil {
			return c, err
		}
		c.ds = flat[ds]
		if y >= 0 {
			c.y = flat[y]
		}
		if id >= 0 {
			c.id = flat[id]
		}
		for _, at := range b.CovariateColumns(names) {
			c.x = append(c.x, flat[at])
		}
		for _, at := range b.PathColumns(names) {
			c.path = append(c.path, flat[at])
		}
	}
	for _, col := range slices.Concat([]column{c.id, c.ds, c.y}, c.x, c.path, c.series) {
		if col.index >= 0 && !slices.ContainsFunc(c.leaves, func(l parquet.LeafColumn) bool { return l.ColumnIndex == col.index }) {
			c.leaves = append(c.leaves, col.leaf)
		}
	}
	return c, nil
}

// add gives a row to b.
func (c *columns) add(b *data.Builder, row int, values parquet.Row) {
	var id string
	var at data.Time
	y := math.NaN()
	x := make([]float64, len(c.x))
	across := make([]float64, len(c.series))
	levels := make([]string, len(c.path))
	for _, v := range values {
		var col string
		var problem *data.Error
		switch v.Column() {
		case c.ds.index:
			col = c.ds.name
			at, problem = c.ds.time(b, v, c.zone)
		case c.y.index:
			col = c.y.name
			y, problem = c.y.number(b, v)
		case c.id.index:
			col, id = c.id.name, v.String()
			if v.IsNull() || id == "" {
				problem = &data.Error{Reason: "is empty", Hint: "give every row the name of its series"}
			}
		}
		for i := range c.path {
			if v.Column() == c.path[i].index && !v.IsNull() {
				levels[i] = v.String()
			}
		}
		for i := range c.series {
			if v.Column() == c.series[i].index {
				col = c.series[i].name
				across[i], problem = c.series[i].number(b, v)
			}
		}
		for i := range c.x {
			if v.Column() != c.x[i].index {
				continue
			}
			col = c.x[i].name
			if text := v.Kind() == parquet.ByteArray && c.x[i].isText(); v.IsNull() {
				x[i], problem = b.ParseCovariate(i, "")
			} else if text {
				x[i], problem = b.ParseCovariate(i, v.String())
			} else if x[i], problem = c.x[i].number(b, v); problem == nil {
				x[i], problem = b.ParseCovariate(i, strconv.FormatFloat(x[i], 'g', -1, 64))
			}
		}
		if problem != nil {
			problem.Row, problem.Column = row, col
			b.Problem(problem)
			return
		}
	}
	if c.path != nil {
		var problem *data.Error
		if id, problem = b.PathOf(func(i int) string { return levels[i] }); problem != nil {
			problem.Row = row
			b.Problem(problem)
			return
		}
	}
	if c.series == nil {
		b.Add(row, id, at, y, x...)
		return
	}
	for i, y := range across {
		b.AddBegun(row, c.series[i].name, at, y)
	}
}

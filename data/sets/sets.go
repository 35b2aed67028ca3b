// Package sets holds the series that recur ships: small, real and well known.
package sets

import (
	"bytes"
	_ "embed"
	"io"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/setting"
)

// A Set is a series that ships with recur.
type Set struct {
	Name   string
	Title  string // title for people
	Source string // origin of the numbers
	Unit   string // unit of the values

	csv []byte
}

//go:embed airline.csv
var airline []byte

//go:embed sunspots.csv
var sunspots []byte

var all = []Set{
	{"airline", "Monthly international airline passengers, 1949-1960", "Box & Jenkins 1976, Time Series Analysis: Forecasting and Control, series G", "thousands of passengers", airline},
	{"sunspots", "Monthly mean sunspot numbers, 1749-1983", "Royal Observatory of Belgium and Swiss Federal Observatory, Zurich; Andrews & Herzberg 1985, Data", "relative sunspot number", sunspots},
}

// All lists the sets; the first is the default.
func All() []Set { return append([]Set(nil), all...) }

// Find returns the set with the given name.
func Find(name string) (Set, error) {
	var names []string
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Set{}, setting.Unknown("data set", name, names)
}

// Open gives the set as CSV.
func (s Set) Open() io.Reader { return bytes.NewReader(s.csv) }

// Table reads the set.
func (s Set) Table() (*data.Table, error) {
	return data.ReadCSV(s.Open(), s.Name, data.Options{})
}

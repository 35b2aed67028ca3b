package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// newEncoder writes values to w as JSON, a line each, with & and < as they are.
func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// printInfo prints what a file holds.
func printInfo(w io.Writer, info any, asJSON bool) error {
	if asJSON {
		e := newEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(info)
	}
	_, err := fmt.Fprintln(w, info)
	return err
}

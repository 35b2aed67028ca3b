package chart

import (
	"encoding/base64"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/columns"
)

// A Table is text in rows, the row whose index is Best standing out.
type Table struct {
	Head []string
	Rows [][]string
	Best int // -1 for none
}

// PictureURL holds the picture itself.
func (s Section) PictureURL() template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(s.Picture))
}

// Wide reports whether the table may not fit a narrow screen of 390 pixels, where its rows
// are then read from top to bottom.
func (t *Table) Wide() bool {
	const letter, gap, most = 8, 10, 350 // widths in pixels: of a letter, beside a cell, of the screen
	all := 0
	for j, name := range t.Head {
		wide := 0
		for word := range strings.FieldsSeq(name) {
			wide = max(wide, columns.Width(word))
		}
		for _, row := range t.Rows {
			if j < len(row) {
				wide = max(wide, columns.Width(row[j]))
			}
		}
		if len(t.Head) == 2 && j == 1 {
			wide = min(wide, 16) // has room to break
		}
		all += letter*wide + gap
	}
	return all > most
}

// long reports whether a cell may need more than a line.
func long(cell string) bool { return utf8.RuneCountInString(cell) > 24 }

// A Cell is one of a table.
type Cell struct {
	Text  string
	Name  string // head of its column
	Words bool   // whether its column has other than numbers, and so is read from the left
	Long  bool   // whether it may need more than a line
}

// Body is the rows as cells.
func (t *Table) Body() [][]Cell {
	words, body := t.Words(), make([][]Cell, len(t.Rows))
	for i, row := range t.Rows {
		for j, text := range row {
			c := Cell{Text: text, Words: words[j], Long: long(text)}
			if j < len(t.Head) {
				c.Name = t.Head[j]
			}
			body[i] = append(body[i], c)
		}
	}
	return body
}

// Words reports for each column whether it has other than numbers.
func (t *Table) Words() (words []bool) {
	for _, row := range t.Rows {
		for j, cell := range row {
			if j == len(words) {
				words = append(words, false)
			}
			words[j] = words[j] || !numbers(cell)
		}
	}
	for len(words) < len(t.Head) {
		words = append(words, false)
	}
	return words
}

// numbers reports whether a cell has numbers alone, with their units.
func numbers(cell string) bool {
	for _, field := range strings.Fields(cell) {
		if _, err := strconv.ParseFloat(strings.TrimSuffix(field, "%"), 64); err != nil && !slices.Contains([]string{"%", "±", "s", "-", "…"}, field) {
			return false
		}
	}
	return true
}

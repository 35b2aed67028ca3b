package main

import (
	"io"
	"reflect"
	"slices"

	"github.com/recur-go/recur/internal/chart"
	"github.com/recur-go/recur/internal/lang"
)

// inLanguage is a page in a language. What comes from the data stays as it is.
func inLanguage(p *chart.Page, l lang.Lang) *chart.Page {
	english := p.Sections
	p = p.Map(l.Text, func(data string) string { return data })
	for i, s := range english {
		for j, t := range s.Terms {
			if s.Table != nil && slices.Contains(s.Table.Head, t.Name) {
				p.Sections[i].Terms[j].Name = l.Text(t.Name)
			}
		}
	}
	words := chart.English
	fields := reflect.ValueOf(&words).Elem()
	for i := range fields.NumField() {
		word := fields.Field(i)
		word.SetString(l.Text(word.String()))
	}
	words.Lang = string(l)
	p.Words = &words
	return p
}

// drawing draws charts, an SVG in a language, and a PNG in English, as its font has no Hangul.
func drawing(charts chart.Panels, l lang.Lang) func(w io.Writer, format string) error {
	var translated chart.Panels
	for _, c := range charts {
		t := c.Map(l.Text)
		t.Words = l.Text
		translated = append(translated, t)
	}
	return func(w io.Writer, format string) error {
		if format == "svg" {
			return translated.Write(w, format)
		}
		return charts.Write(w, format)
	}
}

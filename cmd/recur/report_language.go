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
	for fields, i := reflect.ValueOf(&words).Elem(), 0; i < fields.NumField(); i++ {
		fields.Field(i).SetString(l.Text(fields.Field(i).String()))
	}
	words.Lang = string(l)
	p.Words = &words
	return p
}

// drawing draws charts, an SVG in a language, and a PNG in English, as its font has no Hangul.
func drawing(charts chart.Panels, l lang.Lang) func(w io.Writer, format string) error {
	var translated chart.Panels
	for _, c := range charts {
		t := *c
		t.Title, t.XLabel, t.YLabel, t.Note = l.Text(c.Title), l.Text(c.XLabel), l.Text(c.YLabel), l.Text(c.Note)
		t.Lines, t.Areas = nil, nil
		for _, line := range c.Lines {
			line.Name = l.Text(line.Name)
			t.Lines = append(t.Lines, line)
		}
		for _, area := range c.Areas {
			area.Name = l.Text(area.Name)
			t.Areas = append(t.Areas, area)
		}
		translated = append(translated, &t)
	}
	return func(w io.Writer, format string) error {
		if format == "svg" {
			return translated.Write(w, format)
		}
		return charts.Write(w, format)
	}
}

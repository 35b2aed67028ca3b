package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// A series with a season is taken apart into what adds up to it; one without is not.
func TestComponents(t *testing.T) {
	r := reported(2, 96, 3, 2)
	for k := range r.series[1].Y {
		r.series[1].Y[k] = 100 + float64(k) + 20*math.Sin(float64(k)*math.Pi/6) + float64(k*k%7)/7
	}
	r.series[1].Y[40] = math.NaN()
	sections := r.componentSections([]int{0, 1})
	if len(sections) != 4 || sections[0].Title != "Components" || sections[1].Figures[0] != nil || !sections[2].Small {
		t.Fatalf("%+v", sections)
	}
	trend, season, rest := sections[1].Figures[1], sections[2].Figures[1], sections[3].Figures[1]
	if season.Lines[0].Name != "season of 12 steps" || len(trend.X) != 96 || trend.Labels[95] != "2007-12" {
		t.Errorf("%+v", season.Lines[0].Name)
	}
	for k, y := range r.series[1].Y {
		if sum := trend.Lines[1].Y[k] + season.Lines[0].Y[k] + rest.Lines[0].Y[k]; k != 40 && math.Abs(sum-y) > 1e-9 {
			t.Errorf("the components of value %d add up to %v, not to %v", k, sum, y)
		}
	}
	var text strings.Builder
	if err := asCSV(r.componentsCSV)(&text); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(lines) != 97 || lines[0] != "unique_id,ds,y,trend,season-12,remainder" || !strings.HasPrefix(lines[1], "series 1,2000-01-01,100,") || !strings.HasPrefix(lines[41], "series 1,2003-05-01,,") {
		t.Errorf("%d lines: %q", len(lines), lines[:2])
	}
	if sections := r.componentSections([]int{0}); sections != nil {
		t.Errorf("without a season there is %+v", sections)
	}
}

// Effects of holidays and covariates are parts of the sum, with panels and columns of their names;
// what has none has no panel, and an empty column.
func TestComponentsOfEffects(t *testing.T) {
	r := reported(1, 96, 3, 2)
	s := &r.series[0]
	price, promo, luck := make([]float64, 99), make([]float64, 99), make([]float64, 96)
	for k := range s.Y {
		price[k] = math.Sin(float64(k * k))
		luck[k] = math.Sin(float64(k * k * k))
		if k%13 == 5 {
			promo[k] = 1
		}
		s.Y[k] = 100 + 20*math.Sin(float64(k)*math.Pi/6) + 5*math.Sin(float64(k*k*k+k)) - 12*price[k] + 25*promo[k]
	}
	s.Known, s.Past = [][]float64{price, promo}, [][]float64{luck}
	r.model.Asked().Covariates = []data.Covariate{{Name: "luck", Role: data.Past}, {Name: "price", Role: data.Known}, {Name: "trend", Role: data.Known}}
	sections := r.componentSections([]int{0})
	var titles []string
	for _, s := range sections {
		titles = append(titles, s.Title)
	}
	if fmt.Sprint(titles) != "[Components Trend Season Effect of price Effect of trend Remainder]" || !strings.Contains(sections[0].Note, "They describe the history") {
		t.Fatalf("%q, %q", titles, sections[0].Note)
	}
	if l := sections[1].Figures[0].Lines[0]; l.Name != "history without effects" {
		t.Error(l.Name)
	}
	if text := sections[4].Figures[0].Text[0]; !strings.HasPrefix(text, "The effect goes from 0 to 2") || !strings.HasSuffix(text, "leaves on its days.") {
		t.Error(text)
	}
	var text strings.Builder
	if err := asCSV(r.componentsCSV)(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if head := strings.Join(rows[0], ","); len(rows) != 97 || head != "unique_id,ds,y,trend,season-12,luck,price,effect-trend,remainder" {
		t.Fatal(head)
	}
	for k, row := range rows[1:] {
		sum := 0.0
		for _, text := range row[3:] {
			if v, err := strconv.ParseFloat(text, 64); err == nil {
				sum += v
			}
		}
		if row[5] != "" || math.Abs(sum-s.Y[k]) > 1e-4 {
			t.Errorf("%q: the parts add up to %v", row, sum)
		}
	}
}

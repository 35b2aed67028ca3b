package data_test

import (
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

func TestSeason(t *testing.T) {
	for f, want := range map[data.Freq]int{
		{Unit: data.Month, N: 1}: 12, {Unit: data.Month, N: 3}: 4, {Unit: data.Month, N: 12}: 1, {Unit: data.Month, N: 7}: 1, {Unit: data.Month, N: 5}: 1,
		{Unit: data.Day, N: 1}: 7, {Unit: data.Day, N: 7}: 52, {Unit: data.Day, N: 2}: 1, {Unit: data.Day, N: 14}: 1,
		{Unit: data.Business, N: 1}: 5, {Unit: data.Business, N: 2}: 1, {Unit: data.Business, N: 7}: 1,
		{Unit: data.Second, N: 3600}: 24, {Unit: data.Second, N: 900}: 96, {Unit: data.Second, N: 7}: 1, {Unit: data.Second, N: 1}: 86400, {Unit: data.Second, N: 172800}: 1,
		{Unit: data.Index, N: 1}: 1, {Unit: data.Index, N: 7}: 1,
	} {
		if got := f.Season(); got != want {
			t.Errorf("%+v: %d, want %d", f, got, want)
		}
	}
}

// Years have 52 weeks, or 53 if they begin or end on a Thursday.
func TestWeeks(t *testing.T) {
	for s, want := range map[string]string{
		"2024-W01": "2024-01-01", "2024-W52": "2024-12-23", "2020-W53": "2020-12-28", "2021W01": "2021-01-04", "2015-W53": "2015-12-28",
		"2024-W53": "", "2023-W53": "", "2021-W53": "", "2024-W00": "", "2024-W54": "", "0000-W01": "",
	} {
		got, err := data.ParseTime(s)
		if want == "" && err == nil || want != "" && (err != nil || got.String() != want) {
			t.Errorf("%s: %v, %v, want %q", s, got, err, want)
		}
	}
}

// A row with a field too many may have a decimal comma, if commas part the fields.
func TestFieldTooMany(t *testing.T) {
	const decimals, quotes = "decimal commas", "quote fields that contain the separator"
	for in, want := range map[string]string{
		"ds,y\n1,2,5\n": decimals, "ds,y\n1,2,5,6\n": quotes, "ds,y\n1\n": quotes, "ds;y\n1;2;5\n": quotes, "ds\ty\n1\t2\t5\n": quotes,
	} {
		other := map[string]string{decimals: quotes, quotes: decimals}[want]
		if _, err := read(in); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), other) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

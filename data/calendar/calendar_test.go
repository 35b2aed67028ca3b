package calendar_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/data/calendar"
)

func date(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// Days that calendars of those years print.
func TestLunarDays(t *testing.T) {
	for _, s := range []string{
		"1950 02-17 05-24 09-26", "1980 02-16 05-21 09-23", "1988 02-18 05-23 09-25", "1997 02-08 05-14 09-16",
		"2000 02-05 05-11 09-12", "2010 02-14 05-21 09-22", "2017 01-28 05-03 10-04", "2020 01-25 04-30 10-01", "2021 02-12 05-19 09-21",
		"2022 02-01 05-08 09-10", "2023 01-22 05-27 09-29", "2024 02-10 05-15 09-17", "2025 01-29 05-05 10-06", "2028 01-27 05-02 10-03",
	} {
		f := strings.Fields(s)
		year := date(f[0] + "-01-01").Year()
		seollal, buddha, chuseok, ok := calendar.Lunar(year)
		got := fmt.Sprintf("%d %s %s %s", year, seollal.Format("01-02"), buddha.Format("01-02"), chuseok.Format("01-02"))
		if !ok || got != s {
			t.Errorf("%s, want %s", got, s)
		}
	}
}

// A lunar year begins at a new moon, and Chuseok is at a full one: the mean moon of
// Meeus's Astronomical Algorithms, chapter 49, is never more than 14 hours off.
func TestLunarDaysFollowTheMoon(t *testing.T) {
	age := func(day time.Time) float64 { // days since a mean new moon at noon in Seoul
		noon := day.Add(3 * time.Hour)
		julian := float64(noon.Unix())/86400 + 2440587.5
		n := (julian - 2451550.09766) / 29.530588861
		return (n - math.Floor(n)) * 29.530588861
	}
	for year := 1950; year <= 2050; year++ {
		seollal, buddha, chuseok, ok := calendar.Lunar(year)
		if !ok {
			t.Fatalf("%d is not known", year)
		}
		for _, c := range []struct {
			day  time.Time
			want float64
		}{{seollal, 0}, {buddha, 7}, {chuseok, 14}} {
			d := math.Abs(age(c.day) - c.want)
			if d = min(d, 29.53-d); d > 1.7 {
				t.Errorf("%s: the moon is %.1f days old, want about %v", c.day.Format(time.DateOnly), age(c.day), c.want)
			}
		}
		if seollal.YearDay() < 20 || seollal.YearDay() > 52 || chuseok.Month() < 9 || chuseok.Month() > 10 || chuseok.Sub(seollal) < 200*24*time.Hour {
			t.Errorf("%d: %v, %v", year, seollal, chuseok)
		}
	}
	if _, _, _, ok := calendar.Lunar(2051); ok {
		t.Error("2051 is known")
	}
}

func TestHolidays(t *testing.T) {
	for country, days := range map[string]map[string]string{
		"kr": {
			"2024-02-09": "Seollal", "2024-02-10": "Seollal", "2024-02-11": "Seollal", "2024-02-12": "in place of Seollal", "2024-02-13": "",
			"2024-05-15": "Buddha's Birthday", "2024-09-16": "Chuseok", "2024-09-18": "Chuseok", "2024-09-19": "",
			"2023-05-29": "in place of Buddha's Birthday", "2021-08-16": "in place of Liberation Day", "2021-10-04": "in place of National Foundation Day",
			"2021-10-11": "in place of Hangul Day", "2017-10-06": "in place of National Foundation Day", "2025-05-06": "in place of Children's Day",
			"2025-10-08": "in place of Chuseok", "2015-09-29": "in place of Chuseok", "2013-09-22": "", "2022-03-02": "",
			"1984-02-02": "", "1985-02-20": "Seollal", "1985-02-21": "", "1970-09-15": "Chuseok", "1970-09-16": "", "1970-10-24": "United Nations Day",
			"1991-10-09": "", "2013-10-09": "Hangul Day", "2008-07-17": "", "2007-07-17": "Constitution Day", "2006-04-05": "", "2024-06-07": "",
		},
		"us": {"2011-07-04": "Independence Day", "2011-11-24": "Thanksgiving Day", "2010-12-31": "New Year's Day", "2012-01-02": "New Year's Day", "2011-07-05": ""},
		"GB": {"2024-12-26": "Boxing Day", "2024-12-27": ""},
		"de": {"2024-10-03": "Tag der Deutschen Einheit"},
		"jp": {"2024-01-01": "元日"},
	} {
		h, err := calendar.Of(country)
		if err != nil {
			t.Fatal(err)
		}
		for day, want := range days {
			if got := h.On(date(day)); got != want && !(want != "" && country == "jp" && got != "") {
				t.Errorf("%s, %s: %q, want %q", country, day, got, want)
			}
		}
	}
	if _, err := calendar.Of("xx"); err == nil || !strings.Contains(err.Error(), "kr") {
		t.Error(err)
	}
}

func TestFeatures(t *testing.T) {
	names := func(freq string, dates bool, countries ...string) (all []string) {
		f, err := data.ParseFreq(freq)
		if err != nil {
			t.Fatal(err)
		}
		features, err := calendar.Features(f, dates, countries...)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range features {
			for d := range 400 {
				at := date("2023-11-01").Add(time.Duration(d) * 13 * time.Hour)
				if v := f.At(at); !(v >= -1 && v <= 23) || f.Categories != nil && (v != math.Trunc(v) || int(v) >= len(f.Categories)) {
					t.Fatalf("%s at %v is %v", f.Name, at, v)
				}
			}
			all = append(all, f.Name)
		}
		return all
	}
	if got := names("h", true); !slices.Contains(got, "hour") || !slices.Contains(got, "weekday") || !slices.Contains(got, "year_cos3") {
		t.Error(got)
	}
	if got := names("M", true); !slices.Equal(got, []string{"month"}) {
		t.Error(got)
	}
	if got := names("W", false, "kr", "us"); !slices.Equal(got, []string{"holiday_kr", "holiday_us"}) {
		t.Error(got)
	}
	if _, err := calendar.Features(data.Freq{Unit: data.Index, N: 1}, true); err == nil {
		t.Error("indices have no calendar")
	}
}

// Known covariates of the calendar reach over the horizon.
func ExampleAdd() {
	table, err := data.ReadCSV(strings.NewReader("ds,y\n2024-09-14,5\n2024-09-15,6\n"), "sales.csv", data.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := calendar.Add(table, 3, false, "kr"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(table.Covariates[0].Name, table.Series[0].Known[0])
	// Output: holiday_kr [0 0 1 1 1]
}

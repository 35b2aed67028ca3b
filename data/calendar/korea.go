package calendar

import (
	"strconv"
	"strings"
	"time"
)

// Holidays of South Korea by the decree on public holidays (관공서의 공휴일에 관한 규정) and
// what it was before. Elections and days that were made holidays once are not among
// them.

// A day is a date in the solar calendar for the years in which it was a holiday; 0 is
// without end.
type day struct {
	month    time.Month
	day      int
	from, to int
	name     string
	instead  int // the first year in which a weekday stood in for it on a weekend; 0 for none
}

var korean = []day{
	{1, 1, 1949, 0, "New Year's Day", 0},
	{1, 2, 1949, 1998, "New Year's Day", 0},
	{1, 3, 1949, 1989, "New Year's Day", 0},
	{3, 1, 1949, 0, "Independence Movement Day", 2022},
	{4, 5, 1949, 1959, "Arbor Day", 0},
	{4, 5, 1961, 2005, "Arbor Day", 0},
	{5, 5, 1975, 0, "Children's Day", 2014},
	{6, 6, 1956, 0, "Memorial Day", 0},
	{7, 17, 1949, 2007, "Constitution Day", 0},
	{8, 15, 1949, 0, "Liberation Day", 2021},
	{10, 1, 1976, 1990, "Armed Forces Day", 0},
	{10, 3, 1949, 0, "National Foundation Day", 2021},
	{10, 9, 1949, 1990, "Hangul Day", 0},
	{10, 9, 2013, 0, "Hangul Day", 2021},
	{10, 24, 1950, 1975, "United Nations Day", 0},
	{12, 25, 1949, 0, "Christmas Day", 2023},
}

// lunar are Seollal (the 1st of the 1st lunar month), Buddha's birthday (the 8th of the
// 4th) and Chuseok (the 15th of the 8th) as month and day of the solar calendar. They
// are not always China's, since the moon may be new on another day in Seoul than
// in Beijing. In other years only solar holidays are known.
const lunar = `
1950 0217 0524 0926; 1951 0206 0513 0915; 1952 0127 0501 1003; 1953 0214 0520 0922; 1954 0204 0510 0911
1955 0124 0529 0930; 1956 0212 0517 0919; 1957 0131 0507 0908; 1958 0219 0526 0927; 1959 0208 0515 0917
1960 0128 0503 1005; 1961 0215 0522 0924; 1962 0205 0511 0913; 1963 0125 0501 1002; 1964 0213 0519 0920
1965 0202 0508 0910; 1966 0122 0527 0929; 1967 0209 0516 0918; 1968 0130 0505 1006; 1969 0217 0523 0926
1970 0206 0512 0915; 1971 0127 0502 1003; 1972 0215 0520 0922; 1973 0203 0510 0911; 1974 0123 0429 0930
1975 0211 0518 0920; 1976 0131 0506 0908; 1977 0218 0525 0927; 1978 0207 0514 0917; 1979 0128 0503 1005
1980 0216 0521 0923; 1981 0205 0511 0912; 1982 0125 0501 1001; 1983 0213 0520 0921; 1984 0202 0508 0910
1985 0220 0527 0929; 1986 0209 0516 0918; 1987 0129 0505 1007; 1988 0218 0523 0925; 1989 0206 0512 0914
1990 0127 0502 1003; 1991 0215 0521 0922; 1992 0204 0510 0911; 1993 0123 0528 0930; 1994 0210 0518 0920
1995 0131 0507 0909; 1996 0219 0524 0927; 1997 0208 0514 0916; 1998 0128 0503 1005; 1999 0216 0522 0924
2000 0205 0511 0912; 2001 0124 0501 1001; 2002 0212 0519 0921; 2003 0201 0508 0911; 2004 0122 0526 0928
2005 0209 0515 0918; 2006 0129 0505 1006; 2007 0218 0524 0925; 2008 0207 0512 0914; 2009 0126 0502 1003
2010 0214 0521 0922; 2011 0203 0510 0912; 2012 0123 0528 0930; 2013 0210 0517 0919; 2014 0131 0506 0908
2015 0219 0525 0927; 2016 0208 0514 0915; 2017 0128 0503 1004; 2018 0216 0522 0924; 2019 0205 0512 0913
2020 0125 0430 1001; 2021 0212 0519 0921; 2022 0201 0508 0910; 2023 0122 0527 0929; 2024 0210 0515 0917
2025 0129 0505 1006; 2026 0217 0524 0925; 2027 0207 0513 0915; 2028 0127 0502 1003; 2029 0213 0520 0922
2030 0203 0509 0912; 2031 0123 0528 1001; 2032 0211 0516 0919; 2033 0131 0506 0908; 2034 0219 0525 0927
2035 0208 0515 0916; 2036 0128 0503 1004; 2037 0215 0522 0924; 2038 0204 0511 0913; 2039 0124 0430 1002
2040 0212 0518 0921; 2041 0201 0507 0910; 2042 0122 0526 0928; 2043 0210 0516 0917; 2044 0130 0505 1005
2045 0217 0524 0925; 2046 0206 0513 0915; 2047 0126 0502 1004; 2048 0214 0520 0922; 2049 0202 0509 0911
2050 0123 0528 0930
`

var lunarDays = func() map[int][3]time.Time {
	days := map[int][3]time.Time{}
	for _, row := range strings.FieldsFunc(lunar, func(r rune) bool { return r == ';' || r == '\n' }) {
		f := strings.Fields(row)
		year, _ := strconv.Atoi(f[0])
		var of [3]time.Time
		for i, s := range f[1:] {
			n, _ := strconv.Atoi(s)
			of[i] = time.Date(year, time.Month(n/100), n%100, 0, 0, 0, 0, time.UTC)
		}
		days[year] = of
	}
	return days
}()

// Lunar returns the days of Seollal, Buddha's birthday and Chuseok in a year from 1950
// to 2050, whether they were holidays then or not.
func Lunar(year int) (seollal, buddha, chuseok time.Time, ok bool) {
	of, ok := lunarDays[year]
	return of[0], of[1], of[2], ok
}

// southKorea lists the holidays of a year by date.
func southKorea(year int) map[time.Time]string {
	days := map[time.Time]string{}
	type claim struct {
		at      time.Time
		weekend bool // Saturday counts too
	}
	var claims []claim // to a weekday instead, in order of time but for ties
	put := func(at time.Time, name string, instead, saturdays bool) {
		if _, taken := days[at]; instead && (taken || at.Weekday() == time.Sunday || saturdays && at.Weekday() == time.Saturday) {
			claims = append(claims, claim{at, saturdays})
		}
		if _, taken := days[at]; !taken {
			days[at] = name
		}
	}
	for _, d := range korean {
		if d.from <= year && (d.to == 0 || year <= d.to) {
			put(time.Date(year, d.month, d.day, 0, 0, 0, 0, time.UTC), d.name, d.instead > 0 && year >= d.instead, true)
		}
	}
	if seollal, buddha, chuseok, ok := Lunar(year); ok {
		if year >= 1975 {
			put(buddha, "Buddha's Birthday", year >= 2023, true)
		}
		around := func(at time.Time, name string, from, to int) {
			for k := from; k <= to; k++ {
				put(at.AddDate(0, 0, k), name, year >= 2014, false)
			}
		}
		switch {
		case year >= 1989:
			around(seollal, "Seollal", -1, 1)
		case year >= 1985:
			around(seollal, "Seollal", 0, 0)
		}
		switch {
		case year >= 1989:
			around(chuseok, "Chuseok", -1, 1)
		case year >= 1986:
			around(chuseok, "Chuseok", 0, 1)
		default:
			around(chuseok, "Chuseok", 0, 0)
		}
	}
	for _, c := range claims {
		at := c.at
		for {
			_, taken := days[at]
			if !taken && at.Weekday() != time.Saturday && at.Weekday() != time.Sunday {
				break
			}
			at = at.AddDate(0, 0, 1)
		}
		days[at] = "in place of " + days[c.at]
	}
	return days
}

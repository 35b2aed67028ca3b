// Package calendar turns dates into what a model can use: hours, days of the week, times
// of the year, and the public holidays of many countries.
package calendar

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// countries are those whose holidays package cal knows, and can be had by their ISO
// codes beside kr.
var countries = map[string][]*cal.Holiday{
	"at": at.Holidays, "be": be.Holidays, "br": br.Holidays, "ca": ca.Holidays, "ch": ch.Holidays, "cz": cz.Holidays,
	"de": de.Holidays, "dk": dk.Holidays, "es": es.Holidays, "fr": fr.Holidays, "gb": gb.Holidays, "gr": gr.Holidays, "ie": ie.Holidays,
	"it": it.Holidays, "jp": jp.Holidays, "nl": nl.Holidays, "no": no.Holidays, "nz": nz.Holidays, "pl": pl.Holidays, "se": se.Holidays,
	"us": us.Holidays, "za": za.Holidays,
}

// Countries lists the codes that Of knows.
func Countries() []string {
	return slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(countries)), "kr")))
}

// Holidays are the public holidays of a country. It is safe for several goroutines.
type Holidays struct {
	country string
	mu      sync.Mutex
	years   map[int]map[time.Time]string
}

// Of returns the holidays of a country by its ISO code, such as kr or us. Those of kr
// are known for 1950 to 2050 with the lunar ones, Seollal, Buddha's birthday and
// Chuseok. The holidays that parts of a country have are not among them.
func Of(country string) (*Holidays, error) {
	country = strings.ToLower(country)
	if country != "kr" && countries[country] == nil {
		return nil, fmt.Errorf("no holidays are known for %q, only for %s", country, strings.Join(Countries(), ", "))
	}
	return &Holidays{country: country, years: map[int]map[time.Time]string{}}, nil
}

// On returns the name of the holiday that a date is, "" if it is none. Only year, month
// and day of the date matter.
func (h *Holidays) On(date time.Time) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	year := date.Year()
	days, ok := h.years[year]
	if !ok {
		days = h.of(year)
		h.years[year] = days
	}
	return days[time.Date(year, date.Month(), date.Day(), 0, 0, 0, 0, time.UTC)]
}

// of lists the holidays of a year and the weekdays on which they are observed.
func (h *Holidays) of(year int) map[time.Time]string {
	if h.country == "kr" {
		return southKorea(year)
	}
	days := map[time.Time]string{}
	for y := year - 1; y <= year+1; y++ { // a New Year's Day may be observed in December
		for _, holiday := range countries[h.country] {
			actual, observed := holiday.Calc(y)
			for _, t := range []time.Time{observed, actual} {
				if !t.IsZero() && t.Year() == year {
					days[time.Date(year, t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)] = holiday.Name
				}
			}
		}
	}
	return days
}

package main

import (
	"archive/tar"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/recur-go/recur/data"
)

// readPanel reads the panel from a folder of data. Its list was fixed before anything was
// forecast; where a set has many series, a seed draws them.
func readPanel(dir string) ([]*series, error) {
	r := &reader{dir: dir}
	from := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		n                       int
		file, set, period, kind string
	}{
		{2, "m1_data.json.gz", "m1", "YEARLY", "yearly"},
		{2, "m1_data.json.gz", "m1", "QUARTERLY", "quarterly"},
		{3, "m1_data.json.gz", "m1", "MONTHLY", "monthly"},
		{3, "m3_data.json.gz", "m3", "YEARLY", "yearly"},
		{3, "m3_data.json.gz", "m3", "QUARTERLY", "quarterly"},
		{2, "m3_data.json.gz", "m3", "OTHER", "other"},
		{1, "tcomp_data.json.gz", "tourism", "YEARLY", "yearly"},
		{2, "tcomp_data.json.gz", "tourism", "QUARTERLY", "quarterly"},
	} {
		r.some(c.n, c.set, c.kind, from(1970), r.competition(c.file, c.period), 0)
	}
	for _, c := range []struct {
		n          int
		kind, time string
	}{{2, "yearly", "year"}, {2, "quarterly", "quarter"}, {3, "monthly", "month"}, {3, "daily", "day"}} {
		all := map[string][]float64{}
		r.records("m4/sample-m4_"+c.kind+".csv.gz", func(row map[string]string) {
			all[row["series"]] = append(all[row["series"]], number(row["value"]))
		})
		r.some(c.n, "m4", c.kind, from(1970), all, 1500)
	}
	r.some(2, "m4", "hourly", from(2015), byName(r.table("m4/Hourly-train.csv.gz", data.Options{Layout: data.Wide})), 0)
	r.some(3, "electricity", "weekly", from(2012), byName(r.table("monash/electricity_weekly_dataset.tsf.gz", data.Options{})), 0)
	r.small(from)
	r.hours()
	return r.panel, r.failed
}

// small adds the sets of one series each.
func (r *reader) small(from func(year int) time.Time) {
	column := func(file, value string) (y []float64) {
		r.records(file, func(row map[string]string) { y = append(y, number(row[value])) })
		return y
	}
	r.add("sunspots-yearly", "yearly", from(1700), column("small/yearly-sunspots-1700-1988.csv", "sunspots"), 0)
	r.add("beer", "quarterly", from(1956), column("small/ausbeer.csv", "Y"), 0)
	r.one("milk", "monthly", r.table("small/monthly-milk-incomplete.csv", data.Options{}), 0)
	var amazon []float64
	r.records("stocks/stocks-5-monthly.csv", func(row map[string]string) {
		if row["symbol"] == "AMZN" {
			amazon = append(amazon, number(row["price"]))
		}
	})
	r.add("stock-amzn", "monthly", from(2000), amazon, 0)
	gasoline := column("small/us_gasoline_weekly.csv", "Gasoline")
	slices.Reverse(gasoline) // the newest stands first
	r.add("gasoline", "weekly", time.Date(2021, 4, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -7*(len(gasoline)-1)), gasoline, 520)
	r.add("illness", "weekly", from(2002), column("ltsf/national_illness.csv.gz", "% WEIGHTED ILI"), 520)
	r.add("temperature", "daily", from(1981), column("small/daily-min-temperatures.csv", "Temp"), 0)
	r.add("exchange-rate-3", "daily", from(1990), column("ltsf/exchange_rate.csv.gz", "3"), 1500)
	s := r.add("sp500", "daily", from(2000), column("stocks/sp500-daily-ohlcv.csv.gz", "close"), 1000)
	s.Freq, s.Season, s.Horizon = "B", 5, 10
	r.businessDays(s)
	var rain []float64 // hours with rain of each day
	r.records("small/beijing_pm25_hourly.csv.gz", func(row map[string]string) {
		if row["hour"] == "0" {
			rain = append(rain, 0)
		}
		if number(row["Ir"]) > 0 {
			rain[len(rain)-1]++
		}
	})
	r.add("rain-hours", "daily", from(2010), rain, 1000)
}

// businessDays gives s days from Monday to Friday.
func (r *reader) businessDays(s *series) {
	step, err := data.ParseFreq("B")
	r.fail(s.Name, err)
	first := data.Time{At: time.Date(2016, 5, 2, 0, 0, 0, 0, time.UTC)}
	for i := range s.Times {
		s.Times[i] = step.Add(first, i).String()
	}
}

// hours adds the hourly sets, of each of which twelve weeks are enough for every peer to end.
func (r *reader) hours() {
	const weeks = 12 * 7 * 24
	var air clock
	r.records("small/beijing_pm25_hourly.csv.gz", func(row map[string]string) {
		at, err := time.Parse("2006-1-2 15", row["year"]+"-"+row["month"]+"-"+row["day"]+" "+row["hour"])
		r.fail("pm25", err)
		air.put(at, number(row["pm2.5"]))
	})
	start, y := air.each(false)
	r.add("pm25", "hourly", start, y, weeks)
	for _, track := range []string{"load", "price"} {
		var c clock
		r.records("energy/gefcom2014-"+track+".csv.gz", func(row map[string]string) {
			if v := number(row[track]); v == v {
				at, err := time.Parse("2006-01-02T15:04", row["timestamp"])
				r.fail(track, err)
				c.put(at, v)
			}
		})
		start, y := c.each(false)
		r.add("gefcom-"+track, "hourly", start, y, weeks)
	}
	for _, c := range []struct {
		name, file string
		sum        bool
	}{
		{"taxi", "realKnownCause/nyc_taxi", true},
		{"room-temperature", "realKnownCause/ambient_temperature_system_failure", false},
		{"tweets-aapl", "realTweets/Twitter_volume_AAPL", true},
		{"tweets-cvs", "realTweets/Twitter_volume_CVS", true},
		{"ad-clicks", "realAdExchange/exchange-2_cpc_results", false},
		{"cpu", "realAWSCloudwatch/rds_cpu_utilization_cc0c53", false},
	} {
		var of clock
		r.fail(c.name, r.nab(c.file, func(row []string) error {
			at, err := time.Parse(time.DateTime, row[0])
			of.put(at, number(row[1]))
			return err
		}))
		start, y := of.each(c.sum)
		r.add(c.name, "hourly", start, y, weeks)
	}
}

// A clock gathers values by hours. Its first and last hour may be incomplete.
type clock struct {
	first  time.Time
	sum, n []float64
}

func (c *clock) put(at time.Time, v float64) {
	at = at.Truncate(time.Hour)
	if c.n == nil {
		c.first = at
	}
	i := int(at.Sub(c.first) / time.Hour)
	for len(c.n) <= i {
		c.n, c.sum = append(c.n, 0), append(c.sum, 0)
	}
	if v == v {
		c.n[i]++
		c.sum[i] += v
	}
}

// each is the sum or the mean of each hour but the first and the last, NaN where nothing is.
func (c *clock) each(sum bool) (start time.Time, y []float64) {
	for i := 1; i < len(c.n)-1; i++ {
		v := c.sum[i] / c.n[i]
		if sum && c.n[i] > 0 {
			v = c.sum[i]
		}
		y = append(y, v)
	}
	return c.first.Add(time.Hour), y
}

// records reads the rows of a CSV file by the names of its columns.
func (r *reader) records(file string, each func(row map[string]string)) {
	path := filepath.Join(r.dir, "ts", filepath.FromSlash(file))
	f, err := data.Open(path)
	if err != nil {
		r.fail(path, err)
		return
	}
	defer f.Close()
	in := csv.NewReader(f)
	head, err := in.Read()
	for err == nil {
		var cells []string
		if cells, err = in.Read(); err == nil {
			row := map[string]string{}
			for i, name := range head {
				row[name] = cells[i]
			}
			each(row)
		}
	}
	if err != io.EOF {
		r.fail(path, err)
	}
}

// nab reads a file of the Numenta Anomaly Benchmark.
func (r *reader) nab(name string, each func(row []string) error) error {
	f, err := data.Open(filepath.Join(r.dir, "ts", "nab", "nab-corpus.tar.gz"))
	if err != nil {
		return err
	}
	defer f.Close()
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if err == io.EOF {
			return fmt.Errorf("nab-corpus.tar.gz has no %s.csv", name)
		}
		if err != nil {
			return err
		}
		if h.Name != "data/"+name+".csv" {
			continue
		}
		rows, err := csv.NewReader(in).ReadAll()
		if err != nil {
			return err
		}
		for _, row := range rows[1:] {
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	}
}

// number is NaN for what is none.
func number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

package main

import (
	"fmt"
	"strconv"
)

// A served is what bench/serve has measured of a server.
type served struct {
	Server    string  `json:"server"`
	Client    string  `json:"client"`
	Sessions  int     `json:"sessions"`
	Steps     float64 `json:"steps_per_second"`
	P50       float64 `json:"p50_us"`
	ServerCPU float64 `json:"server_cpu_us_per_step"`
	ClientCPU float64 `json:"client_cpu_us_per_step"`
}

func addServed(dir string, tables map[string]table) error {
	var all struct {
		Machine struct {
			machine
			Load string `json:"load_before"`
		} `json:"machine"`
		Date string   `json:"date"`
		Rows []served `json:"rows"`
	}
	if err := readJSON(dir, "serve.json", &all); err != nil {
		return err
	}
	find := func(server string, r served) (served, bool) {
		for _, o := range all.Rows {
			if o.Server == server && o.Client == r.Client && o.Sessions == r.Sessions {
				return o, true
			}
		}
		return served{}, false
	}
	tables["serve-machine"] = whole(func() string {
		m := all.Machine
		return fmt.Sprintf("%v, %s, %s; load before it %s.\n", m.machine, m.Go, all.Date, m.Load)
	})
	tables["serve"] = whole(func() string {
		g := newGrid("client", "sessions", "steps/s", "of Triton", "times", "p50", "of Triton", "processor a step, server", "of Triton", "client")
		for _, r := range all.Rows {
			o, ok := find("triton", r)
			if r.Server != "recur" || !ok {
				continue
			}
			g.row(r.Client, strconv.Itoa(r.Sessions), thousands(int(r.Steps)), thousands(int(o.Steps)), times(r.Steps/o.Steps),
				micro(r.P50), micro(o.P50), micro(r.ServerCPU), micro(o.ServerCPU), micro(r.ClientCPU))
		}
		return g.String()
	})
	tables["serve-frames"] = whole(func() string {
		g := newGrid("weights", "client", "connections", "steps/s", "p50", "processor a step, server", "client")
		for _, r := range all.Rows {
			weights, ok := map[string]string{"frames": "float32", "frames-int8": "int8", "frames-durable": "float32, each step saved"}[r.Server]
			if !ok || r.Client == "lean" {
				continue
			}
			g.row(weights, r.Client, strconv.Itoa(r.Sessions), thousands(int(r.Steps)), micro(r.P50), micro(r.ServerCPU), micro(r.ClientCPU))
		}
		return g.String()
	})
	return nil
}

func micro(v float64) string {
	if v < 1000 {
		return digits(v) + " µs"
	}
	return thousands(int(v)) + " µs"
}

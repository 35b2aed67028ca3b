//go:build linux

// Command serve measures servers that keep the state of sessions, beside one another: each
// session asks for one step a request, by the Open Inference Protocol over HTTP with binary
// tensors, on a connection of its own. The client prepares its bytes and reads no more of an
// answer than it must, so that most of what is measured is the server. Turns are short and
// go around, so that a slow minute slows all servers. See README.md.
//
//	go run ./bench/serve --server recur,127.0.0.1:8000,PID,lstm --server triton,127.0.0.1:18000,PID,lstm
//
// The processors' time of a server is that of its process and of all that it started.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recur-go/recur/bench/speed"
)

// A server is one that is measured.
type server struct {
	name, addr, model string
	pid               int
}

// A row is what came out for a server and a number of sessions: the medians of the rounds.
type row struct {
	Server    string  `json:"server"`
	Client    string  `json:"client"` // "lean", that of frames, or one of tritonclient's
	Sessions  int     `json:"sessions"`
	Steps     float64 `json:"steps_per_second"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	ServerCPU float64 `json:"server_cpu_us_per_step"`
	ClientCPU float64 `json:"client_cpu_us_per_step"`
	Rounds    []turn  `json:"rounds"`
}

// A turn is one measurement.
type turn struct {
	Steps     float64 `json:"steps_per_second"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	ServerCPU float64 `json:"server_cpu_us_per_step"`
	ClientCPU float64 `json:"client_cpu_us_per_step"`
}

// results are what the file holds.
type results struct {
	Machine struct {
		CPU    string `json:"cpu"`
		Cores  int    `json:"cores"`
		System string `json:"system"`
		Go     string `json:"go"`
		Load   string `json:"load_before"` // processes that ran or waited to, before it began; more than one are others'
	} `json:"machine"`
	Date    string  `json:"date"`
	Command string  `json:"command"`
	Seconds float64 `json:"seconds_per_turn"`
	Rows    []row   `json:"rows"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func run() error {
	var servers []server
	flag.Func("server", "NAME,HOST:PORT,PID,MODEL; once for each server", func(s string) error {
		f := strings.Split(s, ",")
		if len(f) != 4 {
			return fmt.Errorf("want NAME,HOST:PORT,PID,MODEL")
		}
		pid, err := strconv.Atoi(f[2])
		servers = append(servers, server{f[0], f[1], f[3], pid})
		return err
	})
	counts := flag.String("sessions", "1,16,64,256", "numbers of sessions")
	frames := flag.String("frames", "", "NAME=CONNECTIONS,… of servers to measure by frames in place of HTTP")
	flights := flag.String("flight", "1,8", "steps on their way on each connection of frames")
	seconds := flag.Float64("seconds", 2, "length of a turn")
	rounds := flag.Int("rounds", 5, "turns of each server and number")
	input := flag.String("input", "x,64", "name and width of the input, FP32")
	python := flag.String("tritonclient", "", "a Python with tritonclient, to measure it too")
	grpc := flag.String("grpc", "", "NAME=HOST:PORT,… of the servers' gRPC, for tritonclient")
	out := flag.String("out", "bench/results/serve.json", "file of the results")
	flag.Parse()
	if len(servers) == 0 {
		return fmt.Errorf("give at least one --server")
	}
	name, width, ok := strings.Cut(*input, ",")
	n, err := strconv.Atoi(width)
	if !ok || err != nil {
		return fmt.Errorf("--input %s: want NAME,WIDTH", *input)
	}
	var res results
	res.Machine.CPU, res.Machine.Cores = speed.CPU(), runtime.NumCPU()
	res.Machine.System, res.Machine.Go = runtime.GOOS+"/"+runtime.GOARCH, runtime.Version()
	res.Date, res.Seconds = time.Now().UTC().Format(time.DateOnly), *seconds
	res.Machine.Load = load()
	res.Command = fmt.Sprintf("go run ./bench/serve --sessions %s --seconds %v --rounds %d, with the servers of bench/serve/README.md", *counts, *seconds, *rounds)
	measure := func(client string, sessions, round int, one func(server) (turn, error)) error {
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			if lookup(*frames, s.name) != "" {
				continue
			}
			t, err := one(s)
			if err != nil {
				return fmt.Errorf("%s, %d sessions: %w", s.name, sessions, err)
			}
			res.add(s.name, client, sessions, t)
		}
		return nil
	}
	for round := range *rounds {
		for _, c := range strings.Split(*counts, ",") {
			sessions, err := strconv.Atoi(c)
			if err != nil {
				return err
			}
			if err := measure("lean", sessions, round, func(s server) (turn, error) {
				return lean(s, name, n, sessions, time.Duration(*seconds*1e9))
			}); err != nil {
				return err
			}
		}
		for _, c := range strings.Split(*flights, ",") {
			flight, err := strconv.Atoi(c)
			if err != nil {
				return err
			}
			for _, s := range servers {
				text := lookup(*frames, s.name)
				if text == "" {
					continue
				}
				connections, err := strconv.Atoi(text)
				if err != nil {
					return err
				}
				t, err := framed(s, n, connections, flight, time.Duration(*seconds*1e9))
				if err != nil {
					return fmt.Errorf("%s, frames: %w", s.name, err)
				}
				res.add(s.name, fmt.Sprintf("frames, %d in flight", flight), connections, t)
			}
		}
		if *python == "" {
			continue
		}
		for _, client := range []string{"http", "grpc", "stream"} {
			if err := measure("tritonclient "+client, 1, round, func(s server) (turn, error) {
				addr := s.addr
				if client != "http" {
					addr = lookup(*grpc, s.name)
				}
				return triton(*python, client, addr, s, name, n, *seconds)
			}); err != nil {
				return err
			}
		}
	}
	for i := range res.Rows {
		res.Rows[i].medians()
		r := res.Rows[i]
		fmt.Printf("%-8s %-20s %4d sessions: %8.0f steps/s, p50 %6.0f µs, p99 %7.0f, CPU a step %5.1f µs of the server, %5.1f of the client\n",
			r.Server, r.Client, r.Sessions, r.Steps, r.P50, r.P99, r.ServerCPU, r.ClientCPU)
	}
	b, err := json.MarshalIndent(res, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(*out, append(b, '\n'), 0o666)
}

func (r *results) add(server, client string, sessions int, t turn) {
	i := slices.IndexFunc(r.Rows, func(x row) bool {
		return x.Server == server && x.Client == client && x.Sessions == sessions
	})
	if i < 0 {
		i = len(r.Rows)
		r.Rows = append(r.Rows, row{Server: server, Client: client, Sessions: sessions})
	}
	r.Rows[i].Rounds = append(r.Rows[i].Rounds, t)
}

func (r *row) medians() {
	for _, f := range []struct {
		to   *float64
		from func(turn) float64
	}{
		{&r.Steps, func(t turn) float64 { return t.Steps }},
		{&r.P50, func(t turn) float64 { return t.P50 }},
		{&r.P99, func(t turn) float64 { return t.P99 }},
		{&r.ServerCPU, func(t turn) float64 { return t.ServerCPU }},
		{&r.ClientCPU, func(t turn) float64 { return t.ClientCPU }},
	} {
		var all []float64
		for _, t := range r.Rounds {
			all = append(all, f.from(t))
		}
		slices.Sort(all)
		*f.to = all[len(all)/2]
	}
}

// load is the load average of the last minute.
func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(b), " ")
	return one
}

// lookup finds NAME=… in a list.
func lookup(list, name string) string {
	for _, p := range strings.Split(list, ",") {
		if n, v, ok := strings.Cut(p, "="); ok && n == name {
			return v
		}
	}
	return ""
}

// triton measures by tritonclient, in a process of its own.
func triton(python, client, addr string, s server, input string, width int, seconds float64) (t turn, err error) {
	if addr == "" {
		return t, fmt.Errorf("--grpc has no address for %s", s.name)
	}
	before, err := processors(s.pid)
	if err != nil {
		return t, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds*1e9)+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "bench/serve/tritonclient_load.py", client, addr, s.model, input, strconv.Itoa(width), fmt.Sprint(seconds))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return t, err
	}
	after, err := processors(s.pid)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(out, &t); err != nil {
		return t, err
	}
	t.ServerCPU = 1e6 * (after - before) / (t.Steps * seconds)
	return t, nil
}

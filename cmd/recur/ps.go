package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/columns"
	"github.com/recur-go/recur/internal/fault"
	"github.com/recur-go/recur/serve"
)

func init() { commands = append(commands, newPS) }

// psFlags are what the user asks of ps.
type psFlags struct {
	remoteFlags
	model    string
	sessions bool
	limit    int
	after    string
	check    bool
	json     bool
}

// psPage is the most sessions of one request.
const psPage = 10_000

func newPS() *cobra.Command {
	f := &psFlags{}
	cmd := &cobra.Command{
		Use:   "ps [ADDRESS] [MODEL]",
		Short: "List the models and sessions of a running server",
		Long: `List the models of a running server, with how many sessions each has in memory, the steps
that it has done and how long it is served; with a MODEL or --sessions, the sessions.

ADDRESS has the form host:port, http://host, https://host or unix:PATH. Without one it is that
of the server which was started last by this user, else 127.0.0.1:8000.

--check prints nothing, and the exit code is 0 if the server is ready for requests.`,
		Example: `  recur ps
  recur ps 10.0.0.2:8000 --token @tokens
  recur ps airline --limit 20
  recur ps --sessions --json | jq .models
  recur ps --check`,
		Args: func(_ *cobra.Command, args []string) error {
			for _, a := range args {
				switch {
				case strings.Contains(a, ":") && f.server == "":
					f.server = a
				case !strings.Contains(a, ":") && f.model == "":
					f.model = a
				default:
					return usage("recur ps takes an address and a model, not %s beside these", strconv.Quote(a))
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.sessions, "sessions", false, "list the sessions of all models")
	flags.IntVar(&f.limit, "limit", 100, "most sessions to list of a model; 0 is all")
	flags.StringVar(&f.after, "after", "", "list the sessions after the one of this `name`")
	flags.BoolVar(&f.check, "check", false, "exit with 0 if the server is ready, and print nothing")
	flags.BoolVar(&f.json, "json", false, "print JSON instead of text")
	return cmd
}

// A psModel is a model as ps lists it.
type psModel struct {
	serve.IndexEntry
	Platform string  `json:"platform,omitempty"`
	Sessions *int64  `json:"sessions,omitempty"` // in memory; nil for a model without state
	Steps    int64   `json:"steps"`
	Age      float64 `json:"age"` // seconds

	List []serve.SessionInfo `json:"list,omitempty"`
	Next string              `json:"next,omitempty"` // --after of the next page
}

func (f *psFlags) run(cmd *cobra.Command) error {
	switch {
	case f.limit < 0:
		return usage("--limit: a number cannot be below 0; 0 is all")
	case f.after != "" && f.model == "":
		return usage("--after is of the sessions of one MODEL; name that")
	case f.check && (f.sessions || f.model != ""):
		return usage("--check is of the server; leave out --sessions and MODEL")
	}
	r, err := f.open(cmd)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
	defer cancel()
	if f.check {
		_, err := r.do(ctx, query{method: http.MethodGet, path: "/readyz"})
		if e, ok := err.(*remoteError); ok {
			return fault.Errorf(fault.Peer, "%s is not ready (status %d)", r.address, e.status)
		}
		return err
	}
	models, err := r.models(ctx)
	if err != nil {
		return err
	}
	if f.model != "" || f.sessions {
		models, err = f.list(ctx, r, models)
		if err != nil {
			return err
		}
	}
	if f.json {
		return printInfo(cmd.OutOrStdout(), struct {
			Server string    `json:"server"`
			Models []psModel `json:"models"`
		}{r.address, models}, true)
	}
	if f.model != "" || f.sessions {
		for i := range models {
			if m := &models[i]; m.Next != "" {
				defer fmt.Fprintf(cmd.ErrOrStderr(), "recur: %s has more: recur ps %s --after %s\n", m.Name, shellWord(m.Name), shellWord(m.Next))
			}
		}
		return printSessions(cmd.OutOrStdout(), models, time.Now())
	}
	return printModels(cmd.OutOrStdout(), models)
}

// models asks for all models, and what is known of them.
func (r *remote) models(ctx context.Context) ([]psModel, error) {
	var index struct{ Models []psModel }
	if err := r.get(ctx, "/v2/models", &index); err != nil {
		return nil, err
	}
	b, err := r.do(ctx, query{method: http.MethodGet, path: "/metrics"})
	if err != nil {
		return nil, err
	}
	values := readMetrics(string(b))
	for i := range index.Models {
		m := &index.Models[i]
		if m.State != "READY" {
			continue
		}
		of := func(name string) (float64, bool) {
			v, ok := values[name+metricLabels(m.Name, m.Version)]
			return v, ok
		}
		if n, ok := of("recur_sessions"); ok {
			count := int64(n)
			m.Sessions = &count
		}
		steps, _ := of("recur_inference_count")
		m.Steps = int64(steps)
		if since, ok := of("recur_model_start_time_seconds"); ok {
			m.Age = max(0, float64(time.Now().UnixMilli())/1e3-since)
		}
		var about struct{ Platform string }
		if err := r.get(ctx, modelPath(m.Name, "versions", m.Version), &about); err == nil { // it may have gone since
			m.Platform = about.Platform
		}
	}
	return index.Models, nil
}

// metricLabels are the labels of the metrics of a model.
func metricLabels(model, version string) string {
	escape := strings.NewReplacer("\n", `\n`, `"`, `\"`, `\`, `\\`)
	return `{model="` + escape.Replace(model) + `",version="` + escape.Replace(version) + `"}`
}

// readMetrics reads samples of Prometheus' text, by their names and labels.
func readMetrics(text string) map[string]float64 {
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || line[0] == '#' {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(line[i:]), 64); err == nil {
			values[line[:i]] = v
		}
	}
	return values
}

// list adds their sessions to the models that are asked for, and leaves out the others.
func (f *psFlags) list(ctx context.Context, r *remote, models []psModel) ([]psModel, error) {
	some := []psModel{}
	for _, m := range models {
		if f.model != "" && m.Name != f.model || m.Sessions == nil && f.model == "" {
			continue
		}
		for after := f.after; ; {
			limit := psPage
			if f.limit > 0 {
				limit = min(psPage, f.limit-len(m.List))
			}
			var page struct {
				Sessions []serve.SessionInfo
				Next     string
			}
			path := modelPath(m.Name, "versions", cmp.Or(m.Version, "1"), "sessions") + "?" + url.Values{"limit": {strconv.Itoa(limit)}, "after": {after}}.Encode()
			if err := r.get(ctx, path, &page); err != nil {
				return nil, err
			}
			m.List = append(m.List, page.Sessions...)
			if m.Next, after = page.Next, page.Next; after == "" || len(m.List) == f.limit {
				break
			}
		}
		some = append(some, m)
	}
	if f.model != "" && len(some) == 0 {
		return nil, usage("%s serves no model %q; recur ps lists what it serves", r.address, f.model)
	}
	return some, nil
}

func printModels(w io.Writer, models []psModel) error {
	rows := [][]string{{"MODEL", "VERSION", "PLATFORM", "SESSIONS", "STEPS", "AGE"}}
	for _, m := range models {
		row := []string{m.Name, m.Version, m.Platform, "-", strconv.FormatInt(m.Steps, 10), briefly(time.Duration(m.Age * float64(time.Second)))}
		if m.Sessions != nil {
			row[3] = strconv.FormatInt(*m.Sessions, 10)
		}
		if m.State != "READY" {
			row = []string{m.Name, m.Version, strings.ToLower(m.State), "-", "-", "-", m.Reason}
		}
		rows = append(rows, row)
	}
	return printTable(w, rows)
}

func printSessions(w io.Writer, models []psModel, now time.Time) error {
	rows := [][]string{{"MODEL", "VERSION", "SESSION", "STEPS", "USED", "WHERE"}}
	for _, m := range models {
		for _, s := range m.List {
			steps, used := "-", "-"
			if s.Steps != nil {
				steps = strconv.FormatUint(*s.Steps, 10)
			}
			if t, err := time.Parse(time.RFC3339Nano, s.Used); err == nil {
				used = briefly(now.Sub(t)) + " ago"
			}
			rows = append(rows, []string{m.Name, m.Version, s.ID, steps, used, s.Where})
		}
	}
	return printTable(w, rows)
}

// printTable prints rows in columns, the first of which is their heads.
func printTable(w io.Writer, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns.Width(cell))
		}
	}
	out := bufio.NewWriter(w)
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += columns.Pad(cell, widths[i]+2)
		}
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	return out.Flush()
}

// briefly is a time in its greatest unit.
func briefly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// shellWord is a word as a shell takes it.
func shellWord(s string) string {
	if strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:/@", r))
	}) < 0 && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

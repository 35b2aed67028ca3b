package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/fault"
)

func init() { commands = append(commands, newCall) }

// callFlags are what the user asks of call.
type callFlags struct {
	remoteFlags
	session    string
	start, end bool
	input      string
	set        []string
	json       bool

	delete, reset, force  bool
	fork, export, restore string
}

func newCall() *cobra.Command {
	f := &callFlags{}
	cmd := &cobra.Command{
		Use:   "call MODEL [VALUE …]",
		Short: "Step a session of a running server, or ask it for a text",
		Long: `Step a session of a model that recur serve serves, and print the answers, a line a step.
A step is as many values as the model takes. Values are arguments, or come from a CSV file
(--input FILE) or standard input (-), a row a step; rows of standard input are answered as
they come. Put -- before a value below 0.

--session names the session, which is made if it is not there and stays for the next call.
Without it the steps are those of a session of their own, which ends with the call. A model
of texts, which writes, classifies, translates or puts into words, takes a text instead of
values.

--fork, --export, --import, --reset and --delete do that to the session; with values, what
begins comes before the steps (--import, --reset) and what ends after them.`,
		Example: `  recur call airline --session a 112 118 132
  tail -f meter.csv | recur call meter --session hall -
  recur call airline --session a --fork b
  recur call airline --session a --export a.session
  recur call words --set max_tokens=40 "Once upon"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("recur call needs a MODEL; recur ps lists those of a server")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0], args[1:]) },
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.session, "session", "", "`name` of the session")
	flags.BoolVar(&f.start, "start", false, "begin the session anew")
	flags.BoolVar(&f.end, "end", false, "end the session after the last step")
	flags.StringVar(&f.input, "input", "", "CSV `file` of values, a row a step; - is standard input")
	flags.StringArrayVar(&f.set, "set", nil, "`name=value` of a request for text, such as max_tokens=40; may be repeated")
	flags.BoolVar(&f.delete, "delete", false, "delete the session")
	flags.BoolVar(&f.reset, "reset", false, "take the session back to its first state")
	flags.StringVar(&f.fork, "fork", "", "make a session of this `name` that goes on from the state of --session")
	flags.StringVar(&f.export, "export", "", "save the session in a `file`")
	flags.StringVar(&f.restore, "import", "", "take the session from a `file` of --export")
	flags.BoolVar(&f.force, "force", false, "let --export overwrite a file")
	flags.BoolVar(&f.json, "json", false, "print JSON instead of text")
	return cmd
}

// check reports what does not go together.
func (f *callFlags) check(args []string) error {
	alone := f.delete || f.reset || f.fork != "" || f.export != "" || f.restore != ""
	switch {
	case alone && f.session == "":
		return usage("--delete, --reset, --fork, --export and --import are of a session: name it by --session")
	case f.input != "" && len(args) > 0:
		return usage("values come from --input or from arguments, not both")
	case f.delete && f.end:
		return usage("--delete and --end both end the session: give one of them")
	case f.reset && (f.start || f.restore != ""), f.start && f.restore != "":
		return usage("the session begins by --start, --reset or --import: give one of them")
	case !alone && len(args) == 0 && f.input == "":
		return usage("there is nothing to send: give values, --input FILE, or - for standard input")
	}
	if f.export != "" && !f.force {
		if _, err := os.Lstat(f.export); err == nil {
			return usage("--export: %s is there already; --force overwrites it", f.export)
		}
	}
	return nil
}

// A call is a request of the shell on its way.
type call struct {
	*callFlags
	*remote
	cmd   *cobra.Command
	model string
	made  string // name of a session that the call itself has begun
}

func (f *callFlags) run(cmd *cobra.Command, model string, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	r, err := f.open(cmd)
	if err != nil {
		return err
	}
	c := &call{f, r, cmd, model, ""}
	defer func() {
		if c.made != "" {
			ctx := context.WithoutCancel(cmd.Context())
			c.do(ctx, query{method: http.MethodDelete, path: c.at()})
		}
	}()
	if err := c.before(); err != nil {
		return c.known(err)
	}
	if len(args) > 0 || f.input != "" {
		if err := c.send(args); err != nil {
			return c.known(err)
		}
	}
	return c.known(c.after())
}

// at is where the session is, or something of it.
func (c *call) at(parts ...string) string {
	return modelPath(c.model, append([]string{"sessions", cmp.Or(c.session, c.made)}, parts...)...)
}

// before does to the session what comes before steps.
func (c *call) before() error {
	ctx := c.cmd.Context()
	if c.restore != "" {
		b, err := os.ReadFile(c.restore)
		if err != nil {
			return err
		}
		if _, err := c.do(ctx, query{method: http.MethodPut, path: c.at(), kind: "application/octet-stream", body: b}); err != nil {
			return fmt.Errorf("%s: %w", c.restore, err)
		}
	}
	if c.reset {
		if _, err := c.do(ctx, query{method: http.MethodPost, path: c.at("reset")}); err != nil {
			return err
		}
	}
	return nil
}

// after does to the session what comes after steps.
func (c *call) after() error {
	ctx := c.cmd.Context()
	if c.fork != "" {
		to, _ := json.Marshal(map[string]string{"to": c.fork})
		if _, err := c.do(ctx, query{method: http.MethodPost, path: c.at("fork"), body: to}); err != nil {
			return err
		}
	}
	if c.export != "" {
		b, err := c.do(ctx, query{method: http.MethodGet, path: c.at(), accept: "application/octet-stream"})
		if err != nil {
			return err
		}
		if err := c.write(b); err != nil {
			return err
		}
	}
	if c.delete {
		_, err := c.do(ctx, query{method: http.MethodDelete, path: c.at()})
		return err
	}
	return nil
}

// write writes the exported session, over no file that is there unless --force is given.
func (c *call) write(b []byte) error {
	how := os.O_EXCL
	if c.force {
		how = os.O_TRUNC
	}
	file, err := os.OpenFile(c.export, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("--export: %s is there already; --force overwrites it", c.export)
	} else if err != nil {
		return err
	}
	_, err = file.Write(b)
	return errors.Join(err, file.Close())
}

// known adds to an error what to try: which models there are, or where states are given out.
func (c *call) known(err error) error {
	var e *remoteError
	switch {
	case !errors.As(err, &e):
		return err
	case e.status == http.StatusForbidden && (c.export != "" || c.restore != ""):
		return usage("%w: --server names it, which --admin of recur serve chose", err)
	case e.status != http.StatusNotFound || !strings.Contains(e.text, "unknown model"):
		return err
	}
	var index struct{ Models []psModel }
	if c.get(c.cmd.Context(), "/v2/models", &index) != nil {
		return err
	}
	var names []string
	for _, m := range index.Models {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return usage("%s serves no model %q; it serves %s", c.address, c.model, strings.Join(names, ", "))
}

// about is what a server tells of a model.
type about struct {
	Inputs []struct {
		Name     string
		Datatype string
		Shape    []int
	}
	Parameters struct{ Stateless string }
	task       string
	sessions   bool
}

func (c *call) about() (a about, err error) {
	ctx := c.cmd.Context()
	if err := c.get(ctx, modelPath(c.model), &a); err != nil {
		return a, err
	}
	var list struct {
		Models []struct {
			Name, Task string
			Sessions   bool
		}
	}
	if err := c.get(ctx, "/v1/models", &list); err != nil {
		return a, err
	}
	for _, m := range list.Models {
		if m.Name == c.model {
			a.task, a.sessions = m.Task, m.Sessions
			break
		}
	}
	return a, nil
}

// width is the number of values of a step.
func (a *about) width() int {
	width := 0
	for _, in := range a.Inputs {
		n := 1
		for _, d := range in.Shape[min(1, len(in.Shape)):] {
			n *= d
		}
		width += n
	}
	return width
}

// send sends values, or a text.
func (c *call) send(args []string) error {
	a, err := c.about()
	if err != nil {
		return err
	}
	if slices.Contains([]string{"generate", "classify", "translate", "caption"}, a.task) && !(a.task == "classify" && c.numbers(args)) {
		return c.text(a, args)
	}
	switch {
	case len(c.set) > 0:
		return usage("--set is of requests for text, but %s takes values", c.model)
	case !a.sessions && a.Parameters.Stateless != "":
		return usage("%s keeps no state, so it has no steps: %s; ask it by POST %s", c.model, a.Parameters.Stateless, modelPath(c.model, "infer"))
	case !a.sessions:
		return usage("%s keeps no state, so it has no steps; ask it by POST %s", c.model, modelPath(c.model, "infer"))
	}
	return c.steps(&rowReader{width: a.width(), model: c.model}, args)
}

// numbers reports whether all that is sent are numbers, for models that take these or texts.
func (c *call) numbers(args []string) bool {
	if c.input != "" {
		return true
	}
	return !slices.ContainsFunc(args, func(a string) bool { return !isNumber(a) })
}

// text asks for a text.
func (c *call) text(a about, args []string) error {
	text := strings.Join(args, " ")
	if path := cmp.Or(c.input, text); path == "-" || c.input != "" {
		b, err := c.all(path)
		if err != nil {
			return err
		}
		text = strings.TrimRight(string(b), "\r\n")
	}
	q := map[string]any{"model": c.model, map[string]string{"generate": "prompt", "caption": "meaning"}[a.task]: text}
	if _, named := q[""]; named {
		delete(q, "")
		q["text"] = text
	}
	for _, s := range c.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return usage("--set has the form name=value, not %q", s)
		}
		if q[name] = json.RawMessage(value); !json.Valid([]byte(value)) {
			q[name] = value
		}
	}
	ctx := c.cmd.Context()
	switch {
	case c.session != "" && a.task != "generate":
		return usage("%s keeps no state of texts; leave out --session", c.model)
	case c.session == "" && (c.start || c.end):
		return usage("--start and --end are of a session: name it by --session")
	case c.session != "":
		q["session"] = c.session
	}
	if c.start {
		_, err := c.do(ctx, query{method: http.MethodPost, path: c.at("reset")})
		if e := (*remoteError)(nil); err != nil && !(errors.As(err, &e) && e.status == http.StatusNotFound) {
			return err
		}
	}
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	b, err := c.do(ctx, query{method: http.MethodPost, path: "/v1/" + a.task, body: body})
	if err != nil {
		return err
	}
	if c.end {
		if _, err := c.do(ctx, query{method: http.MethodDelete, path: c.at()}); err != nil {
			return err
		}
	}
	out := c.cmd.OutOrStdout()
	var told struct {
		Text, Label   *string
		Labels        []string
		Answers       []struct{ Text string }
		Probabilities map[string]float64
	}
	switch err := json.Unmarshal(b, &told); {
	case c.json || err != nil:
		_, err = fmt.Fprintln(out, string(bytes.TrimSpace(b)))
		return err
	case told.Text != nil:
		_, err = fmt.Fprintln(out, *told.Text)
		return err
	case told.Label != nil:
		_, err = fmt.Fprintf(out, "%s\t%.4f\n", *told.Label, told.Probabilities[*told.Label])
		return err
	case told.Labels != nil:
		_, err = fmt.Fprintln(out, strings.Join(told.Labels, " "))
		return err
	}
	_, err = fmt.Fprintln(out, string(bytes.TrimSpace(b)))
	return err
}

// all reads a file, or standard input.
func (c *call) all(path string) ([]byte, error) {
	if path != "-" {
		return os.ReadFile(path)
	}
	awaitInput(c.cmd)
	return io.ReadAll(c.cmd.InOrStdin())
}

// steps sends rows of values, as many at once as are there, and prints the answers.
func (c *call) steps(rows *rowReader, args []string) error {
	switch {
	case c.input == "-" || len(args) == 1 && args[0] == "-":
		awaitInput(c.cmd)
		rows.read(c.cmd.InOrStdin(), "standard input")
	case c.input != "":
		file, err := os.Open(c.input)
		if err != nil {
			return err
		}
		defer file.Close()
		rows.read(file, c.input)
	default:
		if err := rows.take(args); err != nil {
			return err
		}
	}
	start := c.start
	if c.session == "" {
		c.made, start = "call-"+rand.Text(), true
	}
	for sent := false; ; sent = true {
		x, last, bad := rows.next(c.end)
		if x == nil {
			if bad == nil && !sent {
				bad = fault.Errorf(fault.Data, "there are no rows of values")
			}
			return bad
		}
		body := append(append([]byte(`{"x":[`), x...), ']')
		if start && !sent {
			body = append(body, `,"start":true`...)
		}
		if c.end && last {
			body = append(body, `,"end":true`...)
		}
		b, err := c.do(c.cmd.Context(), query{method: http.MethodPost, path: c.at("steps"), body: append(body, '}')})
		e := (*remoteError)(nil)
		if errors.As(err, &e) {
			b = e.body // the steps that were done
		}
		if err := c.print(b, err != nil); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		if last {
			return bad
		}
	}
}

// print prints answers.
func (c *call) print(b []byte, failed bool) error {
	var told struct{ Y [][]json.Number }
	out := c.cmd.OutOrStdout()
	switch err := json.Unmarshal(b, &told); {
	case failed && (err != nil || len(told.Y) == 0):
		return nil
	case c.json:
		_, err := fmt.Fprintln(out, string(bytes.TrimSpace(b)))
		return err
	case err != nil:
		return fault.Errorf(fault.Peer, "%s does not answer as a server of recur does", c.address)
	}
	var text strings.Builder
	for _, row := range told.Y {
		for i, v := range row {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(cmp.Or(v.String(), "nan"))
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(out, text.String())
	return err
}

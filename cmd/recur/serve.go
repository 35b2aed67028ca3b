package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/setting"
	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/serve/host"
	"github.com/recur-go/recur/session"
)

// serveFlags are what the user asks of serve.
type serveFlags struct {
	models    []string
	named     bool // by arguments
	sessions  string
	save      string
	saveEvery string
	ttl       time.Duration
	max       int
	listen    []string
	grpc      string
	admin     string
	cert, key string
	tokens    []string
	public    bool
	hosts     []string
	origins   []string
	config    string
	precision string
	batch     int
	grace     time.Duration
	log       string
	level     string
}

func init() { commands = append(commands, newServe) }

func newServe() *cobra.Command {
	cmd, _ := serveCommand()
	return cmd
}

// serveCommand is the command and what its flags set.
func serveCommand() (*cobra.Command, *serveFlags) {
	f := &serveFlags{}
	cmd := &cobra.Command{
		Use:   "serve [[NAME=]MODEL …]",
		Short: "Serve models, with the state of each session kept",
		Long: `Serve models by HTTP, with the state of each of their sessions kept. Without a MODEL, a
forecaster of airline passengers is served, to try it.

MODEL is a file of any format that recur run takes, the folder of a run, or a folder of
models, each a file or a folder of versions (NAME/1, NAME/2). Its name is that of the
file, unless NAME= gives another. What is served follows the files: a new version is
loaded beside the old one, and live sessions go on in it if its states fit; else they stay
with the old one until they end. A new file that is broken leaves the old one in service.

The server speaks the Open Inference Protocol with the extensions of Triton, and has
sessions: POST /v2/models/NAME/sessions/ID/steps steps one. --sessions keeps them in a
folder, from which the next start takes them up. --save is when they are written:

  none    at the end, and when --max-sessions makes room
  behind  every so many steps, or after so long: --save-every 100 or 500ms
  each    each step before it is answered: what was answered survives kill -9

Only this machine reaches the server by default. To listen on other addresses it needs
--token or --insecure-public. A token is read from a file: each line is a secret, or a name,
a secret and perhaps a number of sessions. States of sessions are given out and put in (recur
call --export, --import) at the address of --admin alone if there is one, or if other machines
reach the server.

SIGHUP reads --config, tokens, certificates and models again. SIGTERM ends it: requests that
have begun are answered, for at most --grace, and the sessions are saved.`,
		Example: `  recur serve
  recur serve recur-out/airline/model.safetensors
  recur serve meter=model.onnx --sessions states/ --save each
  recur serve models/ --listen 0.0.0.0:8000 --token @tokens --tls-cert cert.pem --tls-key key.pem
  recur serve --config serve.toml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.models, f.named = args, len(args) > 0
			given := givenOf(cmd.Flags())
			if err := f.read(cmd, given); err != nil {
				return err
			}
			return f.run(cmd, given)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.sessions, "sessions", "", "`folder` that keeps sessions; without it they end with the server")
	flags.StringVar(&f.save, "save", "behind", "when to write them: `none, behind or each`")
	flags.StringVar(&f.saveEvery, "save-every", "100ms", "with --save behind: after so many `steps, or a time`")
	flags.DurationVar(&f.ttl, "ttl", 10*time.Minute, "`time` after which an unused session ends; 0 is never")
	flags.IntVar(&f.max, "max-sessions", 0, "most sessions of a model in memory; more wait in --sessions, or are refused (default no limit)")
	flags.StringSliceVar(&f.listen, "listen", []string{"127.0.0.1:8000"}, "`address` of HTTP, host:port or unix:PATH; may be repeated")
	flags.StringVar(&f.grpc, "grpc", "", "`address` of gRPC")
	flags.StringVar(&f.admin, "admin", "", "`address` for administration: models are loaded and unloaded, states given out and put in, the program profiled")
	flags.StringVar(&f.cert, "tls-cert", "", "`file` of a certificate in PEM: HTTPS, but not on sockets")
	flags.StringVar(&f.key, "tls-key", "", "`file` of its key")
	flags.StringArrayVar(&f.tokens, "token", nil, "`@FILE` of secrets, one of which a request must have; may be repeated")
	flags.BoolVar(&f.public, "insecure-public", false, "let everybody who reaches the server use it")
	flags.StringSliceVar(&f.hosts, "host", nil, "`name` that the server is asked by, beside localhost and IP addresses; may be repeated")
	flags.StringSliceVar(&f.origins, "origin", nil, "`origin` of pages that may ask, such as https://example.com; may be repeated")
	flags.StringVar(&f.config, "config", "", "TOML `file` of flags by their names, and models")
	flags.StringVar(&f.precision, "precision", "single", "`precision` of weights: single, half or int8")
	flags.IntVar(&f.batch, "max-batch", 0, "most sessions that step together (default 32)")
	flags.DurationVar(&f.grace, "grace", 30*time.Second, "longest `time` to the end after SIGTERM")
	flags.StringVar(&f.log, "log", "text", "`form` of the log: text or json")
	flags.StringVar(&f.level, "log-level", "info", "least `level` of the log: debug (each request), info, warn or error")
	return cmd, f
}

// check reports all values of flags that are wrong.
func (f *serveFlags) check() error {
	for _, c := range []struct {
		flag, value string
		known       []string
	}{
		{"save", f.save, []string{"none", "behind", "each"}},
		{"precision", f.precision, []string{"single", "half", "int8"}},
		{"log", f.log, []string{"text", "json"}},
		{"log-level", f.level, []string{"debug", "info", "warn", "error"}},
	} {
		if !slices.Contains(c.known, c.value) {
			return usage("--%s: there is no %q; %s", c.flag, setting.Cut(c.value), setting.Suggest(c.value, c.known))
		}
	}
	switch {
	case f.ttl < 0:
		return usage("--ttl: a time cannot be below 0; 0 is never")
	case f.max < 0:
		return usage("--max-sessions: a number cannot be below 0; 0 is no limit")
	case f.batch < 0 || f.batch > 4096:
		return usage("--max-batch is a number from 1 to 4096, not %d", f.batch)
	case f.grace < 0:
		return usage("--grace: a time cannot be below 0")
	case (f.cert == "") != (f.key == ""):
		return usage("--tls-cert and --tls-key go together: a certificate and its key")
	case len(f.listen) == 0:
		return usage("--listen names no address; leave it out for 127.0.0.1:8000")
	}
	if _, _, err := saveTimes(f.saveEvery); err != nil {
		return err
	}
	for _, h := range f.hosts {
		if h == "" || strings.ContainsAny(h, "/: ") {
			return usage("--host is a name without http:// and port, such as recur.example.com, not %q", setting.Cut(h))
		}
	}
	for _, o := range f.origins {
		if new(http.CrossOriginProtection).AddTrustedOrigin(o) != nil {
			return usage("--origin is a scheme and a host, such as https://example.com, not %q", setting.Cut(o))
		}
	}
	for _, a := range append([]string{f.grpc, f.admin}, f.listen...) {
		if a == "" {
			continue
		}
		if err := host.Check(a); err != nil {
			return err
		}
		if !host.Loopback(a) {
			if err := f.mayBePublic(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayBePublic reports whether an address that other machines reach may be listened on.
func (f *serveFlags) mayBePublic(address string) error {
	if len(f.tokens) > 0 || f.public {
		return nil
	}
	return usage("%s can be reached from other machines: give --token @FILE, or --insecure-public to let everybody in", address)
}

// saveTimes reads --save-every: a number of steps, or a time.
func saveTimes(s string) (steps uint64, after time.Duration, err error) {
	if n, err := strconv.ParseUint(s, 10, 63); err == nil && n > 0 {
		return n, time.Second, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return 0, d, nil
	}
	return 0, 0, usage("--save-every is a number of steps, as 100, or a time, as 500ms, not %q", setting.Cut(s))
}

// table are the options of tables, but for the store.
func (f *serveFlags) table() (o session.TableOptions) {
	o.TTL, o.Max = f.ttl, f.max
	switch f.save {
	case "behind":
		o.Save = session.SaveBehind
		o.Steps, o.After, _ = saveTimes(f.saveEvery)
	case "each":
		o.Save = session.SaveEach
	}
	return o
}

func (f *serveFlags) weights() (p rnn.Precision) {
	p.UnmarshalText([]byte(f.precision)) // checked
	return p
}

// nameAndPath cuts NAME=MODEL. What has a slash is no name, so it is of a path.
func nameAndPath(arg string) (name, path string, err error) {
	name, path, ok := strings.Cut(arg, "=")
	switch {
	case arg == "":
		return "", "", usage("a MODEL is empty: give a file or a folder")
	case !ok, strings.Contains(name, "/"):
		return "", arg, nil
	case name == "" || path == "":
		return "", "", usage("%q is no [NAME=]MODEL", setting.Cut(arg))
	}
	return name, path, nil
}

package main

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// serveValues are values of the flags of serve, as a command line has them.
var serveValues = map[string][]string{
	"sessions": {"states"}, "save": {"each"}, "save-every": {"7"}, "ttl": {"3m0s"}, "max-sessions": {"9"},
	"listen": {"127.0.0.1:1", "unix:/tmp/x"}, "grpc": {"127.0.0.1:2"}, "admin": {"127.0.0.1:3"},
	"tls-cert": {"c.pem"}, "tls-key": {"k.pem"}, "token": {"@a", "@b"}, "insecure-public": {"true"},
	"host": {"a.example", "b.example"}, "origin": {"https://a.example"}, "precision": {"int8"}, "max-batch": {"5"},
	"grace": {"2s"}, "log": {"json"}, "log-level": {"debug"},
}

// tomlOf writes a value as TOML has it.
func tomlOf(values []string) string {
	switch v := values[0]; {
	case len(values) > 1:
		return "[" + strings.Join([]string{quote(values[0]), quote(values[1])}, ", ") + "]"
	case v == "true", strings.Trim(v, "0123456789") == "":
		return v
	default:
		return quote(v)
	}
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

// serveBy reads flags of serve from a command line.
func serveBy(t *testing.T, args ...string) *serveFlags {
	t.Helper()
	cmd, f := serveCommand()
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	if err := f.read(cmd, givenOf(cmd.Flags())); err != nil {
		t.Fatal(err)
	}
	f.config = ""
	return f
}

// A file of flags does what the command line does, for each flag by its name, and a flag that is
// given is not changed by it.
func TestServeConfig(t *testing.T) {
	dir := t.TempDir()
	var args, lines []string
	cmd, _ := serveCommand()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" || f.Name == "help" {
			return
		}
		values := serveValues[f.Name]
		if values == nil {
			t.Errorf("the test has no value of --%s", f.Name)
			return
		}
		lines = append(lines, f.Name+" = "+tomlOf(values))
		for _, v := range values {
			args = append(args, "--"+f.Name+"="+v)
		}
	})
	want, none := serveBy(t, args...), serveBy(t)
	config := put(t, dir, "serve.toml", strings.Join(lines, "\n")+"\n")
	if got := serveBy(t, "--config", config); !reflect.DeepEqual(got, want) {
		t.Errorf("the file gives\n%+v, the command line\n%+v", got, want)
	}
	a, b := reflect.ValueOf(*want), reflect.ValueOf(*none)
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if !slices.Contains([]string{"models", "named", "config"}, name) && reflect.DeepEqual(fmt.Sprint(a.Field(i)), fmt.Sprint(b.Field(i))) {
			t.Errorf("%s is the default: no flag sets it", name)
		}
	}
	got := serveBy(t, "--config", config, "--ttl", "9s", "--listen", "127.0.0.1:9")
	if got.ttl.String() != "9s" || !slices.Equal(got.listen, []string{"127.0.0.1:9"}) || got.max != 9 {
		t.Errorf("beside flags the file gives %+v", got)
	}
	put(t, dir, "serve.toml", `models = ["a.onnx", "b=c.onnx"]`)
	if got := serveBy(t, "--config", config); !slices.Equal(got.models, []string{"a.onnx", "b=c.onnx"}) {
		t.Error(got.models)
	}
}

// The server starts by a file of flags alone.
func TestServeByConfig(t *testing.T) {
	dir := t.TempDir()
	admin := filepath.Join(dir, "a")
	config := put(t, dir, "serve.toml", fmt.Sprintf("admin = %q\nmax-sessions = 1\nlog-level = \"warn\"\n", "unix:"+admin))
	p := startServer(t, dir, "--config", config)
	p.wants(200, "", "POST", "/v2/models/airline/sessions/a/steps", `{"x":[112]}`)
	p.wants(429, "as many sessions as are allowed", "POST", "/v2/models/airline/sessions/b/steps", `{"x":[112]}`)
	p.client.Transport = overSocket(admin, nil)
	p.wants(200, "recur", "GET", "/debug/pprof/cmdline", "")
}

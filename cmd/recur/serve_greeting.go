package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/recur-go/recur/serve"
)

// greeting is what a server prints once it is ready: its address, and requests to try.
func (s *service) greeting() string {
	var b strings.Builder
	var names []string
	for _, m := range s.server.Models() {
		if len(names) == 0 || names[len(names)-1] != m.Name {
			names = append(names, m.Name)
		}
	}
	at := strings.Join(s.address, " and ")
	if len(names) == 0 {
		return fmt.Sprintf("recur serves no model at %s so far: it takes up those that come into %s\n", at, strings.Join(s.flags.models, ", "))
	}
	fmt.Fprintf(&b, "recur serves %s at %s\n", strings.Join(names, ", "), at)
	if len(s.address) == 0 {
		return b.String()
	}
	curl, web := "curl", s.address[0]
	if path, ok := strings.CutPrefix(web, "unix:"); ok {
		curl, web = "curl --unix-socket "+shellWord(path), "http://localhost"
	}
	if strings.HasPrefix(web, "https:") {
		curl += " --cacert " + shellWord(s.flags.cert)
	}
	if len(s.flags.tokens) > 0 {
		curl += ` -H "Authorization: Bearer $RECUR_TOKEN"`
	}
	m := s.server.Models()[0]
	at = web + "/v2/models/" + url.PathEscape(m.Name)
	fmt.Fprintf(&b, "\nTry:\n  %s %s\n", curl, at)
	switch {
	case m.Sessions != nil:
		fmt.Fprintf(&b, "  %s %s/sessions/a/steps -d '{\"x\": %s}'\n  %s %s/sessions\n", curl, at, exampleSteps(m), curl, at)
	case m.Generate != nil:
		fmt.Fprintf(&b, "  %s %s/generate -d '{\"text_input\": \"a\"}'\n  %s %s/v2/models\n", curl, at, curl, web)
	default:
		fmt.Fprintf(&b, "  %s %s/stats\n  %s %s/v2/models\n", curl, at, curl, web)
	}
	return b.String()
}

// exampleSteps are three steps of a model, for a request to try.
func exampleSteps(m *serve.Model) string {
	if m.Name == "airline" && m.Sessions.Model().In() == 1 {
		return "[112, 118, 132]"
	}
	row := "[" + strings.TrimSuffix(strings.Repeat("0, ", m.Sessions.Model().In()), ", ") + "]"
	if m.Sessions.Model().In() > 64 {
		return "[" + row + "]"
	}
	return "[" + row + ", " + row + ", " + row + "]"
}

// addressFile is where a running server leaves its address for recur ps and recur call, "" where
// the system has no place for that.
func addressFile() string {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "recur-serve")
}

// writeAddress leaves the address of a server. The function that it returns takes it away.
func writeAddress(address string) func() {
	path := addressFile()
	if path == "" || os.WriteFile(path, []byte(address+"\n"), 0o600) != nil {
		return func() {}
	}
	return func() {
		if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == address {
			os.Remove(path)
		}
	}
}

package main

import (
	"context"
	"slices"
	"strings"
)

// reload reads again what may change. What is wrong is noted, and stays as it was.
func (s *service) reload(ctx context.Context) {
	wrong := func(err error) {
		if err != nil {
			s.log.Error("not reloaded", "error", plain(err))
		}
	}
	fresh, err := s.flags.again(s.given)
	if err != nil {
		wrong(err)
		return
	}
	if changed := s.flags.fixed(fresh); changed != nil {
		s.log.Warn("changed, but only a restart takes it up", "flags", strings.Join(changed, " "))
	}
	tokens, err := readTokens(fresh.tokens)
	if err == nil && len(tokens) == 0 && len(s.flags.tokens) > 0 && !s.flags.public {
		err = usage("--token: the tokens are gone; only a restart serves without")
	}
	if err == nil {
		err = s.server.SetTokens(tokens)
	}
	wrong(err)
	if s.cert != nil {
		wrong(s.cert.Reload())
	}
	sources, err := modelSources(fresh.models)
	wrong(err)
	if err == nil {
		s.models.Set(sources...)
	}
	wrong(s.models.Scan(ctx))
	s.log.Info("reloaded", "models", len(s.server.Models()), "tokens", len(tokens))
}

// fixed names the flags that differ and that a running server does not take up.
func (f *serveFlags) fixed(fresh *serveFlags) (names []string) {
	for _, c := range []struct {
		name string
		same bool
	}{
		{"--sessions", f.sessions == fresh.sessions}, {"--save", f.save == fresh.save}, {"--save-every", f.saveEvery == fresh.saveEvery},
		{"--ttl", f.ttl == fresh.ttl}, {"--max-sessions", f.max == fresh.max}, {"--listen", slices.Equal(f.listen, fresh.listen)},
		{"--grpc", f.grpc == fresh.grpc}, {"--admin", f.admin == fresh.admin}, {"--tls-cert", f.cert == fresh.cert}, {"--tls-key", f.key == fresh.key},
		{"--host", slices.Equal(f.hosts, fresh.hosts)}, {"--origin", slices.Equal(f.origins, fresh.origins)},
		{"--precision", f.precision == fresh.precision}, {"--max-batch", f.batch == fresh.batch}, {"--log", f.log == fresh.log}, {"--log-level", f.level == fresh.level},
	} {
		if !c.same {
			names = append(names, c.name)
		}
	}
	return names
}

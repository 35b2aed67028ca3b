package serve

import "context"

// Retire has a version of a model keep the sessions that it has, while a higher one begins all
// others: a request that names no version goes to the retired one if its session is there, and
// in no higher one. Retire it before the higher one is there, so that no request looks for its
// sessions in that alone. Remove it when they have ended and it is not InUse.
func (s *Server) Retire(name, version string) error {
	m, err := s.Model(name, version)
	if err == nil {
		m.retired.Store(true)
	}
	return err
}

// Restore takes Retire back, where the higher version does not come.
func (s *Server) Restore(name, version string) {
	if m, err := s.Model(name, version); err == nil {
		m.retired.Store(false)
	}
}

// Replace serves m in place of the version old of the same name, at once.
func (s *Server) Replace(old string, m *Model) error { return s.add(m, old) }

// InUse reports whether requests are on their way to the model, or connections have sessions of
// it open.
func (m *Model) InUse() bool { return m.uses.Load() > 0 }

// use finds a model as Model does, for a request that calls unuse when it is done: until then the
// model is InUse, so that a higher version that comes meanwhile does not end it.
func (s *Server) use(name, version string) (*Model, error) {
	for {
		all := s.models.Load()
		m, err := s.Model(name, version)
		if err != nil {
			return nil, err
		}
		m.uses.Add(1)
		if s.models.Load() == all {
			return m, nil
		}
		m.unuse() // whoever looked before may have found it unused
	}
}

func (m *Model) unuse() { m.uses.Add(-1) }

// Holder is the version that has a session of the caller: the highest, or else a retired one. If
// none has it, that is m, which was the highest a moment ago.
func (s *Server) Holder(ctx context.Context, m *Model, id string) *Model {
	versions := (*s.models.Load())[m.Name]
	if len(versions) < 2 || id == "" {
		return m
	}
	full, err := s.SessionName(ctx, id)
	if err != nil {
		return m
	}
	for i, v := range versions {
		if v.Sessions == nil || i > 0 && !v.retired.Load() {
			continue
		}
		if _, err := v.Sessions.Info(ctx, full); err == nil {
			return v
		}
	}
	return m
}

// begun ends the sessions that retired versions have under the name of one that has begun anew
// in m, so that none of them goes on when that has ended.
func (s *Server) begun(ctx context.Context, m *Model, id string) {
	versions := (*s.models.Load())[m.Name]
	if len(versions) < 2 {
		return
	}
	full, err := s.SessionName(ctx, id)
	if err != nil {
		return
	}
	for _, v := range versions {
		if v.retired.Load() && v.Sessions != nil && v.Sessions != m.Sessions {
			v.Sessions.Delete(ctx, full) // that there is none is no error here
		}
	}
}

// holder is Server.Holder, and notes the version.
func (x *exchange) holder(m *Model, id string) *Model {
	m = x.s.Holder(x.r.Context(), m, id)
	x.call.Version = m.Version
	return m
}

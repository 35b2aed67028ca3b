package serve

import "context"

// Retire has a version of a model keep the sessions that it has, while a higher one begins all
// others: a request that names no version goes to the retired one if its session is there, and
// in no higher one. Remove it when they have ended and it is not InUse.
func (s *Server) Retire(name, version string) error {
	m, err := s.Model(name, version)
	if err == nil {
		m.retired.Store(true)
	}
	return err
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

// Holder is the version that has a session of the caller, which is m, the highest, unless only a
// retired one has it.
func (s *Server) Holder(ctx context.Context, m *Model, id string) *Model {
	versions := (*s.models.Load())[m.Name]
	if len(versions) < 2 || id == "" || m.retired.Load() {
		return m
	}
	full, err := s.SessionName(ctx, id)
	if err != nil {
		return m
	}
	has := func(v *Model) bool {
		if v.Sessions == nil {
			return false
		}
		_, err := v.Sessions.Info(ctx, full)
		return err == nil
	}
	for _, v := range versions {
		if v != m && v.retired.Load() && has(v) {
			if has(m) {
				break
			}
			return v
		}
	}
	return m
}

// holder is Server.Holder, and notes the version.
func (x *exchange) holder(m *Model, id string) *Model {
	m = x.s.Holder(x.r.Context(), m, id)
	x.call.Version = m.Version
	return m
}

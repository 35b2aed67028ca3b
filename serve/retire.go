package serve

import "context"

// Retire has a version of a model keep the sessions that it has, while a higher one begins all
// others: a request that names no version goes to the retired one if its session is there, and
// in no higher one. Remove it when they have ended.
func (s *Server) Retire(name, version string) error {
	m, err := s.Model(name, version)
	if err == nil {
		m.retired.Store(true)
	}
	return err
}

// Replace serves m in place of the version old of the same name, at once.
func (s *Server) Replace(old string, m *Model) error { return s.add(m, old) }

// holder is the version that has a session of the caller, which is m, the highest, unless only a
// retired one has it.
func (s *Server) holder(ctx context.Context, m *Model, id string) *Model {
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

// holder is Server.holder, and notes the version.
func (x *exchange) holder(m *Model, id string) *Model {
	m = x.s.holder(x.r.Context(), m, id)
	x.call.Version = m.Version
	return m
}

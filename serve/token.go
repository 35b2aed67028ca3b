package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/recur-go/recur/session"
)

// A Token lets whoever knows its secret ask.
type Token struct {
	Name   string // told to OnCall
	Secret string

	// Sessions is how many sessions it may have of each model; 0 is any number. If any token
	// has such a quota, each token has sessions of its own, which no other sees.
	Sessions int

	counts *sync.Map // *Model to *owned
}

type callerKey struct{}

// Authorize finds the token of a secret and returns a context with it, which is that of a
// request from then on. Without tokens the context is as it was.
func (s *Server) Authorize(ctx context.Context, secret string) (context.Context, error) {
	known := s.tokens.Load()
	if len(known.list) == 0 {
		return ctx, nil
	}
	if secret == "" {
		return ctx, errNoToken
	}
	sum := sha256.Sum256([]byte(secret))
	found := -1
	for i := range known.sums {
		if subtle.ConstantTimeCompare(sum[:], known.sums[i][:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return ctx, errWrongToken
	}
	return context.WithValue(ctx, callerKey{}, known.list[found]), nil
}

var (
	errNoToken    = &Error{Class: Unauthorized, Text: "a token is missing: send it as 'Authorization: Bearer …'", Code: "unauthorized"}
	errWrongToken = &Error{Class: Unauthorized, Text: "the token is not known here", Code: "unauthorized"}
)

// TokenName is the name of the token that Authorize found, "" without one.
func TokenName(ctx context.Context) string {
	if t := tokenOf(ctx); t != nil {
		return t.Name
	}
	return ""
}

func tokenOf(ctx context.Context) *Token {
	t, _ := ctx.Value(callerKey{}).(*Token)
	return t
}

// tokens are those that a server knows.
type tokens struct {
	list   []*Token
	sums   [][32]byte // of their secrets
	quotas bool       // one has a quota
}

// SetTokens has the server know these tokens from now on, and no others. An error leaves those
// that it knew. Whether there are quotas cannot change, since it decides whose sessions are seen
// by whom.
func (s *Server) SetTokens(list []Token) error {
	t, err := newTokens(list)
	if err != nil {
		return err
	}
	if t.quotas != s.tokens.Load().quotas {
		return errors.New("serve: tokens with quotas cannot come or go while the server runs")
	}
	s.tokens.Store(t)
	return nil
}

// newTokens checks tokens.
func newTokens(list []Token) (*tokens, error) {
	known := &tokens{}
	seen := map[string]bool{}
	for i := range list {
		t := &Token{Name: list[i].Name, Secret: list[i].Secret, Sessions: list[i].Sessions, counts: new(sync.Map)}
		if t.Secret == "" {
			return nil, errors.New("serve: a token has no secret")
		}
		known.quotas = known.quotas || t.Sessions > 0
		known.list = append(known.list, t)
		known.sums = append(known.sums, sha256.Sum256([]byte(t.Secret)))
	}
	for _, t := range known.list {
		if known.quotas && (t.Name == "" || seen[t.Name] || strings.Contains(t.Name, "/") || len(t.Name) > 64) {
			return nil, errors.New("serve: with quotas each token has a name of its own, of at most 64 bytes without slashes")
		}
		seen[t.Name] = true
	}
	return known, nil
}

// SessionName is the name in the table of a session that the caller names id.
func (s *Server) SessionName(ctx context.Context, id string) (string, error) {
	if err := validSession(id); err != nil {
		return "", err
	}
	p := s.ownPrefix(ctx)
	if len(p)+len(id) > 256 {
		return "", errorf(Invalid, "the name of a session has %d bytes, but at most %d are allowed", len(id), 256-len(p))
	}
	return p + id, nil
}

// ownPrefix is what the names of the caller's sessions begin with.
func (s *Server) ownPrefix(ctx context.Context) string {
	if t := tokenOf(ctx); t != nil && s.tokens.Load().quotas {
		return t.Name + "/"
	}
	return ""
}

// owned is how many sessions of a model a token has: at least as many as there are, since
// those that end by themselves are seen at the next count only.
type owned struct {
	mu      sync.Mutex
	n       int
	pending int // are about to be made
	counted time.Time
}

// admitSession returns the name in the table of a session of the caller and, where the
// session is to be made if it is not there, checks the quota. done is called with whether
// the session is there then, and whether it has ended.
func (s *Server) admitSession(ctx context.Context, m *Model, id string, makes bool) (full string, done func(made, ended bool), err error) {
	full, err = s.SessionName(ctx, id)
	if err != nil {
		return "", nil, err
	}
	t := tokenOf(ctx)
	if !s.tokens.Load().quotas || t == nil || t.Sessions == 0 {
		return full, func(bool, bool) {}, nil
	}
	v, ok := t.counts.Load(m)
	if !ok {
		v, _ = t.counts.LoadOrStore(m, new(owned))
	}
	o := v.(*owned)
	reserved := false
	if makes {
		if _, err := m.Sessions.Info(ctx, full); errors.Is(err, session.ErrNotFound) {
			if err := s.reserve(ctx, m, t, o); err != nil {
				return "", nil, err
			}
			reserved = true
		}
	}
	return full, func(made, ended bool) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if reserved {
			o.pending--
			if made {
				o.n++
			}
		}
		if made && ended && o.n > 0 {
			o.n--
		}
	}, nil
}

// reserve takes one of the sessions that a token may have.
func (s *Server) reserve(ctx context.Context, m *Model, t *Token, o *owned) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := s.options.Now()
	if o.counted.IsZero() || o.n+o.pending >= t.Sessions && now.Sub(o.counted) >= time.Second {
		n, p := 0, t.Name+"/"
		for info, err := range m.Sessions.All(ctx, p) {
			if err != nil {
				return err
			}
			if n == t.Sessions || !strings.HasPrefix(info.ID, p) {
				break
			}
			n++
		}
		o.n, o.counted = n, now
	}
	if o.n+o.pending >= t.Sessions {
		return &Error{Class: Exhausted, Code: "quota", Text: "this token has as many sessions of the model as it may; delete some, or end them"}
	}
	o.pending++
	return nil
}

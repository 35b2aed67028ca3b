package serve

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/recur-go/recur/session"
)

const (
	pageDefault = 100
	pageMax     = 10_000
)

// SessionInfo is what a client is told of a session.
type SessionInfo struct {
	ID    string  `json:"id"`
	Steps *uint64 `json:"steps,omitempty"` // nil in lists where it is in the store alone, which is not read
	Used  string  `json:"used"`            // RFC 3339
	Where string  `json:"where"`           // "memory" or "store"
}

func sessionInfo(i session.Info, id string) SessionInfo {
	info := SessionInfo{ID: id, Used: i.Used.UTC().Format(time.RFC3339Nano), Where: "store"}
	if i.Memory {
		info.Where, info.Steps = "memory", &i.Steps
	}
	return info
}

// sessions is for /v2/models/{m}/sessions: GET lists a page of them, POST makes one.
func (x *exchange) sessions(m *Model) error {
	if done, err := x.method("GET", "POST"); done || err != nil {
		return err
	}
	if x.r.Method == http.MethodPost {
		return x.newSession(m)
	}
	q, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return errorf(Invalid, "the query of the address cannot be read")
	}
	limit := pageDefault
	if l := q.Get("limit"); l != "" {
		if limit, err = strconv.Atoi(l); err != nil || limit < 1 || limit > pageMax {
			return errorf(Invalid, "limit is %s, but has to be a number from 1 to %d", quoted(l), pageMax)
		}
	}
	page := struct {
		Sessions []SessionInfo `json:"sessions"`
		Next     string        `json:"next,omitempty"` // after of the next page
	}{Sessions: []SessionInfo{}}
	ctx := x.r.Context()
	own := x.s.ownPrefix(ctx)
	for info, err := range m.Sessions.All(ctx, own+q.Get("after")) {
		if err != nil {
			return err
		}
		id, ok := strings.CutPrefix(info.ID, own)
		if !ok {
			break
		}
		if len(page.Sessions) == limit {
			page.Next = page.Sessions[limit-1].ID
			break
		}
		page.Sessions = append(page.Sessions, sessionInfo(info, id))
	}
	return x.json(http.StatusOK, page)
}

// newSession makes a session with a name of 130 random bits.
func (x *exchange) newSession(m *Model) error {
	if err := x.noBody(); err != nil {
		return err
	}
	id := rand.Text()
	x.call.Session = id
	ctx := x.r.Context()
	full, done, err := x.s.admitSession(ctx, m, id, true)
	if err != nil {
		return err
	}
	err = m.Sessions.Create(ctx, full)
	done(err == nil, false)
	if err != nil {
		return err
	}
	return x.created(m, id)
}

// created answers that a session has been made.
func (x *exchange) created(m *Model, id string) error {
	x.w.Header().Set("Location", "/v2/models/"+url.PathEscape(m.Name)+"/versions/"+m.Version+"/sessions/"+url.PathEscape(id))
	return x.tell(m, id, http.StatusCreated)
}

// tell answers with what is known of a session.
func (x *exchange) tell(m *Model, id string, status int) error {
	full, err := x.s.SessionName(x.r.Context(), id)
	if err != nil {
		return err
	}
	info, err := m.Sessions.Info(x.r.Context(), full)
	if err != nil {
		return noSession(err, id)
	}
	return x.json(status, sessionInfo(info, id))
}

// noSession names the session that there is not.
func noSession(err error, id string) error {
	e := AsError(err)
	if e.Class == NotFound {
		return &Error{Class: NotFound, Code: e.Code, Err: err, Text: "there is no session " + quoted(id) + "; it may have ended by itself"}
	}
	return e
}

// noBody checks that there is none that means anything: nothing, or an empty object.
func (x *exchange) noBody() error {
	if err := x.read(); err != nil {
		return err
	}
	if t := strings.TrimSpace(string(x.body[:min(len(x.body), 16)])); t != "" && t != "{}" {
		return errorf(Invalid, "a request of this kind has no body")
	}
	return nil
}

// session is for /v2/models/{m}/sessions/{id}: GET tells of it, or gives its state out if the
// client accepts application/octet-stream; PUT puts a state in, DELETE ends it.
func (x *exchange) session(m *Model, id string) error {
	if done, err := x.method("GET", "PUT", "DELETE"); done || err != nil {
		return err
	}
	ctx := x.r.Context()
	full, err := x.s.SessionName(ctx, id)
	if err != nil {
		return err
	}
	switch x.r.Method {
	case http.MethodPut:
		if err := x.mayMoveStates(); err != nil {
			return err
		}
		return x.putSession(m, id)
	case http.MethodDelete:
		_, done, err := x.s.admitSession(ctx, m, id, false)
		if err != nil {
			return err
		}
		if err := m.Sessions.Delete(ctx, full); err != nil {
			return noSession(err, id)
		}
		done(true, true)
		return x.empty(http.StatusNoContent)
	}
	if !strings.Contains(x.r.Header.Get("Accept"), "application/octet-stream") {
		return x.tell(m, id, http.StatusOK)
	}
	if err := x.mayMoveStates(); err != nil {
		return err
	}
	blob, err := m.Sessions.Export(ctx, full)
	if err != nil {
		return noSession(err, id)
	}
	x.out = append(x.out[:0], blob...)
	x.w.Header()["Content-Type"] = ofBinary
	return x.send(http.StatusOK)
}

// mayMoveStates checks whether states may be given out and put in here.
func (x *exchange) mayMoveStates() error {
	if x.s.options.AdminStates && !x.admin {
		return errorf(Forbidden, "states of sessions are given out and put in at the address for administration alone; ask there")
	}
	return nil
}

func (x *exchange) putSession(m *Model, id string) error {
	if err := x.read(); err != nil {
		return err
	}
	ctx := x.r.Context()
	full, done, err := x.s.admitSession(ctx, m, id, true)
	if err != nil {
		return err
	}
	err = m.Sessions.Import(ctx, full, x.body)
	done(err == nil, false)
	if err != nil {
		return err
	}
	return x.tell(m, id, http.StatusOK)
}

// fork is for POST …/sessions/{id}/fork: {"to": "name"}, or a name is made.
func (x *exchange) fork(m *Model, id string) error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if err := x.read(); err != nil {
		return err
	}
	to := ""
	if len(x.body) > 0 {
		s := &x.scan
		*s = scanner{b: x.body, depth: x.s.options.MaxDepth, keys: s.keys[:0]}
		err := s.object("the request", func(key []byte) error {
			if string(key) != "to" {
				return s.fail("%s is not known here; \"to\" is the name of the new session", quoted(string(key)))
			}
			t, err := s.string("to")
			to = string(t)
			return err
		})
		if err == nil {
			err = s.end()
		}
		if err != nil {
			return err
		}
	}
	if to == "" {
		to = rand.Text()
	}
	ctx := x.r.Context()
	from, err := x.s.SessionName(ctx, id)
	if err != nil {
		return err
	}
	full, done, err := x.s.admitSession(ctx, m, to, true)
	if err != nil {
		return err
	}
	err = m.Sessions.Fork(ctx, from, full)
	done(err == nil, false)
	if err != nil {
		return noSession(err, id)
	}
	return x.created(m, to)
}

// reset is for POST …/sessions/{id}/reset.
func (x *exchange) reset(m *Model, id string) error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if err := x.noBody(); err != nil {
		return err
	}
	full, err := x.s.SessionName(x.r.Context(), id)
	if err != nil {
		return err
	}
	if err := m.Sessions.Reset(x.r.Context(), full); err != nil {
		return noSession(err, id)
	}
	return x.tell(m, id, http.StatusOK)
}

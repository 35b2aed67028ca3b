package serve

import "net/http"

// routeRepository is for /v2/repository/….
func (x *exchange) routeRepository(p []string) error {
	if len(p) > 1 && p[0] != "models" { // /v2/repository/{name}/…, of which there is one
		p = p[1:]
	}
	switch {
	case len(p) == 1 && p[0] == "index":
		return x.repositoryIndex()
	case len(p) == 3 && p[0] == "models" && (p[2] == "load" || p[2] == "unload"):
		return x.loadOrUnload(p[1], p[2] == "load")
	}
	return errNoAddress
}

func (x *exchange) repositoryIndex() error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if err := x.read(); err != nil {
		return err
	}
	ready := false
	if len(x.body) > 0 {
		x.scan = scanner{b: x.body, depth: x.s.options.MaxDepth, keys: x.scan.keys[:0]}
		err := x.scan.object("the request", func(key []byte) (err error) {
			if string(key) == "ready" {
				ready, err = x.scan.bool("ready")
				return err
			}
			return x.scan.skip()
		})
		if err == nil {
			err = x.scan.end()
		}
		if err != nil {
			return err
		}
	}
	return x.json(http.StatusOK, x.s.Index(ready))
}

// index is for GET /v2/models.
func (x *exchange) index() error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	return x.json(http.StatusOK, struct {
		Models []IndexEntry `json:"models"`
	}{x.s.Index(false)})
}

func (x *exchange) loadOrUnload(name string, load bool) error {
	if done, err := x.method("POST"); done || err != nil {
		return err
	}
	if !x.admin && !x.s.options.AllowLoad {
		return errNoLoad
	}
	// What else Triton takes here, such as a configuration or the files of a model, is never
	// taken from a request.
	if err := x.read(); err != nil {
		return err
	}
	x.call.Model = name
	if len(x.body) > 0 {
		x.scan = scanner{b: x.body, depth: x.s.options.MaxDepth, keys: x.scan.keys[:0]}
		err := x.scan.object("the request", func(key []byte) error {
			if string(key) != "parameters" {
				return x.scan.skip()
			}
			return x.scan.object("parameters", func(key []byte) error {
				if string(key) == "unload_dependents" {
					_, err := x.scan.bool("unload_dependents")
					return err
				}
				return errorf(Unsupported, "parameter %s is not supported: a model is loaded as the server has it", quoted(string(key)))
			})
		})
		if err != nil {
			return err
		}
	}
	do := x.s.Unload
	if load {
		do = x.s.Load
	}
	if err := do(x.r.Context(), name); err != nil {
		return err
	}
	return x.empty(http.StatusOK)
}

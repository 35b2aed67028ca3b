package serve

// Extensions are those of the protocol that a Server has.
var Extensions = []string{
	"sequence", "sequence(string_id)", "binary_tensor_data", "statistics", "model_configuration",
	"model_repository", "model_repository(unload_dependents)", "generate", "sessions", "steps",
}

// ServerMetadata is what GET /v2 answers.
type ServerMetadata struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
}

// Metadata is what the server tells of itself.
func (s *Server) Metadata() ServerMetadata {
	return ServerMetadata{s.options.Name, s.options.Version, Extensions}
}

func (x *exchange) serverMetadata() error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	return x.json(200, x.s.Metadata())
}

type tensorJSON struct {
	Name     string   `json:"name"`
	Datatype Datatype `json:"datatype"`
	Shape    []int64  `json:"shape"`
}

func tensorsJSON(tensors []Tensor) []tensorJSON {
	list := []tensorJSON{}
	for _, t := range tensors {
		list = append(list, tensorJSON{t.Name, t.Datatype, append([]int64{}, t.Shape...)})
	}
	return list
}

func (x *exchange) modelMetadata(m *Model) error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	var parameters map[string]string
	if m.Stateless != "" {
		parameters = map[string]string{"stateless": m.Stateless}
	}
	return x.json(200, struct {
		Name       string            `json:"name"`
		Versions   []string          `json:"versions"`
		Platform   string            `json:"platform"`
		Inputs     []tensorJSON      `json:"inputs"`
		Outputs    []tensorJSON      `json:"outputs"`
		Parameters map[string]string `json:"parameters,omitempty"`
	}{m.Name, x.s.Versions(m.Name), m.Platform, tensorsJSON(m.Inputs), tensorsJSON(m.Outputs), parameters})
}

// Config is the configuration of a model in the form of Triton's, as far as clients ask for it.
type Config struct {
	Name          string         `json:"name"`
	Platform      string         `json:"platform"`
	Backend       string         `json:"backend"`
	VersionPolicy map[string]any `json:"version_policy"`
	MaxBatchSize  int            `json:"max_batch_size"`
	Input         []ConfigTensor `json:"input"`
	Output        []ConfigTensor `json:"output"`

	SequenceBatching *SequenceBatching `json:"sequence_batching,omitempty"`
	Transaction      struct {
		Decoupled bool `json:"decoupled"`
	} `json:"model_transaction_policy"`
}

// A ConfigTensor is an input or output of a Config, without the dimension of the batch.
type ConfigTensor struct {
	Name     string  `json:"name"`
	DataType string  `json:"data_type"` // TYPE_FP32
	Dims     []int64 `json:"dims"`
}

// SequenceBatching is there for models with sessions.
type SequenceBatching struct {
	MaxIdle uint64 `json:"max_sequence_idle_microseconds"` // 0 is for ever
	Oldest  struct {
		MaxCandidates int `json:"max_candidate_sequences"`
	} `json:"oldest"`
}

// Config is the configuration of the model.
func (m *Model) Config() Config {
	c := Config{
		Name: m.Name, Platform: m.Platform, Backend: "recur", MaxBatchSize: m.MaxBatch,
		VersionPolicy: map[string]any{"latest": map[string]int{"num_versions": 1}},
	}
	if m.Sessions != nil {
		c.MaxBatchSize = max(1, c.MaxBatchSize)
		c.SequenceBatching = &SequenceBatching{MaxIdle: uint64(m.Sessions.TTL().Microseconds())}
	}
	c.Transaction.Decoupled = m.Generate != nil
	c.Input, c.Output = configTensors(m.Inputs, c.MaxBatchSize > 0), configTensors(m.Outputs, c.MaxBatchSize > 0)
	return c
}

func configTensors(tensors []Tensor, batched bool) []ConfigTensor {
	list := []ConfigTensor{}
	for _, t := range tensors {
		d := t.Shape
		if batched && len(d) > 0 {
			d = d[1:]
		}
		list = append(list, ConfigTensor{t.Name, ConfigType(t.Datatype), append([]int64{}, d...)})
	}
	return list
}

// ConfigType is the name that a datatype has in a Config.
func ConfigType(d Datatype) string {
	if d == BYTES {
		return "TYPE_STRING"
	}
	return "TYPE_" + string(d)
}

func (x *exchange) modelConfig(m *Model) error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	return x.json(200, m.Config())
}

func (x *exchange) modelStats(name, version string) error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	list, err := x.s.ModelStats(name, version)
	if err != nil {
		return err
	}
	return x.json(200, struct {
		ModelStats []Stats `json:"model_stats"`
	}{list})
}

// health answers a probe.
func (x *exchange) health(ok bool) error { return x.probe(ok, 503, nil) }

// A wellJSON tells that something is well, as clients of KServe read it. Those of Triton look at
// the status alone.
type wellJSON struct {
	Live  bool   `json:"live,omitempty"`
	Name  string `json:"name,omitempty"`
	Ready bool   `json:"ready,omitempty"`
}

// ready answers a question of the protocol whether the server, or the model of a name, is
// ready, with Triton's codes.
func (x *exchange) ready(name string, ok bool) error {
	return x.probe(ok, 400, wellJSON{Name: name, Ready: true})
}

func (x *exchange) live() error {
	return x.probe(true, 200, wellJSON{Live: true})
}

func (x *exchange) probe(ok bool, not int, v any) error {
	if done, err := x.method("GET"); done || err != nil {
		return err
	}
	switch {
	case !ok:
		return x.empty(not)
	case v == nil:
		return x.empty(200)
	}
	return x.json(200, v)
}

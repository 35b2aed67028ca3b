package grpc

import (
	"context"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/internal/oip"
)

func (s *service) ServerLive(ctx context.Context, _ *oip.ServerLiveRequest) (*oip.ServerLiveResponse, error) {
	return &oip.ServerLiveResponse{Live: true}, nil
}

func (s *service) ServerReady(ctx context.Context, _ *oip.ServerReadyRequest) (*oip.ServerReadyResponse, error) {
	return &oip.ServerReadyResponse{Ready: s.s.Ready()}, nil
}

func (s *service) ServerMetadata(ctx context.Context, _ *oip.ServerMetadataRequest) (r *oip.ServerMetadataResponse, err error) {
	err = s.call(ctx, oip.GRPCInferenceService_ServerMetadata_FullMethodName, new(serve.Call), func(context.Context) error {
		m := s.s.Metadata()
		r = &oip.ServerMetadataResponse{Name: m.Name, Version: m.Version, Extensions: m.Extensions}
		return nil
	})
	return r, err
}

// model does a request for one model.
func (s *service) model(ctx context.Context, method, name, version string, do func(m *serve.Model) error) error {
	return s.call(ctx, method, &serve.Call{Model: name, Version: version}, func(context.Context) error {
		m, err := s.s.Model(name, version)
		if err != nil {
			return err
		}
		return do(m)
	})
}

// A model that there is not is not ready, which is no error.
func (s *service) ModelReady(ctx context.Context, q *oip.ModelReadyRequest) (r *oip.ModelReadyResponse, err error) {
	err = s.call(ctx, oip.GRPCInferenceService_ModelReady_FullMethodName, &serve.Call{Model: q.Name, Version: q.Version}, func(context.Context) error {
		_, err := s.s.Model(q.Name, q.Version)
		r = &oip.ModelReadyResponse{Ready: err == nil && s.s.Ready()}
		return nil
	})
	return r, err
}

func (s *service) ModelMetadata(ctx context.Context, q *oip.ModelMetadataRequest) (r *oip.ModelMetadataResponse, err error) {
	err = s.model(ctx, oip.GRPCInferenceService_ModelMetadata_FullMethodName, q.Name, q.Version, func(m *serve.Model) error {
		r = &oip.ModelMetadataResponse{Name: m.Name, Versions: s.s.Versions(m.Name), Platform: m.Platform, Inputs: tensors(m.Inputs), Outputs: tensors(m.Outputs)}
		return nil
	})
	return r, err
}

func tensors(all []serve.Tensor) []*oip.ModelMetadataResponse_TensorMetadata {
	var list []*oip.ModelMetadataResponse_TensorMetadata
	for _, t := range all {
		list = append(list, &oip.ModelMetadataResponse_TensorMetadata{Name: t.Name, Datatype: string(t.Datatype), Shape: t.Shape})
	}
	return list
}

func (s *service) ModelConfig(ctx context.Context, q *oip.ModelConfigRequest) (r *oip.ModelConfigResponse, err error) {
	err = s.model(ctx, oip.GRPCInferenceService_ModelConfig_FullMethodName, q.Name, q.Version, func(m *serve.Model) error {
		c := m.Config()
		r = &oip.ModelConfigResponse{Config: &oip.ModelConfig{
			Name: c.Name, Platform: c.Platform, Backend: c.Backend, MaxBatchSize: int32(c.MaxBatchSize),
			ModelTransactionPolicy: &oip.ModelTransactionPolicy{Decoupled: c.Transaction.Decoupled},
		}}
		for _, t := range c.Input {
			r.Config.Input = append(r.Config.Input, &oip.ModelInput{Name: t.Name, DataType: oip.DataType(oip.DataType_value[t.DataType]), Dims: t.Dims})
		}
		for _, t := range c.Output {
			r.Config.Output = append(r.Config.Output, &oip.ModelOutput{Name: t.Name, DataType: oip.DataType(oip.DataType_value[t.DataType]), Dims: t.Dims})
		}
		if b := c.SequenceBatching; b != nil {
			r.Config.SequenceBatching = &oip.ModelSequenceBatching{
				MaxSequenceIdleMicroseconds: b.MaxIdle,
				Oldest:                      &oip.ModelSequenceBatching_StrategyOldest{MaxCandidateSequences: int32(b.Oldest.MaxCandidates)},
			}
		}
		return nil
	})
	return r, err
}

func (s *service) ModelStatistics(ctx context.Context, q *oip.ModelStatisticsRequest) (r *oip.ModelStatisticsResponse, err error) {
	err = s.call(ctx, oip.GRPCInferenceService_ModelStatistics_FullMethodName, &serve.Call{Model: q.Name, Version: q.Version}, func(context.Context) error {
		all, err := s.s.ModelStats(q.Name, q.Version)
		if err != nil {
			return err
		}
		r = new(oip.ModelStatisticsResponse)
		for _, st := range all {
			r.ModelStats = append(r.ModelStats, statistics(st))
		}
		return nil
	})
	return r, err
}

func statistics(st serve.Stats) *oip.ModelStatistics {
	in := &st.InferenceStats
	m := &oip.ModelStatistics{
		Name: st.Name, Version: st.Version, LastInference: uint64(st.LastInference),
		InferenceCount: uint64(st.InferenceCount), ExecutionCount: uint64(st.ExecutionCount),
		InferenceStats: &oip.InferStatistics{
			Success: total(in.Success), Fail: total(in.Fail), Queue: total(in.Queue),
			ComputeInput: total(in.ComputeInput), ComputeInfer: total(in.ComputeInfer), ComputeOutput: total(in.ComputeOutput),
			CacheHit: total(in.CacheHit), CacheMiss: total(in.CacheMiss),
		},
	}
	for _, b := range st.BatchStats {
		m.BatchStats = append(m.BatchStats, &oip.InferBatchStatistics{
			BatchSize: uint64(b.BatchSize), ComputeInput: total(b.ComputeInput), ComputeInfer: total(b.ComputeInfer), ComputeOutput: total(b.ComputeOutput),
		})
	}
	return m
}

func total(t serve.Total) *oip.StatisticDuration {
	return &oip.StatisticDuration{Count: uint64(t.Count), Ns: uint64(t.NS)}
}

func (s *service) RepositoryIndex(ctx context.Context, q *oip.RepositoryIndexRequest) (r *oip.RepositoryIndexResponse, err error) {
	err = s.call(ctx, oip.GRPCInferenceService_RepositoryIndex_FullMethodName, new(serve.Call), func(context.Context) error {
		r = new(oip.RepositoryIndexResponse)
		for _, e := range s.s.Index(q.Ready) {
			r.Models = append(r.Models, &oip.RepositoryIndexResponse_ModelIndex{Name: e.Name, Version: e.Version, State: e.State, Reason: e.Reason})
		}
		return nil
	})
	return r, err
}

func (s *service) RepositoryModelLoad(ctx context.Context, q *oip.RepositoryModelLoadRequest) (r *oip.RepositoryModelLoadResponse, err error) {
	err = s.change(ctx, oip.GRPCInferenceService_RepositoryModelLoad_FullMethodName, q.ModelName, q.Parameters, s.s.Load)
	return new(oip.RepositoryModelLoadResponse), err
}

func (s *service) RepositoryModelUnload(ctx context.Context, q *oip.RepositoryModelUnloadRequest) (*oip.RepositoryModelUnloadResponse, error) {
	err := s.change(ctx, oip.GRPCInferenceService_RepositoryModelUnload_FullMethodName, q.ModelName, q.Parameters, s.s.Unload)
	return new(oip.RepositoryModelUnloadResponse), err
}

// change loads or unloads. Configurations and files are never taken from a request.
func (s *service) change(ctx context.Context, method, name string, parameters map[string]*oip.ModelRepositoryParameter, do func(context.Context, string) error) error {
	return s.call(ctx, method, &serve.Call{Model: name}, func(ctx context.Context) error {
		if !s.s.Options().AllowLoad {
			return &serve.Error{Class: serve.Unavailable, Text: "explicit model load / unload is not allowed here"}
		}
		for k := range parameters {
			if k != "unload_dependents" {
				return invalid("parameter %s is not supported: a model is loaded as the server has it", quoted(k))
			}
		}
		return do(ctx, name)
	})
}

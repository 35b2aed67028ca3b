// Package recur is the front page of recur: recurrent neural networks in Go, to build,
// train, stream and serve models of sequences, with no Python and no cgo.
//
// Write one step; the rest follows. A cell, package [github.com/recur-go/recur/rnn], is a
// function from an input and a state to an output and the next state. From it alone come
// the unroll over time, gradients, sequences of different lengths, stacks, both directions
// and streams whose state can be saved.
//
// # To train a model of files
//
// The packages under task do what the command recur does: forecast, classify, lm,
// translate, caption and music. Each has a Config, Fit on files, Train on values in memory,
// and a Model that is one file.
//
// # To build a network
//
//   - rnn: cells and what runs them; rnn/rnntest checks a cell of your own; rnn/tf1 has the
//     cells of TensorFlow 1
//   - seq2seq: encoder and decoder, attention, greedy and beam search
//   - tensor, grad, nn: dense arrays, a tape of operations, layers and losses
//   - optim, train: optimisers, and the loop with checkpoints that resume bit for bit
//   - model: a model is one file
//   - data: tables, series, labelled examples, calendars, tokens
//
// # To serve models that keep their state
//
//   - session: the states of many sessions apart from the model that steps them, in batches,
//     by name, in a folder that survives kill -9
//   - serve: a http.Handler for models and sessions, by the Open Inference Protocol, lines of
//     JSON, WebSocket and frames of bytes; serve/tasks opens model files, serve/grpc answers
//     gRPC, serve/client has sessions that resume by themselves
//
// # To use a model from elsewhere
//
// Package [github.com/recur-go/recur/interchange] reads, runs and writes models of PyTorch,
// Keras, TensorFlow and ONNX.
//
// # The command
//
//	go run github.com/recur-go/recur/cmd/recur@latest forecast
//
// forecasts the monthly airline passengers of 1949-1960, recur serve serves models, and
// recur --help lists the rest.
package recur

import _ "embed"

// Notice names the works that the command recur links or embeds, and their licences.
//
//go:embed NOTICE
var Notice string

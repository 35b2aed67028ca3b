// Package oip is the wire of the Open Inference Protocol v2 over gRPC: the messages and the
// service of oip.proto.
//
// It is kept apart from the registry of protobuf, so that a program may link another copy of
// the protocol beside it.
package oip

//go:generate sh generate.sh

#!/bin/sh
# Makes oip.pb.go and oip_grpc.pb.go of oip.proto. It needs Python with grpcio-tools==1.81.1,
# which brings protoc, and the network for the two plugins.
set -eu
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOBIN=$bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN=$bin go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
PATH=$bin:$PATH "${PYTHON:-python3}" -m grpc_tools.protoc -I. \
	--go_out=paths=source_relative:. --go-grpc_out=paths=source_relative:. oip.proto

# The messages are kept out of the registry of the process: a program that links another
# copy of the protocol, a client of Triton's say, would not start for two of one name.
sed -i 's/^\tout := protoimpl.TypeBuilder{$/&\n\t\tTypeRegistry: new(protoregistry.Types),/
s/^\t\tFile: protoimpl.DescBuilder{$/&\n\t\t\tFileRegistry: new(protoregistry.Files),/
s/^\tprotoimpl "google.golang.org\/protobuf\/runtime\/protoimpl"$/\tprotoregistry "google.golang.org\/protobuf\/reflect\/protoregistry"\n&/' oip.pb.go
gofmt -w oip.pb.go oip_grpc.pb.go

# One static binary and nothing else. Mount a folder to read from and write to:
#
#   docker build -t recur .
#   docker run --rm -u "$(id -u)" -v "$PWD:/data" recur forecast sales.csv --horizon 12
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /recur ./cmd/recur

FROM scratch
COPY --from=build /recur /recur
COPY LICENSE NOTICE /
WORKDIR /data
USER 65532:65532
ENTRYPOINT ["/recur"]

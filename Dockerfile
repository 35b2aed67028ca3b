# One static binary and nothing else. Mount a folder to read from and write to:
#
#   docker build -t recur .
#   docker run --rm -u "$(id -u)" -v "$PWD:/data" recur forecast sales.csv --horizon 12
#
# A server, which deploy/compose.yaml has with all that belongs to it:
#
#   docker run -p 127.0.0.1:8000:8000 -v states:/data recur serve --listen 0.0.0.0:8000 --insecure-public --sessions sessions
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /recur ./cmd/recur && mkdir /empty

FROM scratch
COPY --from=build /recur /recur
COPY LICENSE NOTICE /
COPY --from=build --chown=65532:65532 /empty /data
WORKDIR /data
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s CMD ["/recur", "ps", "--check"]
ENTRYPOINT ["/recur"]

package tasks

import _ "embed"

// OpenAPI describes what a server with Handle answers, in OpenAPI 3.1.
//
//go:embed openapi.json
var OpenAPI []byte

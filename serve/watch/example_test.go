package watch_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/watch"
	"github.com/recur-go/recur/session"
)

// A folder of models is served. Package tasks opens model files; here a file is only a name.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "meter.onnx"), nil, 0o600); err != nil {
		log.Fatal(err)
	}
	r := watch.New(watch.Options{
		Open: func(_ context.Context, path, name, version string, _ session.TableOptions) (*serve.Model, error) {
			return &serve.Model{Name: name, Version: version, Infer: func(_ context.Context, in []serve.Value) ([]serve.Value, error) {
				return in, nil
			}}, nil
		},
		IsModel: func(path string, folder bool) bool { return filepath.Ext(path) == ".onnx" },
		OnEvent: func(e watch.Event) { fmt.Println(e.Kind == watch.Loaded, e.Model, e.Version) },
	})
	s := serve.New(serve.Options{Repository: r})
	r.Serve(s)
	r.Set(watch.Source{Path: dir})
	ctx := context.Background()
	if err := r.Scan(ctx); err != nil { // Run does that again and again
		log.Fatal(err)
	}
	fmt.Println(len(s.Models()))
	if err := r.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// true meter 1
	// 1
}

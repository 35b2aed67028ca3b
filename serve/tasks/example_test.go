package tasks_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/tasks"
)

// A file of a classifier is served: whole texts in plain JSON, and tokens one by one in sessions.
func Example() {
	m, err := tasks.Open(readerFile(), tasks.Options{Name: "films"})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Sessions.Close(context.Background())
	s := serve.New(serve.Options{})
	if err := s.Add(m); err != nil {
		log.Fatal(err)
	}
	tasks.Handle(s)
	web := httptest.NewServer(s)
	defer web.Close()
	resp, err := http.Post(web.URL+"/v1/classify", "application/json", strings.NewReader(`{"text": "the film is good"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	text, _, _ := strings.Cut(string(b), `,"probabilities"`)
	fmt.Println(text)
	// Output: {"model":"films","label":"good"
}

package host_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/recur-go/recur/serve/host"
)

// Servers of several addresses fail and end together.
func ExampleGroup() {
	var g host.Group
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		l, err := host.Listen(address)
		if err != nil {
			log.Fatal(err)
		}
		g.Serve(&http.Server{Handler: http.NotFoundHandler()}, l, nil)
	}
	select {
	case err := <-g.Failed():
		log.Fatal(err)
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(g.Shutdown(ctx))
	// Output: <nil>
}

// Addresses that other machines reach need a token or the user's word.
func ExampleLoopback() {
	for _, address := range []string{"127.0.0.1:8000", "localhost:8000", "unix:/run/recur.sock", "0.0.0.0:8000", ":8000"} {
		fmt.Println(address, host.Loopback(address))
	}
	// Output:
	// 127.0.0.1:8000 true
	// localhost:8000 true
	// unix:/run/recur.sock true
	// 0.0.0.0:8000 false
	// :8000 false
}

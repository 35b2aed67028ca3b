package labelled_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/recur-go/recur/data/labelled"
)

// The phrases of a tree of the Stanford Sentiment Treebank, good or bad.
func ExampleReadFrom() {
	trees := strings.NewReader("(3 (2 It) (4 (2 's) (4 good)))\n")
	o := labelled.Options{Phrases: true, Map: map[string]string{"0": "bad", "1": "bad", "2": "", "3": "good", "4": "good"}}
	for e, err := range labelled.ReadFrom(trees, "trees.txt", o) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Labels[0], e.Tokens)
	}
	// Output:
	// good [It 's good]
	// good ['s good]
	// good [good]
}

package memory_test

import (
	"context"
	"fmt"
	"log"

	"github.com/recur-go/recur/task"
	"github.com/recur-go/recur/task/memory"
)

func ExampleTrain() {
	c, err := memory.Preset(memory.Adding, 6)
	if err != nil {
		log.Fatal(err)
	}
	c.Hidden, c.Rate, c.Steps, c.Enough = 32, 1e-2, 500, 1e-3
	_, result, err := memory.Train(context.Background(), c, task.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Baseline() > 0.16, result.Loss < 0.02)
	// Output: true true
}

package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"os"

	"github.com/recur-go/recur/rnn"
	"github.com/recur-go/recur/session"
)

// newLSTM is a model of 2 inputs and 3 outputs.
func newLSTM() *session.Model {
	r, err := rnn.NewRunner(rnn.NewLSTM(rand.New(rand.NewPCG(1, 2)), 2, 3), rnn.Single)
	if err != nil {
		log.Fatal(err)
	}
	return session.New(r, session.Options{})
}

// Sessions by name, kept in a folder: a second table goes on where the first one ended.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	for range 2 {
		store, err := session.OpenFolder(dir, session.FolderOptions{})
		if err != nil {
			log.Fatal(err)
		}
		t := session.NewTable(newLSTM(), session.TableOptions{Store: store, Save: session.SaveEach})
		for range 2 {
			if _, err := t.Step(ctx, "kitchen", 0, nil, []session.Float{0.5, -1}); err != nil {
				log.Fatal(err)
			}
		}
		info, err := t.Info(ctx, "kitchen")
		fmt.Println(info.ID, info.Steps, err)
		if err := errors.Join(t.Close(ctx), store.Close()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// kitchen 2 <nil>
	// kitchen 4 <nil>
}

// A step with a number is safe to repeat.
func ExampleTable_Step() {
	t := session.NewTable(newLSTM(), session.TableOptions{})
	defer t.Close(context.Background())
	ctx, x := context.Background(), []session.Float{0.5, -1}
	first, err := t.Step(ctx, "a", 1, nil, x)
	if err != nil {
		log.Fatal(err)
	}
	again, err := t.Step(ctx, "a", 1, nil, x) // as a client does that has not got the answer
	fmt.Println(first[0] == again[0], err)
	_, err = t.Step(ctx, "a", 5, nil, x)
	fmt.Println(err)
	// Output:
	// true <nil>
	// step 5 does not follow: the session has done 1; go on with step 2
}

// A fork goes on from the same state by itself, and an export can be put in anywhere.
func ExampleTable_Fork() {
	t := session.NewTable(newLSTM(), session.TableOptions{})
	defer t.Close(context.Background())
	ctx, x := context.Background(), []session.Float{0.5, -1}
	if _, err := t.Step(ctx, "a", 0, nil, x); err != nil {
		log.Fatal(err)
	}
	if err := t.Fork(ctx, "a", "b"); err != nil {
		log.Fatal(err)
	}
	blob, err := t.Export(ctx, "a")
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Import(ctx, "c", blob); err != nil {
		log.Fatal(err)
	}
	if err := t.Delete(ctx, "a"); err != nil {
		log.Fatal(err)
	}
	for info, err := range t.All(ctx, "") {
		fmt.Println(info.ID, info.Steps, err)
	}
	// Output:
	// b 1 <nil>
	// c 1 <nil>
}

// Sessions without names or a table: the steps of many are a batch, each with the bits that
// it would have alone.
func ExampleModel_StepAll() {
	m := newLSTM()
	ctx := context.Background()
	steps := []session.Step{
		{Session: m.New(), X: []session.Float{1, 0}},
		{Session: m.New(), X: []session.Float{0, 1}},
	}
	if err := m.StepAll(ctx, steps); err != nil {
		log.Fatal(err)
	}
	alone, err := m.Step(ctx, m.New(), nil, []session.Float{0, 1})
	fmt.Println(alone[2] == steps[1].Y[2], err)
	// Output: true <nil>
}

// A session that is saved goes on in another one of the same model.
func ExampleSession_MarshalBinary() {
	m := newLSTM()
	ctx, x := context.Background(), []session.Float{0.5, -1}
	s := m.New()
	if _, err := m.Step(ctx, s, nil, x); err != nil {
		log.Fatal(err)
	}
	blob, err := s.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	t := m.New()
	if err := t.UnmarshalBinary(blob); err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Steps())
	// Output: 1
}

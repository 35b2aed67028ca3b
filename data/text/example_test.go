package text_test

import (
	"fmt"
	"slices"

	"github.com/recur-go/recur/data/text"
)

func ExampleLearn() {
	lines := []string{"the cat sat.", "the dog sat!"}
	c, err := text.Learn(slices.Values(lines), text.Options{Kind: text.Words})
	if err != nil {
		panic(err)
	}
	ids := c.Encode("the bird sat.")
	fmt.Println(c.Size(), ids, c.Decode(ids))
	// Output: 9 [4 0 3 8] the <unk> sat.
}

func ExampleCodec_Tokens() {
	c, err := text.Learn(slices.Values([]string{"영화"}), text.Options{Kind: text.Jamo})
	if err != nil {
		panic(err)
	}
	tokens := c.Tokens("영화")
	fmt.Println(len(tokens), c.Decode(c.Encode("화영")))
	// Output: 5 화영
}

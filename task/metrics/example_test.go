package metrics_test

import (
	"fmt"

	"github.com/recur-go/recur/task/metrics"
)

func ExampleBLEU() {
	said := []string{"The cat sat on the mat.", "A dog barks."}
	right := []string{"The cat sat on a mat.", "The dog barks."}
	fmt.Println(metrics.BLEU(said, metrics.Tok13a, right))
	fmt.Printf("chrF2 = %.2f\n", metrics.ChrF(said, right))
	// Output:
	// BLEU = 46.50 81.8/66.7/42.9/20.0 (BP = 1.000 ratio = 1.000 hyp_len = 11 ref_len = 11)
	// chrF2 = 70.87
}

func ExampleNewConfusion() {
	c := metrics.NewConfusion(2, []int{0, 0, 1, 1}, []int{0, 1, 1, 1})
	fmt.Printf("accuracy %.2f, macro F1 %.3f\n", c.Accuracy(), c.MacroF1())
	// Output: accuracy 0.75, macro F1 0.733
}

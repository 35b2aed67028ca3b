package sets_test

import (
	"fmt"
	"testing"

	"github.com/recur-go/recur/data/sets"
)

func TestSets(t *testing.T) {
	want := map[string]struct {
		n          int
		start, end string
		sum        float64
	}{
		"airline":  {144, "1949-01-01", "1960-12-01", 40363},
		"sunspots": {2820, "1749-01-01", "1983-12-01", 144570},
	}
	for _, s := range sets.All() {
		tab, err := s.Table()
		if err != nil {
			t.Fatal(err)
		}
		y, sum := tab.Series[0], 0.0
		for _, v := range y.Y {
			sum += v
		}
		w := want[s.Name]
		if len(y.Y) != w.n || y.Freq.String() != "M" || y.Start.String() != w.start || y.Time(w.n-1).String() != w.end || sum < w.sum-1 || sum > w.sum+1 {
			t.Errorf("%s: %d values from %v to %v (%v), sum %v", s.Name, len(y.Y), y.Start, y.Time(len(y.Y)-1), y.Freq, sum)
		}
		if s.Title == "" || s.Source == "" || s.Unit == "" {
			t.Errorf("%s says too little of itself", s.Name)
		}
	}
	if _, err := sets.Find("stocks"); err == nil {
		t.Error("a set that is not there was found")
	}
}

func ExampleFind() {
	s, err := sets.Find("airline")
	if err != nil {
		fmt.Println(err)
		return
	}
	table, err := s.Table()
	fmt.Println(s.Title, err)
	fmt.Println(table.Series[0].Y[:4])
	// Output:
	// Monthly international airline passengers, 1949-1960 <nil>
	// [112 118 132 129]
}

func TestDigits(t *testing.T) {
	for test, want := range map[bool]struct {
		n     int
		first string
	}{false: {3000, "[5 0 4 1 9]"}, true: {600, "[7 2 1 0 4]"}} {
		images, labels, err := sets.Digits(test)
		if err != nil {
			t.Fatal(err)
		}
		if images.Dims[0] != want.n || labels.Dims[0] != want.n || len(images.Data) != want.n*28*28 || fmt.Sprint(labels.Data[:5]) != want.first {
			t.Errorf("%v images, %v labels from %v", images.Dims, labels.Dims, labels.Data[:5])
		}
	}
}

func ExampleDigits() {
	images, labels, err := sets.Digits(false)
	fmt.Println(images.Dims, labels.Data[:3], err)
	// Output: [3000 28 28] [5 0 4] <nil>
}

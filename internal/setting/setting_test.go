package setting

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/recur-go/recur/internal/fault"
)

func TestErrors(t *testing.T) {
	e := Errors{System: "net"}
	e.Count("hidden", 1)
	e.Rate("rate", 1e-3)
	e.Share("dropout", 0)
	e.Levels([]float64{0.5})
	e.Size("layers", 1<<20)
	e.Between("length", 2, 2, 2)
	OneOf(&e, "cell", "gru", "lstm", "gru")
	e.Add(nil)
	if err := e.Err(); err != nil {
		t.Fatal(err)
	}
	own := errors.New("of its own")
	e.Count("hidden", 0)
	e.Rate("rate", math.NaN())
	e.Share("dropout", 1)
	e.Levels([]float64{0.5, 1})
	e.Size("layers", 1<<20+1)
	e.Between("length", 1, 2, 3)
	OneOf(&e, "cell", "gr", "lstm", "gru")
	OneOf(&e, "cell", "ltsm", "lstm", "gru")
	e.If(true, "cell is %q", "brain")
	e.Add(own)
	const want = `net: hidden is 0, want at least 1
net: rate is NaN, want more than 0
net: dropout is 1, want at least 0 and less than 1
net: level 1 is not between 0 and 1
net: layers is 1048577, want 1 to 1048576
net: length is 1, want 2 to 3
net: cell is "gr"; did you mean "gru"?
net: cell is "ltsm"; did you mean "lstm"?
net: cell is "brain"
of its own`
	if err := e.Err(); err.Error() != want || !errors.Is(err, own) || fault.Of(err) != fault.Usage {
		t.Errorf("%v, want %v", err, want)
	}
}

// The name of a setting is that of the user, without the structs that Go has around it.
func TestTakesNames(t *testing.T) {
	type Job struct {
		Horizon int `json:"horizon"`
	}
	var config struct {
		Job
		Net struct {
			Hidden int `json:"hidden"`
		} `json:"net"`
		In int
	}
	for text, want := range map[string]string{`{"horizon": "x"}`: "horizon", `{"net": {"hidden": "x"}}`: "net.hidden", `{"In": "x"}`: "In"} {
		if name, problem, ok := Takes(json.Unmarshal([]byte(text), &config)); name != want || problem != "takes a whole number, not text" || !ok {
			t.Errorf("%s: %q %q, want %q", text, name, problem, want)
		}
	}
}

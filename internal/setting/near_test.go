package setting

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/recur-go/recur/internal/fault"
)

func TestNearest(t *testing.T) {
	known := []string{"forecast", "classify", "generate", "gru", "lstm"}
	for name, want := range map[string]string{
		"forcast": "forecast", "calssify": "classify", "LSTM": "lstm", "genrate": "generate", "gur": "gru", "fore": "forecast",
		"g": "", "": "", "brain": "", "ltsm": "lstm", "Classification": "", strings.Repeat("lstm", 1000): "",
	} {
		if got, ok := Nearest(name, known); got != want || ok != (want != "") {
			t.Errorf("%q is near %q, want %q", name, got, want)
		}
	}
	if near, ok := Nearest("forecast", []string{}); ok {
		t.Errorf("of no names %q is near", near)
	}
}

func TestUnknown(t *testing.T) {
	type kind string
	for name, want := range map[kind]string{
		"gruu": `there is no cell "gruu"; did you mean "gru"?`,
		"net":  `there is no cell "net"; choose from gru, lstm`,
	} {
		if err := Unknown("cell", name, []kind{"gru", "lstm"}); err.Error() != want || fault.Of(err) != fault.Usage {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := Unknown("cell", kind(strings.Repeat("x\n", 1e5)), []kind{"gru"}); len(err.Error()) > 100 {
		t.Errorf("the input is quoted at length: %d bytes", len(err.Error()))
	}
}

func TestCut(t *testing.T) {
	for s, want := range map[string]string{"short": "short", "a\nb": "a…", strings.Repeat("한", 70): strings.Repeat("한", 59) + "…"} {
		if got := Cut(s); got != want || utf8.RuneCountInString(got) > 60 {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestJSONError(t *testing.T) {
	type config struct {
		Hidden int       `json:"hidden"`
		Seed   uint64    `json:"seed"`
		Rate   float64   `json:"rate"`
		Name   string    `json:"name"`
		On     *bool     `json:"on"`
		Levels []float64 `json:"levels"`
		In     struct {
			N int `json:"n"`
		} `json:"in"`
	}
	for text, want := range map[string]string{
		"":                           "it is empty; give JSON",
		" \n":                        "it is empty; give JSON",
		"{\n  \"hidden\" 3}":         "line 2, column 12: it is not JSON: invalid character '3' after object key",
		`{"hidden": 3`:               "it is JSON that ends too early: a bracket or a quote is left open",
		`{"hidden": "3"}`:            "line 1, column 14: hidden takes a whole number, not text",
		`{"hidden": 3.5}`:            "line 1, column 14: hidden takes a whole number, not 3.5",
		`{"seed": -1}`:               "line 1, column 11: seed takes a whole number from 0, not -1",
		`{"rate": [1]}`:              "line 1, column 10: rate takes a number, not a list",
		`{"name": {}}`:               "line 1, column 10: name takes text, not names with values",
		`{"on": 1}`:                  "line 1, column 8: on takes true or false, not a number",
		`{"levels": true}`:           "line 1, column 15: levels takes a list, not true or false",
		"{\"in\":\n {\"n\": \"x\"}}": "line 2, column 10: in.n takes a whole number, not text",
		`[]`:                         "line 1, column 1: the whole takes names with values, not a list",
		`{"dept": 1}`:                `there is no field "dept"`,
	} {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		err := d.Decode(new(config))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		if got := JSONError([]byte(text), err); got.Error() != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	if JSONError(nil, nil) != nil {
		t.Error("an error of none")
	}
	_, err := json.Marshal(map[string]any{"rate": math.Inf(1)})
	if got, want := JSONError(nil, err).Error(), "a number is +Inf, which JSON does not have"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestQuoted(t *testing.T) {
	many := strings.Split("a b c d e f g h i j k l m n", " ")
	for want, names := range map[string][]string{"": nil, `"a"`: {"a"}, `"a", "\tb"`: {"a", "\tb"}, `"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" and 2 more`: many} {
		if got := Quoted(names); got != want {
			t.Errorf("%q: %s, want %s", names, got, want)
		}
	}
}

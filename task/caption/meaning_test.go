package caption

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParseMeaning(t *testing.T) {
	for in, want := range map[string]string{
		"inform(name='trattoria contadina';pricerange=moderate)": "inform(name='trattoria contadina';pricerange='moderate')",
		"goodbye()":      "goodbye()",
		"?request(food)": "?request(food)",
		"?select(food=dont_care;food='sea food')":                                                                                       "?select(food='dont_care';food='sea food')",
		"inform(name='joe's (old) bar; grill';area=x)":                                                                                  "inform(name='joe's (old) bar; grill';area='x')",
		"inform( battery rating = exceptional ; weight_range=\"light\" )":                                                               "inform(batteryrating='exceptional';weightrange='light')",
		"name[The Vaults], eatType[pub], customer rating[5 out of 5]":                                                                   "(name='The Vaults';eatType='pub';customerrating='5 out of 5')",
		"__start_name__ The Vaults __end_name__ __start_near__ Café Adriatic __end_near__ __start_price__ less than £ 20 __end_price__": "(name='The Vaults';near='Café Adriatic';price='less than £20')",
		`{"act": "inform", "slots": [{"name": "area", "value": "soma"}, {"name": "food"}]}`:                                             "inform(area='soma';food)",
	} {
		m, err := ParseMeaning(in)
		if err != nil || m.String() != want {
			t.Errorf("%s: %v, %v, want %s", in, m, err, want)
		}
	}
	for _, in := range []string{
		"", "inform", "inform(", "inform(name='x'", "(a=b)", "inform(=x)", "inform(a=b) more", "name[x", "name[x] food[y]", "[x]",
		"__start_name__ x", "__start_", "{", `{"acts": 1}`, `{"slots": [{"value": "x"}]}`, "inform(a=\xff)", strings.Repeat("a[b], ", 20000), "f(" + strings.Repeat("a;", 300) + ")",
	} {
		if m, err := ParseMeaning(in); err == nil {
			t.Errorf("%.40q was read as %v", in, m)
		}
	}
	var m Meaning
	if err := json.Unmarshal([]byte(`"inform(area=soma)"`), &m); err != nil || m.Slots[0].Value != "soma" {
		t.Error(m, err)
	}
	b, err := json.Marshal(m)
	var back Meaning
	if err != nil || json.Unmarshal(b, &back) != nil || back.String() != m.String() {
		t.Errorf("%s: %v", b, err)
	}
}

// Whatever is read is also written and read again, but for values that no form of
// quotation can hold.
func FuzzParseMeaning(f *testing.F) {
	for _, s := range []string{"inform(name='a b';area=?;kids=yes)", "name[The Vaults], eatType[pub]", "__start_name__ x __end_name__", `{"act":"a","slots":[{"name":"b"}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMeaning(s)
		if err != nil {
			return
		}
		for _, slot := range m.Slots {
			if slot.Name == "" {
				t.Fatalf("%q: a slot without a name", s)
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseMeaning(string(b))
		if len(b) < maxMeaning && (err != nil || back.String() != m.String()) {
			t.Fatalf("%q: %v, %v after JSON", s, back, err)
		}
	})
}

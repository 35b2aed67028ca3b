package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recur-go/recur/data"
)

// The service trains once, and answers with times and bands.
func TestService(t *testing.T) {
	dir := t.TempDir()
	file, keep := filepath.Join(dir, "sales.csv"), filepath.Join(dir, "m.safetensors")
	var csv, values strings.Builder
	csv.WriteString("ds,y\n")
	for i := range 48 {
		y := 100 + 20*math.Sin(2*math.Pi*float64(i)/12)
		fmt.Fprintf(&csv, "%d-%02d,%.2f\n", 2020+i/12, i%12+1, y)
		fmt.Fprintf(&values, ",%.2f", y)
	}
	if err := os.WriteFile(file, []byte(csv.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := trained(t.Context(), file, keep); err != nil {
		t.Fatal(err)
	}
	m, err := trained(t.Context(), "the file is read no more", keep)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(service(m))
	defer s.Close()
	post := func(body string) (*http.Response, error) {
		return http.Post(s.URL, "application/json", strings.NewReader(body))
	}

	r, err := post(`{"ds":"2020-01","freq":"M","y":[` + values.String()[1:] + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var out struct {
		DS       []data.Time
		Forecast []float64
		Bands    []struct{ Level float64 }
	}
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r.Status, err)
	}
	if len(out.DS) != 12 || out.DS[0].String() != "2024-01-01" || len(out.Bands) != 3 || math.Abs(out.Forecast[3]-120) > 8 {
		t.Errorf("%+v", out)
	}
	for body, want := range map[string]int{
		`{"ds":"2020-01","freq":"M","y":[1,2`:       http.StatusBadRequest,
		`{"ds":"then","freq":"M","y":[1,2]}`:        http.StatusBadRequest,
		`{"ds":"2020-01","freq":"often","y":[1,2]}`: http.StatusBadRequest,
		`{"y":[1,2,3]}`:                      http.StatusUnprocessableEntity,
		`{"ds":"2020-01","freq":"M","y":[]}`: http.StatusUnprocessableEntity,
	} {
		if r, err := post(body); err != nil || r.StatusCode != want {
			t.Errorf("%s: %v, %v, want %d", body, r.Status, err, want)
		}
	}
}

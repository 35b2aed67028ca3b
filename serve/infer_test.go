package serve_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/session"
)

// values of each datatype, as JSON and as bytes.
var values = []struct {
	d    serve.Datatype
	json string
	raw  string
	bad  []string // elements that it cannot hold
}{
	{serve.BOOL, "true,false,true", "\x01\x00\x01", []string{"2", "-1", `"true"`, "null", "1.0"}},
	{serve.UINT8, "0,1,255", "\x00\x01\xff", []string{"256", "-1", "1.5", "1e2", `"1"`, "true"}},
	{serve.UINT16, "0,1,65535", "\x00\x00\x01\x00\xff\xff", []string{"65536", "-1"}},
	{serve.UINT32, "0,1,4294967295", "\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff", []string{"4294967296"}},
	{serve.UINT64, "0,1,18446744073709551615", "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", []string{"18446744073709551616"}},
	{serve.INT8, "-128,0,127", "\x80\x00\x7f", []string{"128", "-129"}},
	{serve.INT16, "-32768,0,32767", "\x00\x80\x00\x00\xff\x7f", []string{"32768"}},
	{serve.INT32, "-2147483648,0,2147483647", "\x00\x00\x00\x80\x00\x00\x00\x00\xff\xff\xff\x7f", []string{"2147483648"}},
	{serve.INT64, "-9223372036854775808,0,9223372036854775807", "\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f", []string{"9223372036854775808"}},
	{serve.FP16, "1,-2,65504", "\x00\x3c\x00\xc0\xff\x7b", []string{"70000", "1e999", "NaN"}},
	{serve.BF16, "1,-2,0.5", "\x80\x3f\x00\xc0\x00\x3f", []string{"1e39"}},
	{serve.FP32, "1,-2.5,0.1", "\x00\x00\x80\x3f\x00\x00\x20\xc0\xcd\xcc\xcc\x3d", []string{"1e39", "1e999", "NaN", "Infinity", "01", "+1", ".5", "1.", "1e", `"1"`, "null", "0x10", "-"}},
	{serve.FP64, "1,-2.5,0.1", "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x04\xc0\x9a\x99\x99\x99\x99\x99\xb9\x3f", []string{"1e999"}},
	{serve.BYTES, `"a","","é\""`, "\x01\x00\x00\x00a\x00\x00\x00\x00\x03\x00\x00\x00é\"", []string{"1", "null", `"\ud800"`, `"\udc00a"`, "\"\xff\"", "\"\n\"", `"\x"`, `"\u12"`}},
}

func TestDatatypesRoundTrip(t *testing.T) {
	for _, v := range values {
		t.Run(string(v.d), func(t *testing.T) {
			s := server(t, serve.Options{}, identity(v.d))
			post := func(inputs, behind, output string) *httptest.ResponseRecorder {
				head := fmt.Sprintf(`{"id":"7","inputs":[%s],"outputs":[{"name":"out"%s}]}`, inputs, output)
				return ask(s, "POST", "/v2/models/same/infer", head+behind, "Inference-Header-Content-Length", strconv.Itoa(len(head)))
			}
			begin := fmt.Sprintf(`{"name":"in","datatype":"%s","shape":[1,3],`, v.d)
			binary := fmt.Sprintf(`%s"parameters":{"binary_data_size":%d}}`, begin, len(v.raw))
			tensor := fmt.Sprintf(`{"model_name":"same","model_version":"1","id":"7","outputs":[{"name":"out","datatype":"%s","shape":[1,3],`, v.d)
			asJSON := tensor + `"data":[` + v.json + `]}]}`
			asBinary := fmt.Sprintf(`%s"parameters":{"binary_data_size":%d}}]}`, tensor, len(v.raw))

			for _, in := range []string{
				begin + `"data":[` + v.json + `]}`,
				begin + `"data":[[` + v.json + `]]}`,
				fmt.Sprintf(`{"data":[ %s ],"shape":[1,3],"name":"in","datatype":"%s"}`, v.json, v.d),
			} {
				if w := post(in, "", ""); w.Body.String() != asJSON {
					t.Errorf("%s\ngave %d %s\nwant %s", in, w.Code, w.Body, asJSON)
				}
				w := post(in, "", `,"parameters":{"binary_data":true}`)
				if w.Body.String() != asBinary+v.raw || w.Header().Get("Inference-Header-Content-Length") != strconv.Itoa(len(asBinary)) {
					t.Errorf("%s\ngave %d %q\nwant %q", in, w.Code, w.Body, asBinary+v.raw)
				}
			}
			if w := post(binary, v.raw, ""); w.Body.String() != asJSON {
				t.Errorf("bytes gave %d %s\nwant %s", w.Code, w.Body, asJSON)
			}
			for _, bad := range v.bad {
				w := post(fmt.Sprintf(`{"name":"in","datatype":"%s","shape":[1,1],"data":[%s]}`, v.d, bad), "", "")
				if want(t, w, 400, "JSON, byte"); t.Failed() {
					t.Fatal(bad)
				}
			}
			if v.d != serve.BYTES {
				want(t, post(binary, v.raw+"\x00", ""), 400, "unexpected additional input data")
			}
			want(t, post(binary, v.raw[:len(v.raw)-1], ""), 400, "binary_data_size")
			if v.d != serve.BYTES {
				w := ask(s, "POST", "/v2/models/same/versions/1/infer", v.raw, "Inference-Header-Content-Length", "0")
				want(t, w, 400, "at most one open dimension")
			}
		})
	}
}

// Shapes and data that do not fit each other, or the model.
func TestTensorsAreChecked(t *testing.T) {
	s := server(t, serve.Options{}, identity(serve.FP32), accumulate(t, 3, session.TableOptions{}))
	in := func(shape, data string) string {
		return `{"inputs":[{"name":"in","datatype":"FP32","shape":` + shape + `,"data":` + data + `}]}`
	}
	for _, c := range []struct {
		body string
		part string // "" is right
	}{
		{in("[2,3]", "[1,2,3,4,5,6]"), ""},
		{in("[2,3]", "[[1,2,3],[4,5,6]]"), ""},
		{in("[0,3]", "[]"), ""},
		{in("[2,0]", "[[],[]]"), ""},
		{in("[2,0]", "[]"), ""},
		{in("[2,3]", "[[1,2,3],[4,5]]"), "ragged"},
		{in("[2,3]", "[[1,2,3],[4,5,6,7]]"), "ragged"},
		{in("[2,3]", "[[1,2,3]]"), "not as many"},
		{in("[2,3]", "[[1,2,3],[4,5,6],[7,8,9]]"), "not as many"},
		{in("[2,3]", "[1,2,3,[4,5,6]]"), "JSON"},
		{in("[2,3]", "[[1,2,3],4]"), "JSON"},
		{in("[2,3]", "[[[1,2,3]],[[4,5,6]]]"), "deeper"},
		{in("[2,3]", "[1,2,3,4,5]"), "not as many"},
		{in("[2,3]", "[1,2,3,4,5,6,7]"), "not as many"},
		{in("[-1,3]", "[1,2,3]"), "negative"},
		{in("[9223372036854775808,3]", "[1,2,3]"), "64 bits"},
		{in("[9223372036854775807,9223372036854775807]", "[1]"), "more elements"},
		{in("[4294967296,4294967296]", "[1]"), "more elements"},
		{in("[1.0,3]", "[1,2,3]"), "whole number"},
		{in(`"[1,3]"`, "[1,2,3]"), "an array"},
		{in("[3]", "[1,2,3]"), "unexpected shape for input 'in' for model 'same'. Expected [-1,-1], got [3]"},
		{in("[9,1]", "[1,2,3,4,5,6,7,8,9]"), "batch-size must be <= 8"},
		{in("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[1]"), "16 dimensions"},
		{`{"inputs":[]}`, "expected 1 inputs but got 0 inputs for model 'same'"},
		{`{}`, "no inputs"},
		{`[]`, "an object"},
		{``, "it ends where"},
		{`{"inputs":[{"name":"z","datatype":"FP32","shape":[1,1],"data":[1]}]}`, "unexpected inference input 'z' for model 'same'"},
		{`{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]},{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]}`, "expected 1 inputs but got 2"},
		{`{"inputs":[{"name":"in","datatype":"FP64","shape":[1,1],"data":[1]}]}`, "data-type is 'FP64', but model 'same' expects 'FP32'"},
		{`{"inputs":[{"name":"in","datatype":"FP33","shape":[1,1],"data":[1]}]}`, "no datatype 'FP33'"},
		{`{"inputs":[{"datatype":"FP32","shape":[1,1],"data":[1]}]}`, "no name"},
		{`{"inputs":[{"name":"in","shape":[1,1],"data":[1]}]}`, "no datatype"},
		{`{"inputs":[{"name":"in","datatype":"FP32","data":[1]}]}`, "no shape"},
		{`{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1]}]}`, "neither data nor"},
		{`{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1],"parameters":{"binary_data_size":4}}]}`, "both data and"},
		{`{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}],"outputs":[{"name":"z"}]}`, "unexpected inference output 'z' for model 'same'"},
		{`{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}],"outputs":[{"name":"out"},{"name":"out"}]}`, "twice"},
		{`{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]} {}`, "the end"},
	} {
		w := ask(s, "POST", "/v2/models/same/infer", c.body)
		status := 400
		if c.part == "" {
			status = 200
		}
		if want(t, w, status, c.part); t.Failed() {
			t.Fatal(c.body)
		}
	}
	want(t, ask(s, "POST", "/v2/models/acc/infer", `{"parameters":{"sequence_id":1,"sequence_start":true},"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}]}`),
		400, "unexpected shape for input 'x' for model 'acc'. Expected [-1,3], got [1,2]")
	want(t, ask(s, "POST", "/v2/models/nil/infer", `{}`), 404, "Request for unknown model: 'nil' is not found")
	want(t, ask(s, "POST", "/v2/models/same/versions/2/infer", `{}`), 404, "version '2'")
	want(t, ask(s, "POST", "/v2/models/same/generate", `{"text_input":"a"}`), 501)
}

// One value whose shape is found from the bytes.
func TestBareTensor(t *testing.T) {
	m := identity(serve.FP32)
	m.Inputs[0].Shape, m.Outputs[0].Shape = []int64{-1, 2}, []int64{-1, 2}
	text := identity(serve.BYTES)
	text.Name = "text"
	text.Inputs[0].Shape = []int64{1}
	s := server(t, serve.Options{}, m, text)
	w := ask(s, "POST", "/v2/models/same/infer", floats(1, 2, 3, 4), "Inference-Header-Content-Length", "0")
	want(t, w, 200, `"shape":[2,2]`, floats(1, 2, 3, 4))
	want(t, ask(s, "POST", "/v2/models/same/infer", floats(1, 2, 3), "Inference-Header-Content-Length", "0"), 400, "12 bytes of data")
	want(t, ask(s, "POST", "/v2/models/text/infer", "hello", "Inference-Header-Content-Length", "0"), 200, "\x05\x00\x00\x00hello")
}

// binary_data_output is for the outputs that do not tell by binary_data.
func TestBinaryDataOutput(t *testing.T) {
	s := server(t, serve.Options{}, identity(serve.FP32))
	in := `"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]`
	for _, c := range []struct {
		body   string
		binary bool
	}{
		{`{"parameters":{"binary_data_output":true},` + in + `}`, true},
		{`{` + in + `,"parameters":{"binary_data_output":true},"outputs":[{"name":"out"}]}`, true},
		{`{` + in + `,"parameters":{"binary_data_output":true},"outputs":[{"name":"out","parameters":{"binary_data":false}}]}`, false},
		{`{` + in + `,"parameters":{"binary_data_output":false},"outputs":[{"name":"out","parameters":{"binary_data":true}}]}`, true},
		{`{` + in + `}`, false},
	} {
		w := ask(s, "POST", "/v2/models/same/infer", c.body)
		want(t, w, 200)
		if got := w.Header().Get("Inference-Header-Content-Length") != ""; got != c.binary {
			t.Errorf("%s: bytes %v", c.body, got)
		}
	}
}

// Several inputs and outputs of a session are one row, one behind the other.
func TestSessionOfSeveralTensors(t *testing.T) {
	m := accumulate(t, 5, session.TableOptions{})
	m.Inputs = []serve.Tensor{{Name: "a", Datatype: serve.INT32, Shape: []int64{-1, 2}}, {Name: "b", Datatype: serve.FP32, Shape: []int64{1, 3}}}
	m.Outputs = []serve.Tensor{{Name: "p", Datatype: serve.FP64, Shape: []int64{-1, 4}}, {Name: "q", Datatype: serve.INT8, Shape: []int64{-1, 1, 1}}}
	s := server(t, serve.Options{}, m)
	body := `{"parameters":{"sequence_id":1,"sequence_start":true},"inputs":[{"name":"b","datatype":"FP32","shape":[1,3],"data":[3,4,500]},{"name":"a","datatype":"INT32","shape":[1,2],"data":[-1,2]}]%s}`
	want(t, ask(s, "POST", "/v2/models/acc/infer", fmt.Sprintf(body, "")), 200,
		`"outputs":[{"name":"p","datatype":"FP64","shape":[1,4],"data":[-1,2,3,4]},{"name":"q","datatype":"INT8","shape":[1,1,1],"data":[127]}]`)
	want(t, ask(s, "POST", "/v2/models/acc/infer", fmt.Sprintf(body, `,"outputs":[{"name":"q"}]`)), 200, `"outputs":[{"name":"q"`)
	steps := `{"inputs":[{"name":"b","datatype":"FP32","shape":[2,3],"data":[0,0,0,1,1,1]},{"name":"a","datatype":"INT32","shape":[2,2],"data":[5,5,6,6]}]}`
	want(t, ask(s, "POST", "/v2/models/acc/sessions/two/steps", steps), 200, `"shape":[2,4],"data":[5,5,0,0,11,11,1,1]`, `"shape":[2,1,1],"data":[0,1]`, `"sequence_step":2`)
}

// Numbers are written so that they are read as the same, and never as NaN.
func TestNumbersOfAnswers(t *testing.T) {
	s := server(t, serve.Options{}, identity(serve.FP32))
	head := `{"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"parameters":{"binary_data_size":4}}]}`
	for raw, text := range map[string]string{
		"\x00\x00\x80\x7f": "", "\x00\x00\xc0\x7f": "", // Inf, NaN
		floats(1e20): "[1e+20]", floats(1e-7): "[1e-07]", floats(123456): "[123456]", floats(-0.5): "[-0.5]", "\x00\x00\x00\x80": "[-0]", "\x01\x00\x00\x00": "[1e-45]",
	} {
		w := ask(s, "POST", "/v2/models/same/infer", head+raw, "Inference-Header-Content-Length", strconv.Itoa(len(head)))
		if text == "" {
			want(t, w, 400, "ask for it with binary_data")
			continue
		}
		want(t, w, 200, `"data":`+text)
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s is not JSON", w.Body)
		}
	}
}

// The reader of JSON agrees with encoding/json on what is valid, but for what it refuses on
// purpose.
func TestStrictJSON(t *testing.T) {
	s := server(t, serve.Options{}, identity(serve.FP32))
	in := `,"inputs":[{"name":"in","datatype":"FP32","shape":[1,1],"data":[1]}]}`
	for _, c := range []struct{ extra, part string }{
		{`"x":[{"a":[null,true,false,-0.5e+3,"\u00e9\ud83d\ude00\n"]},{}]`, ""},
		{`"id":"\u0061"`, ""},
		{`"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31), ""},
		{`"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32), "in one another"},
		{`"x":` + strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32), "in one another"},
		{`"x":{"a":1,"a":2}`, "'a' is there twice"},
		{`"x":{"a":1,"\u0061":2}`, "'a' is there twice"},
		{`"id":"a","id":"b"`, "'id' is there twice"},
		{`"x":"\ud800"`, "surrogate"},
		{`"x":"\ud800\u0041"`, "surrogate"},
		{`"x":"\udc00\ud800"`, "surrogate"},
		{"\"x\":\"\xff\"", "UTF-8"},
		{"\"x\":\"\\n\xff\"", "UTF-8"},
		{"\"x\":\"a\tb\"", "control"},
		{`"x":NaN`, "JSON"},
		{`"x":nul`, "JSON"},
		{`"x":[1,]`, "JSON"},
		{`"x":{"a":1,}`, "JSON"},
		{`"x":{a:1}`, "a key"},
		{`"x":'a'`, "JSON"},
		{`"x":1 /* no */`, "JSON"},
		{`"x":01`, "JSON"},
		{`"x":` + strings.Repeat("9", 1025), "1024 characters"},
		{`"parameters":{"p":1e999}`, "beyond"},
		{`"parameters":{"p":{}}`, "has to be a text"},
		{`"parameters":{"triton_x":1}`, "reserved"},
		{`"parameters":{"p":18446744073709551615,"q":1.5,"r":"a","s":true,"priority":3,"timeout":1000000}`, ""},
		{`"id":null,"parameters":null,"outputs":null,"x":null`, ""},
		{`"parameters":{"headers":{"a":[1]},"b":null}`, ""},
		{`"id":7`, "the id, a text"},
		{`"id":"` + strings.Repeat("a", 1025) + `"`, "1024 bytes"},
	} {
		w := ask(s, "POST", "/v2/models/same/infer", "{"+c.extra+in)
		status := 400
		if c.part == "" {
			status = 200
		}
		if want(t, w, status, c.part); t.Failed() {
			t.Fatalf("%.200s", c.extra)
		}
	}
}

// The memory that a model returns stays the model's.
func TestOutputsOfModelsAreNotWrittenTo(t *testing.T) {
	shape := []int64{1, 1, 1}
	m := identity(serve.FP32)
	m.Infer = func(context.Context, []serve.Value) ([]serve.Value, error) {
		return []serve.Value{{Name: "out", Datatype: serve.FP32, Shape: shape, Data: []byte("abcd")}}, nil
	}
	s := server(t, serve.Options{}, m, accumulate(t, 3, session.TableOptions{}))
	var resp serve.Response
	in := []serve.Value{serve.FloatValue("in", []int64{1, 1}, []serve.Float{1})}
	x := []serve.Value{serve.FloatValue("x", []int64{1, 3}, []serve.Float{1, 2, 3})}
	for range 2 {
		if err := s.Infer(t.Context(), &serve.Request{Model: "same", Inputs: in}, &resp); err != nil {
			t.Fatal(err)
		}
		if err := s.Infer(t.Context(), &serve.Request{Model: "acc", Session: "a", Start: true, Inputs: x}, &resp); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(shape) != "[1 1 1]" {
		t.Errorf("the shape that a model returned became %v", shape)
	}
}

// The longest body makes memory of a few times its length, however many elements its shape
// claims and however short they are.
func TestMemoryOfLongBodies(t *testing.T) {
	s := server(t, serve.Options{}, identity(serve.FP64), accumulate(t, 1, session.TableOptions{}))
	zeros := strings.Repeat("0,", 4_190_000) + "0]"
	for _, c := range [][2]string{
		{"/v2/models/same/infer", `{"inputs":[{"name":"in","datatype":"FP64","shape":[1,2000000000],"data":[` + zeros + `}]}`},
		{"/v2/models/same/infer", `{"inputs":[{"data":[` + zeros + `,"name":"in","datatype":"FP64","shape":[1,2000000000]}]}`},
		{"/v2/models/same/infer", `{"inputs":[{"name":"in","datatype":"FP64","shape":[1,1],"data":[` + zeros + `}]}`},
		{"/v2/models/acc/sessions/a/steps", `{"x":[` + zeros + `}`},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := ask(s, "POST", c[0], c[1])
		runtime.ReadMemStats(&after)
		if want(t, w, 400); after.TotalAlloc-before.TotalAlloc > 64<<20 {
			t.Errorf("%.60s: %d MB for %d MB", c[1], (after.TotalAlloc-before.TotalAlloc)>>20, len(c[1])>>20)
		}
	}
}

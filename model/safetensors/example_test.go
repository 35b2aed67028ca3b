package safetensors_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/recur-go/recur/model/safetensors"
)

func Example() {
	var b bytes.Buffer // or a file
	err := safetensors.Write(&b, map[string]string{"made by": "an example"}, []safetensors.Source{
		safetensors.From("w", []float32{1, 2, 3, 4, 5, 6}, 2, 3),
		safetensors.From("steps", []int64{1000}),
	})
	if err != nil {
		log.Fatal(err)
	}

	f, err := safetensors.NewFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Metadata["made by"])
	for _, t := range f.Tensors {
		fmt.Println(t.Name, t.DType, t.Shape, t.Size(), "bytes")
	}
	w, err := f.Tensor("w").Float32s()
	fmt.Println(w, err)
	// Output:
	// an example
	// steps I64 [] 8 bytes
	// w F32 [2 3] 24 bytes
	// [1 2 3 4 5 6] <nil>
}

func ExampleOpen() {
	f, err := safetensors.Open("testdata/python.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	w := make([]float64, 6)
	if err := safetensors.Read(f.Tensor("f32"), w); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w[:3])
	fmt.Println(f.Tensor("i16").Ints())
	// Output:
	// [0 1 -2.5]
	// [-32768 32767] <nil>
}

package parquet_test

import "testing"

func BenchmarkRead(b *testing.B) {
	files := valid(b, 200_000)
	for _, name := range []string{"snappy, version 1, plain", "snappy, version 1, dictionary", "zstd, version 2, delta"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(files[name])))
			for b.Loop() {
				if _, err := read(files[name]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// read.c says how fast one core reads memory of a given size that it has just read,
// with vectors of 512 bits: the limit of a product with one row.
//
//     gcc -O2 -mavx512f -o read bench/limits/read.c && taskset -c 0 ./read 393216

#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char **argv) {
	long n = argc > 1 ? atol(argv[1]) / 256 * 256 : 0;
	if (n <= 0) {
		fprintf(stderr, "usage: read BYTES, 256 or more\n");
		return 2;
	}
	char *p = aligned_alloc(256, n);
	for (long i = 0; i < n; i++)
		p[i] = i;
	double best = 1e9;
	__m512i s[4] = {0};
	for (int run = 0; run < 3000; run++) {
		double t = now();
		for (long i = 0; i < n; i += 256)
			for (int k = 0; k < 4; k++)
				s[k] = _mm512_or_si512(s[k], _mm512_load_si512(p + i + 64 * k));
		t = now() - t;
		best = t < best ? t : best;
	}
	volatile int used = _mm512_reduce_or_epi32(_mm512_or_si512(_mm512_or_si512(s[0], s[1]), _mm512_or_si512(s[2], s[3])));
	(void)used;
	printf("%ld bytes in %.3f us, %.1f GB/s\n", n, best * 1e6, n / best / 1e9);
	return 0;
}

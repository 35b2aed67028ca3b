package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// results is the folder of all figures.
const results = "bench/results"

// pages are the texts that have regions.
var pages = []string{"README.md", "README.ko.md", "docs/benchmarks.md", "docs/accuracy.md", "docs/tutorial.md", "docs/tutorial.ko.md"}

// A region of a page is what stands between
//
//	<!-- table NAME ARGUMENT... -->
//	<!-- end -->
//
// and is written by the table of that name, with its words in Korean if the last argument is ko.
var region = regexp.MustCompile(`(?ms)^<!-- table ([^\n]*?) -->\n.*?^<!-- end -->$`)

// korean has the words of the tables in Korean pages.
var korean = strings.NewReplacer(
	"| model |", "| 모델 |", "covers 80 %", "80 % 구간 포함률", "covers 95 %", "95 % 구간 포함률",
	"| forward |", "| 순방향 |", "| training |", "| 학습 |", "forward, lengths from 1 to all steps", "순방향, 길이 1부터 전체까지",
	"training, such lengths", "학습, 같은 길이", "the fastest of all", "가장 빠른 것", "points |", "측정점 |",
	"| steps |", "| 스텝 수 |", "a cell of tape operations", "테이프 연산으로 쓴 셀",
)

// fill writes the regions of a page anew.
func fill(page []byte, tables map[string]table) ([]byte, error) {
	var failed error
	begun := bytes.Count(page, []byte("<!-- table "))
	if n := len(region.FindAll(page, -1)); n != begun {
		return nil, fmt.Errorf("%d regions begin and %d end", begun, n)
	}
	filled := region.ReplaceAllFunc(page, func(old []byte) []byte {
		head, _, _ := bytes.Cut(old, []byte("\n"))
		words := strings.Fields(string(region.FindSubmatch(old)[1]))
		render, ok := tables[words[0]]
		if !ok {
			failed = fmt.Errorf("there is no table %q", words[0])
			return old
		}
		args, translate := words[1:], strings.NewReplacer()
		if n := len(args); n > 0 && args[n-1] == "ko" {
			args, translate = args[:n-1], korean
		}
		body, err := render(args)
		if err != nil {
			failed = fmt.Errorf("table %s: %w", strings.Join(words, " "), err)
			return old
		}
		return slices.Concat(head, []byte("\n"), []byte(translate.Replace(strings.TrimRight(body, "\n"))), []byte("\n<!-- end -->"))
	})
	return filled, failed
}

// writeTables writes the regions of all pages from bench/results.
func writeTables() error {
	tables, err := readTables(results)
	if err != nil {
		return err
	}
	for _, name := range pages {
		page, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		filled, err := fill(page, tables)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if bytes.Equal(page, filled) {
			continue
		}
		if err := write(name, filled); err != nil {
			return err
		}
	}
	return nil
}

package data_test

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"github.com/recur-go/recur/data"
	"github.com/recur-go/recur/internal/fault"
)

func encoded(t testing.TB, e encoding.Encoding, s string) string {
	t.Helper()
	out, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return out
}

func decoded(t *testing.T, r io.Reader) (text, code string) {
	t.Helper()
	f, err := data.NewFile(r, "f")
	if err != nil {
		t.Fatal(err)
	}
	f.Text()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), f.Encoding()
}

func TestKoreanIsFound(t *testing.T) {
	for _, s := range []string{
		"날짜,매출\n2024-01-01,3\n", "text,label\n나쁜 영화,부정\n좋은 영화 똠,긍정\n", "강아지", "TV 광고와 LG전자 제품의 CPU사용량을 봤습니다.",
		"ds,y,기온(℃)\n", strings.Repeat("x", 100_000) + "여기서부터 한국말입니다.\n", strings.Repeat("아버지가 방에 들어가신다. 펲시콜라\n", 20_000), "大韓民國은 민주공화국이다. 대한민국의 주권은 국민에게 있다.",
	} {
		in := encoded(t, korean.EUCKR, s)
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "in halves": iotest.HalfReader(strings.NewReader(in))} {
			if got, code := decoded(t, r); got != s || code != "CP949" {
				t.Errorf("%.40q, %s: %.40q in %q", s, name, got, code)
			}
		}
	}
}

// Where a buffer ends does not matter, be it within a character.
func TestKoreanAcrossBuffers(t *testing.T) {
	for k := 65530; k < 65540; k++ {
		s := strings.Repeat("x", k) + "여기서부터 한국말입니다.\n" + strings.Repeat("다른 말\n", 2000)
		if got, code := decoded(t, strings.NewReader(encoded(t, korean.EUCKR, s))); got != s || code != "CP949" {
			t.Errorf("after %d bytes: %q", k, code)
		}
	}
}

func TestOtherTextsStay(t *testing.T) {
	latin := charmap.Windows1252
	for _, in := range []string{
		"", "ascii alone\n", "한국말은 UTF-8로 씁니다.", "Größe, naïve, 1 °C", "한국말\xff 깨진 글자가 있는 UTF-8", "\xb3\xaa\xbb\xdb\x00\x01",
		encoded(t, latin, "date,temp °C\n2024,1\n"), encoded(t, latin, "Größe;Länge;Übung\n"), encoded(t, latin, "MÄÄRÄ,SÄÄ,ÄÄNI\n"), encoded(t, latin, "PÄÄ,SÄÄ\n"),
		encoded(t, latin, "CRÉÉ À L’ÉTÉ, ÇA VA, ÀÂÁ\n"), encoded(t, latin, "°±²³ ÀÁÂÃ à l’été, señor, ¿qué?\n"), encoded(t, latin, "naïve café, déjà vu\n"), encoded(t, latin, "Ä"), encoded(t, latin, "Ärzte für Ämter in Århus\n"),
		encoded(t, charmap.Windows1251, "Привет, как дела? ЭТО ПРОБА ПЕРА\n"), encoded(t, charmap.ISO8859_7, "Καλημέρα σας, τι κάνετε;\n"), encoded(t, charmap.Windows1250, "Příliš žluťoučký kůň úpěl ďábelské ódy\n"),
		encoded(t, charmap.Windows874, "สวัสดีครับ วันนี้อากาศดีมาก\n"), encoded(t, simplifiedchinese.GBK, "今天天气很好，我们去公园散步吧。\n"), encoded(t, traditionalchinese.Big5, "今天天氣很好，我們去公園散步吧。\n"),
		encoded(t, japanese.ShiftJIS, "今日は天気がいいので、公園を散歩しました。\n"), encoded(t, japanese.EUCJP, "今日は天気がいいので、公園を散歩しました。\n"),
	} {
		if got, code := decoded(t, strings.NewReader(in)); got != in || code != "" {
			t.Errorf("%.60q became %.60q in %q", in, got, code)
		}
	}
}

// All readers of text here take it: tables, JSON lines, .tsf, records and lines.
func TestKoreanIsRead(t *testing.T) {
	path := func(name, s string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(encoded(t, korean.EUCKR, s)), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, s := range map[string]string{
		"a.csv":   "unique_id,ds,y,비고\n서울특별시,2024-01,1,없음\n서울특별시,2024-02,2,없음\n",
		"a.jsonl": `{"unique_id": "서울특별시", "ds": 1, "y": 1}` + "\n" + `{"unique_id": "서울특별시", "ds": 2, "y": 1}` + "\n",
		"a.tsf":   "@attribute series_name string\n@data\n서울특별시:1,2\n",
	} {
		tab, err := data.ReadFile(path(name, s), data.Options{})
		if err != nil || tab.Series[0].ID != "서울특별시" || !strings.Contains(strings.Join(tab.Notes, "\n"), "read as CP949 (Korean)") {
			t.Errorf("%s: %+v, %v", name, tab, err)
		}
	}
	var rows []string
	for _, name := range []string{"b.csv", "b.tsv"} {
		sep := map[string]string{"b.csv": ",", "b.tsv": "\t"}[name]
		err := data.Records(path(name, "나쁜 영화"+sep+"부정\n"), func([]string) bool { return false }, func(_ []string, r data.Record) error {
			rows = append(rows, strings.Join(r.Fields, "|"))
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	lines := path("c.txt", "나쁜 영화|부정\n")
	var err error
	for _, line := range data.Lines(lines, &err) {
		rows = append(rows, line)
	}
	if len(rows) != 3 || rows[0] != "나쁜 영화|부정" || rows[1] != rows[0] || rows[2] != rows[0] || err != nil {
		t.Errorf("%q, %v", rows, err)
	}
	if code, err := data.EncodingOf(lines); code != "CP949" || err != nil {
		t.Errorf("%q, %v", code, err)
	}
}

// What is damaged after its beginning is found where it is.
func TestDamagedKorean(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	content := encoded(t, korean.EUCKR, strings.Repeat("아버지가 방에 들어가신다.\n", 10_000)) + "\xff\n"
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	var err error
	for range data.Lines(path, &err) {
	}
	if err == nil || !strings.Contains(err.Error(), "row 10001: is not UTF-8") || fault.Of(err) != fault.Data {
		t.Error(err)
	}
}

// The path - is standard input, packed or not.
func TestStandardInput(t *testing.T) {
	const csv = "ds,y\n2024-01,1\n2024-02,2\n"
	for name, in := range map[string]string{"plain": csv, "gzip": gzipped(csv)} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		stdin := os.Stdin
		os.Stdin = r
		go func() {
			io.WriteString(w, in)
			w.Close()
		}()
		tab, err := data.ReadFile("-", data.Options{})
		os.Stdin = stdin
		if err != nil || len(tab.Series[0].Y) != 2 || tab.Name != "standard input" {
			t.Errorf("%s: %+v, %v", name, tab, err)
		}
	}
}

func gzipped(s string) string {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func FuzzText(f *testing.F) {
	f.Add([]byte(encoded(f, korean.EUCKR, "나쁜 영화, 좋은 영화\n")), 3)
	f.Add([]byte("naïve"), 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		file, err := data.NewFile(strings.NewReader(string(b)), "f")
		if err != nil {
			return
		}
		file.Text()
		out, err := io.ReadAll(file)
		if err == nil && file.Encoding() == "" && !strings.HasPrefix(string(b), "\x1f\x8b") && string(out) != string(b) {
			t.Errorf("%q became %q", b, out)
		}
	})
}

package data

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// marks finds out what marks decimals. Where commas separate fields it is a point; elsewhere
// numbers such as 1,5 show that it is a comma, and 1,500 alone may be either. So may 1.500: it is
// read as 1.5 until the others show that its point marks thousands.
type marks struct {
	decimal rune
	open    bool // it is to be found out
	excel   bool // semicolons separate the fields, as in places with decimal commas
	german  bool // dates are written as 31.12.2024

	comma, pointed, loose place // first numbers: with a comma, with a decimal point, with points as of thousands

	sure      bool // a comma can be nothing else
	elsewhere rune // decimal mark of columns that are not used
	columns   []digitsOf
}

// A place is a number and its row; the row is 0 for none.
type place struct {
	row   int
	value string
}

func (p *place) first(row int, s string) {
	if p.row == 0 {
		p.row, p.value = row, strings.Clone(s)
	}
}

// digitsOf counts the numbers of a column whose marks may be of decimals or thousands.
type digitsOf struct {
	loose, zero int // such as 1.201, and those of them that end in 0
	short, long int // whole numbers of at most three digits, and of more
}

// thousands reports whether points mark thousands. One who writes decimals has 2.500 as 2.5, or
// 951.000 for 951.
func (d digitsOf) thousands() bool {
	const enough = 30 // numbers, of which one would have had other decimals
	return d.loose > 0 && d.short > 0 && d.long == 0 && (d.zero > 0 || d.loose >= enough)
}

func newMarks(given, separator rune) marks {
	return marks{decimal: cmp.Or(given, '.'), open: given == 0 && separator != ',', excel: separator == ';'}
}

// learn looks at a number of a column before it is read. It reports whether the number may be
// thousands: what is added of it is to be marked.
func (m *marks) learn(b *Builder, row, column int, s string) (loose bool) {
	if !m.open {
		return false
	}
	s = strings.TrimSpace(s)
	point := strings.IndexByte(s, '.')
	switch {
	case decimalComma(s):
		if m.toComma(b, row, s); m.comma.row == 0 {
			m.comma.first(row, s)
			b.note("numbers have decimal commas")
		}
		m.sure = m.sure || sureComma(s)
	case m.pointed.row > 0 || m.decimal == ',' && point < 0:
	case grouped(s, '.'):
		m.loose.first(row, s)
		if strings.Count(s, ".") > 1 {
			m.toComma(b, row, s)
		}
		m.column(column).add(s)
		return m.decimal == '.'
	case point >= 0 && len(s) > 1 && m.decimal == '.':
		if _, e := number(s, '.'); e == nil {
			m.pointed.first(row, s)
		}
	case wholeNumber(s):
		m.column(column).add(s)
	}
	return false
}

// aside looks at a field of a column that is not used.
func (m *marks) aside(s string) {
	if !m.open || m.elsewhere != 0 {
		return
	}
	switch s = strings.TrimSpace(s); {
	case decimalComma(s) && sureComma(s):
		m.elsewhere = ','
	case !grouped(s, '.') && strings.Count(s, ".") == 1:
		if _, e := number(s, '.'); e == nil {
			m.elsewhere = '.'
		}
	}
}

// mayBe reports whether s is a number, or a missing value, by any mark of decimals that the file may
// have.
func (m *marks) mayBe(s string) bool {
	_, e := value(s, m.decimal)
	if e != nil && m.open {
		_, e = value(s, ',')
	}
	return e == nil
}

// toComma has numbers read with decimal commas from now on, and those before that may be thousands
// as such.
func (m *marks) toComma(b *Builder, row int, s string) {
	if m.decimal == ',' {
		return
	}
	m.decimal = ','
	if m.pointed.row > 0 {
		b.Problem(&Error{Row: row, Value: s, Reason: fmt.Sprintf("has a comma, but the number in row %d has a point", m.pointed.row), Hint: "write all numbers alike, without thousands separators"})
		return
	}
	b.regroup()
}

// settle decides on numbers that may have decimals or thousands, and reports those on which nothing
// does.
func (m *marks) settle(b *Builder) error {
	const hint = "write numbers without thousands separators, or name the decimal mark (--decimal)"
	m.sure = m.sure || m.elsewhere == ','
	switch {
	case m.comma.row > 0 && !m.sure:
		b.Problem(&Error{Row: m.comma.row, Value: m.comma.value, Reason: "may have a decimal or a thousands separator, and no other number in the file shows which", Hint: hint})
	case m.loose.row == 0 || m.pointed.row > 0:
	case m.decimal == ',' || m.thousands():
		b.regroup()
		b.note("points in numbers such as %s mark thousands (--decimal . has them mark decimals)", m.loose.value)
	case m.elsewhere == '.' || slices.ContainsFunc(m.columns, func(d digitsOf) bool { return d.long > 0 && d.loose > 0 }):
	case m.excel:
		b.Problem(&Error{Row: m.loose.row, Value: m.loose.value, Reason: "may have a thousands or a decimal separator, and no other number in the file shows which", Hint: "name the decimal mark: --decimal , has points mark thousands, --decimal . decimals"})
	default:
		b.note("points in numbers such as %s mark decimals (--decimal , has them mark thousands)", m.loose.value)
	}
	return b.err()
}

// thousands reports whether the points of numbers that may be either mark thousands.
func (m *marks) thousands() bool {
	switch {
	case m.elsewhere != 0:
		return m.elsewhere == ','
	case slices.ContainsFunc(m.columns, func(d digitsOf) bool { return d.long > 0 && d.loose > 0 }):
		return false
	}
	return m.german || slices.ContainsFunc(m.columns, digitsOf.thousands)
}

// column is that of a number in the header, the first for tables in which all are of one kind.
func (m *marks) column(i int) *digitsOf {
	for len(m.columns) <= i {
		m.columns = append(m.columns, digitsOf{})
	}
	return &m.columns[i]
}

func (d *digitsOf) add(s string) {
	switch digits := len(strings.TrimLeft(s, "+-")); {
	case strings.Contains(s, "."):
		if d.loose++; s[len(s)-1] == '0' {
			d.zero++
		}
	case digits <= 3:
		d.short++
	default:
		d.long++
	}
}

// sureComma reports whether the comma of a number marks decimals, as it cannot mark thousands.
func sureComma(s string) bool {
	whole, part, _ := strings.Cut(s, ",")
	whole = strings.TrimLeft(whole, "+-")
	return len(part) != 3 || whole == "" || whole[0] == '0' || len(whole) > 3 // 1.201,500 has five
}

// wholeNumber reports whether s is digits alone, with a sign or not.
func wholeNumber(s string) bool {
	s = strings.TrimLeft(s, "+-")
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// germanDate reports whether s begins as 31.12.2024 does.
func germanDate(s string) bool {
	s = strings.TrimSpace(s)
	day, rest, _ := strings.Cut(s, ".")
	month, _, year := strings.Cut(rest, ".")
	return year && len(day) <= 2 && len(month) <= 2 && wholeNumber(day) && wholeNumber(month)
}

// loosely marks the number that was added last to a series, its value or covariate i-1: its point may
// mark thousands.
func (b *Builder) loosely(id string, i int) {
	if o := b.rows[id]; o != nil && len(o.y) > 0 {
		o.loose = append(o.loose, (len(o.y)-1)*(len(b.cols)+1)+i)
	}
}

// regroup reads the numbers that are marked so as thousands.
func (b *Builder) regroup() {
	n := len(b.cols)
	for _, o := range b.rows {
		for _, at := range o.loose {
			k, i := at/(n+1), at%(n+1)-1
			if i < 0 {
				o.y[k] = math.Round(1000 * o.y[k])
				continue
			}
			v := math.Round(1000 * o.x[k*n+i])
			if o.x[k*n+i] = v; o.since[i] == o.rows[k] {
				o.fixed[i] = v
			}
		}
		o.loose = nil
	}
}

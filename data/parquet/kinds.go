package parquet

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/recur-go/recur/data"
)

// isTime reports whether the type of the column is of times, or of texts that may be times.
func (c *column) isTime() bool {
	switch c.kind.(type) {
	case *format.DateType, *format.TimestampType:
		return true
	}
	k := c.leaf.Node.Type().Kind()
	return k == parquet.Int96 || k == parquet.ByteArray && c.isText()
}

// isNumber reports whether the type of the column is of numbers.
func (c *column) isNumber() bool {
	switch c.kind.(type) {
	case *format.DecimalType, *format.Float16Type:
		return true
	case nil, *format.IntType:
		return slices.Contains([]parquet.Kind{parquet.Double, parquet.Float, parquet.Int32, parquet.Int64}, c.leaf.Node.Type().Kind())
	}
	return false
}

// time reads a value by the column's type, by the clock of a zone if there is one.
func (c *column) time(b *data.Builder, v parquet.Value, zone string) (data.Time, *data.Error) {
	if v.IsNull() {
		return data.Time{}, &data.Error{Reason: "is missing", Hint: "every row needs a time"}
	}
	var at time.Time
	switch k := c.kind.(type) {
	case *format.DateType:
		return data.Time{At: time.Unix(int64(v.Int32())*24*3600, 0).UTC()}, nil
	case *format.TimestampType:
		n := v.Int64()
		switch k.Unit.Value.(type) {
		case *format.MilliSeconds:
			at = time.UnixMilli(n)
		case *format.MicroSeconds:
			at = time.UnixMicro(n)
		default:
			at = time.Unix(0, n)
		}
		if zone != "" && k.IsAdjustedToUTC {
			return data.InZone(at, zone), nil
		}
		return data.Time{At: at.UTC()}, nil
	case *format.TimeType:
		return data.Time{}, &data.Error{Reason: "is a time of day without a date", Hint: "store dates, timestamps, or whole numbers"}
	}
	if v.Kind() == parquet.Int96 { // nanoseconds of the day and Julian day, as Spark and Impala write
		n := v.Int96()
		days, nanos := int64(n[2])-2440588, int64(n[1])<<32|int64(n[0])
		return data.Time{At: time.Unix(days*24*3600, nanos).UTC()}, nil
	}
	return b.ParseTime(v.String())
}

// number reads a value by the column's type.
func (c *column) number(b *data.Builder, v parquet.Value) (float64, *data.Error) {
	if v.IsNull() {
		return math.NaN(), nil
	}
	switch k := c.kind.(type) {
	case *format.DecimalType:
		if y, ok := decimal(v, int(k.Scale)); ok {
			return y, nil
		}
	case *format.Float16Type:
		if raw := v.ByteArray(); len(raw) == 2 {
			return half(uint16(raw[0]) | uint16(raw[1])<<8), nil
		}
	case *format.IntType:
		if !k.IsSigned && v.Kind() == parquet.Int32 {
			return float64(uint32(v.Int32())), nil
		}
		if !k.IsSigned && v.Kind() == parquet.Int64 {
			return float64(uint64(v.Int64())), nil
		}
	}
	switch v.Kind() {
	case parquet.Double:
		return v.Double(), nil
	case parquet.Float:
		return float64(v.Float()), nil
	case parquet.Int32:
		return float64(v.Int32()), nil
	case parquet.Int64:
		return float64(v.Int64()), nil
	case parquet.ByteArray:
		if c.isText() {
			return b.ParseValue(v.String())
		}
	}
	return 0, &data.Error{Reason: "is of a type that is not read", Hint: "store values as floats, integers, decimals or text"}
}

// widest is the most bytes of a decimal: those of 76 digits have 32.
const widest = 64

// decimal is a whole number, of which the last digits are behind the point.
func decimal(v parquet.Value, scale int) (float64, bool) {
	var n int64
	switch v.Kind() {
	case parquet.Int32:
		n = int64(v.Int32())
	case parquet.Int64:
		n = v.Int64()
	case parquet.ByteArray, parquet.FixedLenByteArray:
		raw := v.ByteArray() // two's complement, the highest byte first
		if len(raw) == 0 || len(raw) > widest {
			return 0, false
		}
		whole := new(big.Int).SetBytes(raw)
		if raw[0] >= 1<<7 {
			whole.Sub(whole, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
		if !whole.IsInt64() {
			return nearest(whole.String(), scale)
		}
		n = whole.Int64()
	default:
		return 0, false
	}
	if n > -1<<53 && n < 1<<53 && scale >= 0 && scale <= 22 { // both are exact, so that the quotient is the nearest
		return float64(n) / math.Pow10(scale), true
	}
	return nearest(strconv.FormatInt(n, 10), scale)
}

// nearest is the number next to a decimal.
func nearest(digits string, scale int) (float64, bool) {
	y, err := strconv.ParseFloat(fmt.Sprintf("%se%d", digits, -scale), 64)
	return y, err == nil
}

// half is a number of 16 bits: a sign, five bits of exponent, ten of fraction.
func half(b uint16) float64 {
	exponent, fraction := int(b>>10&31), float64(b&1023)
	var y float64
	switch exponent {
	case 0:
		y = math.Ldexp(fraction, -24)
	case 31:
		if y = math.Inf(1); fraction > 0 {
			y = math.NaN()
		}
	default:
		y = math.Ldexp(1024+fraction, exponent-25)
	}
	if b>>15 == 1 {
		y = -y
	}
	return y
}

// isText reports whether the column holds strings.
func (c *column) isText() bool { return c.kind == nil || isString(c.kind) }

func isString(kind format.LogicalTypeValue) bool {
	_, ok := kind.(*format.StringType)
	return ok
}

// Package caption is vector to sequence: it puts into words what a vector means. The
// vector may be features of something seen, in one piece or region by region, or a
// structured meaning: a dialogue act with slots.
package caption

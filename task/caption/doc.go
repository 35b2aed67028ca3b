// Package caption is vector to sequence: it puts into words what a vector means. The
// vector may be features of something seen, in one piece or region by region, or a
// structured meaning: a dialogue act with slots.
//
// Strips are pictures of several handwritten digits side by side, made of images and
// labels in the IDX format of MNIST, with their digits as words: "three seven one", or in
// Korean "삼 칠 일". The digits of a strip stand a random distance apart, from
// a sixth of their width closer to as much farther than in their own pictures.
package caption

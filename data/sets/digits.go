package sets

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/recur-go/recur/data"
)

// The first 3,000 images that MNIST has to train on and the first 600 that it has to
// test on, in 16 greys. MNIST is by Yann LeCun and Corinna Cortes, from handwriting
// collected by NIST; CC BY-SA 3.0, and so are these two files.
var (
	//go:embed digits-images.idx.gz
	digitImages []byte
	//go:embed digits-labels.idx.gz
	digitLabels []byte
)

const digitsToTrain = 3000

// Digits are handwritten digits that ship with recur: images [n, 28, 28] of grey from 0
// to 255, and labels [n] from 0 to 9. Training digits and test digits are by different
// writers. They are the first 3,000 training and 600 test images, in 16 greys, of MNIST
// by Yann LeCun and Corinna Cortes (CC BY-SA 3.0).
func Digits(test bool) (images, labels *data.IDX, err error) {
	if images, err = data.ReadIDX(bytes.NewReader(digitImages), 0); err != nil {
		return nil, nil, fmt.Errorf("digits: %w", err)
	}
	if labels, err = data.ReadIDX(bytes.NewReader(digitLabels), 0); err != nil {
		return nil, nil, fmt.Errorf("digits: %w", err)
	}
	size := images.Dims[1] * images.Dims[2]
	lo, hi := 0, digitsToTrain
	if test {
		lo, hi = digitsToTrain, images.Dims[0]
	}
	images = &data.IDX{Dims: []int{hi - lo, images.Dims[1], images.Dims[2]}, Data: images.Data[lo*size : hi*size]}
	labels = &data.IDX{Dims: []int{hi - lo}, Data: labels.Data[lo:hi]}
	return images, labels, nil
}

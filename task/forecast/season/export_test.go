package season

var Tail = tail

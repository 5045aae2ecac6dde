package effect

import (
	"bytes"
	"testing"
)

func TestMovedByOnePixelEachRowEqualsTheOneBelowItBefore(t *testing.T) {
	const row = 3 * Width
	still, moved := make([]byte, row*Height), make([]byte, row*Height)
	Draw(still, 0)
	Draw(moved, 1)
	if !bytes.Equal(still[:6], []byte{0, 170, 170, 2, 172, 168}) {
		t.Fatal(still[:6])
	}
	if !bytes.Equal(moved[:len(moved)-row], still[row:]) {
		t.Fatal("the moved rows differ")
	}
}

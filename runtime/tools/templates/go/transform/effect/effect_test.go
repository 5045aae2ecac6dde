package effect

import (
	"bytes"
	"testing"
)

func TestBrightPixelsAreInverted(t *testing.T) {
	luma := []byte{16, 99, 100, 235, 255}
	if share := Solarize(luma, 100); share != 60 || !bytes.Equal(luma, []byte{16, 99, 151, 16, 0}) {
		t.Fatal(share, luma)
	}
}

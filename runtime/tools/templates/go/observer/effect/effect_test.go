package effect

import "testing"

func TestBrightnessIsTheMean(t *testing.T) {
	if mean := Brightness([]byte{0, 100, 201}); mean != 100 {
		t.Fatal(mean)
	}
	if mean := Brightness([]byte{255}); mean != 255 {
		t.Fatal(mean)
	}
}

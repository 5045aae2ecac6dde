// Package effect draws pixels. It is independent of Framebox, so that it can be tested alone.
package effect

const Width, Height = 320, 180

// A triangle wave with a period of 256: from 0 up to 254 and down again.
func wave(position int) byte {
	up := 2*(position&255) - 255
	return byte(255 - max(up, -up))
}

// Draw fills red, green and blue of each pixel: diagonal bands, moved by a number of pixels.
func Draw(pixels []byte, moved int) {
	for y := range Height {
		for x := range Width {
			position, pixel := x+y+moved, pixels[3*(y*Width+x):]
			pixel[0], pixel[1], pixel[2] = wave(position), wave(position+85), wave(position+170)
		}
	}
}

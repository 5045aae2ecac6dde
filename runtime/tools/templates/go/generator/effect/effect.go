// Package effect is what is drawn: nothing here knows of Framebox.
package effect

const Width, Height = 320, 180

// From 0 up to 254 and down again, in 256 steps.
func wave(position int) byte {
	up := 2*(position&255) - 255
	return byte(255 - max(up, -up))
}

// Draw fills red, green and blue of each pixel: diagonal bands that have moved so many pixels.
func Draw(pixels []byte, moved int) {
	for y := range Height {
		for x := range Width {
			position, pixel := x+y+moved, pixels[3*(y*Width+x):]
			pixel[0], pixel[1], pixel[2] = wave(position), wave(position+85), wave(position+170)
		}
	}
}

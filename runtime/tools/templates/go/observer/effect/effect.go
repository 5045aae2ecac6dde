// Package effect measures pixels. It is independent of Framebox, so that it can be tested alone.
package effect

// Brightness is the mean of all pixels.
func Brightness(gray []byte) int64 {
	var sum int64
	for _, y := range gray {
		sum += int64(y)
	}
	return sum / int64(len(gray))
}

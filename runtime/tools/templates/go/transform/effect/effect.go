// Package effect changes pixels. It is independent of Framebox, so that it can be tested alone.
package effect

// Solarize inverts the pixels that are at least as bright as the threshold and returns their share of the picture, %.
// In video, black is 16 and white is 235.
func Solarize(luma []byte, threshold byte) int64 {
	var mirrored int64
	for i, y := range luma {
		if y >= threshold {
			luma[i] = 251 - min(y, 251)
			mirrored++
		}
	}
	return 100 * mirrored / int64(len(luma))
}

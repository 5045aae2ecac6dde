// Package effect is what is done to a picture: nothing here knows of Framebox.
package effect

// Solarize mirrors every brightness from the threshold on, as in a negative, and tells how much of the picture that was, %.
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

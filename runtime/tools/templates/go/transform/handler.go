// Mirrors the brightness of what is brighter than a threshold, and tells how much of the picture that is.
package main

import (
	"framebox"
	"framebox/transform"

	"handler/effect"
)

type handler struct{ threshold byte }

// What the page shows: a slider and a gauge.
func (*handler) Describe() framebox.Descriptor {
	return framebox.Describe("{{name}}", "A negative of what is bright",
		[]framebox.Parameter{framebox.Integer("threshold", "Threshold", 16, 235, 128)},
		[]framebox.Spec{framebox.Puts("share", "Mirrored", framebox.AsGauge, "%")})
}

// A session begins, with every parameter; or somebody moved a slider.
func (h *handler) Configure(settings framebox.Settings) error {
	if threshold, ok := settings["threshold"].(int64); ok {
		h.threshold = byte(threshold)
	}
	return nil
}

// Called for each frame.
func (h *handler) Process(input framebox.Frame, out framebox.Output) error {
	size := input.Info().Size
	// As video comes: first the brightness of each pixel, then the colours, at half the width and height.
	pixels := input.Pixels(framebox.I420)
	share := effect.Solarize(pixels[:size.Width*size.Height], h.threshold)
	if err := out.Pixels(size, framebox.I420, pixels); err != nil {
		return err
	}
	return out.Put("share", share)
}

func init() { transform.Export(&handler{}) }

func main() {} // never called: the host calls what is exported

// Inverts the brightness of pixels above a threshold, and reports their share of the picture.
package main

import (
	"framebox"
	"framebox/transform"

	"handler/effect"
)

type handler struct{ threshold byte }

// Describes the handler to the page: a slider and a gauge.
func (*handler) Describe() framebox.Descriptor {
	return framebox.Describe("{{name}}", "Inverts bright pixels",
		[]framebox.Parameter{framebox.Integer("threshold", "Threshold", 16, 235, 128)},
		[]framebox.Spec{framebox.Declare("share", "Inverted", framebox.AsGauge, "%")})
}

// Called with every parameter when a session starts, and with those that change.
func (h *handler) Configure(settings framebox.Settings) error {
	if threshold, ok := settings["threshold"].(int64); ok {
		h.threshold = byte(threshold)
	}
	return nil
}

// Called for each frame.
func (h *handler) Process(input framebox.Frame, out framebox.Output) error {
	size := input.Info().Size
	// The native format of video: the brightness of each pixel, then the colours at half the width and height.
	pixels := input.Pixels(framebox.I420)
	share := effect.Solarize(pixels[:size.Width*size.Height], h.threshold)
	if err := out.Pixels(size, framebox.I420, pixels); err != nil {
		return err
	}
	return out.Put("share", share)
}

func init() { transform.Export(&handler{}) }

func main() {} // never called: the host calls the exports

// Reports the brightness of the video.
package main

import (
	"framebox"
	"framebox/observe"

	"handler/effect"
)

type handler struct {
	interval int64 // time between two values, ms
	due      int64 // time of the next value, µs
}

// Describes the handler to the page: a slider and a gauge.
func (*handler) Describe() framebox.Descriptor {
	return framebox.Describe("{{name}}", "Reports the brightness of the video",
		[]framebox.Parameter{framebox.Integer("interval", "Interval", 100, 5000, 500, "ms")},
		[]framebox.Spec{framebox.Declare("brightness", "Brightness", framebox.AsGauge)})
}

// Called with every parameter when a session starts, and with those that change.
func (h *handler) Configure(settings framebox.Settings) error {
	if interval, ok := settings["interval"].(int64); ok {
		h.interval = interval
	}
	return nil
}

// Called for each frame.
func (h *handler) Consume(input framebox.Frame, out framebox.Output) error {
	now := input.Info().PtsUs
	if now < h.due {
		return nil
	}
	h.due = now + h.interval*1000
	// A small copy is enough, and costs a fraction of the whole picture.
	gray := input.Sample(framebox.Gray8, framebox.Size{Width: 64, Height: 36})
	return out.Put("brightness", effect.Brightness(gray))
}

func init() { observe.Export(&handler{}) }

func main() {} // never called: the host calls the exports

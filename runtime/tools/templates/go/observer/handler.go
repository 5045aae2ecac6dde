// Looks at the video and tells how bright it is.
package main

import (
	"framebox"
	"framebox/observe"

	"handler/effect"
)

type handler struct {
	interval int64 // from one value to the next, ms
	due      int64 // when the next one is, µs
}

// What the page shows: a slider and a gauge.
func (*handler) Describe() framebox.Descriptor {
	return framebox.Describe("{{name}}", "How bright it is",
		[]framebox.Parameter{framebox.Integer("interval", "Interval", 100, 5000, 500, "ms")},
		[]framebox.Spec{framebox.Puts("brightness", "Brightness", framebox.AsGauge)})
}

// A session begins, with every parameter; or somebody moved a slider.
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
	// A small copy tells as much as the whole, and costs a fraction.
	gray := input.Sample(framebox.Gray8, framebox.Size{Width: 64, Height: 36})
	return out.Put("brightness", effect.Brightness(gray))
}

func init() { observe.Export(&handler{}) }

func main() {} // never called: the host calls what is exported

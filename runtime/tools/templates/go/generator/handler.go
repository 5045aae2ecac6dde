// Generates moving bands of colour and reports how far they have moved.
package main

import (
	"time"

	"framebox"
	"framebox/generate"

	"handler/effect"
)

type handler struct {
	speed   int64 // pixels a second
	moved   int64 // millionths of a pixel
	last    time.Duration
	picture [3 * effect.Width * effect.Height]byte
}

// Describes the handler to the page: a slider and a number.
func (*handler) Describe() framebox.Descriptor {
	return framebox.Describe("{{name}}", "Moving bands of colour",
		[]framebox.Parameter{framebox.Integer("speed", "Speed", 0, 500, 60, "px/s")},
		[]framebox.Spec{framebox.Declare("moved", "Moved", framebox.AsNumber, "px")})
}

// Called with every parameter when a session starts, and with those that change.
func (h *handler) Configure(settings framebox.Settings) error {
	if speed, ok := settings["speed"].(int64); ok {
		h.speed = speed
	}
	return nil
}

// Called for each frame, with the time since the stream began.
func (h *handler) Next(now time.Duration, out framebox.Output) error {
	h.moved += (now - h.last).Microseconds() * h.speed
	h.last = now
	pixels := h.moved / 1_000_000
	effect.Draw(h.picture[:], int(pixels%256))
	size := framebox.Size{Width: effect.Width, Height: effect.Height}
	if err := out.Pixels(size, framebox.RGB8, h.picture[:]); err != nil {
		return err
	}
	return out.Put("moved", pixels)
}

func init() { generate.Export(&handler{}) }

func main() {} // never called: the host calls the exports

// Posterize: fewer levels of each colour, and the mean brightness of the input.
package main

import (
	"framebox"
	"framebox/transform"
)

type posterize struct {
	table [256]byte // new value of each byte
}

func (p *posterize) Describe() framebox.Descriptor {
	return framebox.Describe("Posterize", "Fewer levels of each colour",
		[]framebox.Parameter{framebox.Integer("levels", "Levels", 2, 16, 4)},
		[]framebox.Spec{framebox.Declare("mean-brightness", "Mean brightness", framebox.AsNumber)})
}

func (p *posterize) Configure(settings framebox.Settings) error {
	if levels, ok := settings["levels"].(int64); ok {
		for c := range p.table {
			// 255 maps to 255, so alpha needs no special case.
			p.table[c] = byte(int64(c) * levels / 256 * 255 / (levels - 1))
		}
	}
	return nil
}

func (p *posterize) Process(input framebox.Frame, out framebox.Output) error {
	size := input.Info().Size
	pixels := input.Pixels(framebox.RGBA8)
	mean := meanBrightness(pixels, int(size.Width), int(size.Height))
	for i, c := range pixels {
		pixels[i] = p.table[c]
	}
	if err := out.Pixels(size, framebox.RGBA8, pixels); err != nil {
		return err
	}
	return out.Put("mean-brightness", mean)
}

// Samples every 8th pixel of every 8th row.
func meanBrightness(rgba []byte, width, height int) int64 {
	var sum, count int64
	for y := 0; y < height; y += 8 {
		for x := 0; x < width; x += 8 {
			pixel := rgba[4*(y*width+x):]
			sum += (77*int64(pixel[0]) + 150*int64(pixel[1]) + 29*int64(pixel[2])) >> 8
			count++
		}
	}
	return sum / count
}

func init() { transform.Export(&posterize{}) }

func main() {} // never called: the host calls the exports

// Conway's Game of Life; dead cells fade.
package main

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"time"

	"framebox"
	"framebox/generate"
)

const (
	columns, rows = 160, 90
	cell          = 4 // side of a cell, pixels
)

type life struct {
	cells      [rows][columns]uint8 // 255: alive; less: dead and fading
	generation int64
	speed      time.Duration // time between two generations
	due        time.Duration // time of the next generation
	color      color.RGBA
	density    int64
	picture    []byte
}

func (l *life) Describe() framebox.Descriptor {
	return framebox.Describe("Life", "Conway's Game of Life from a random start",
		[]framebox.Parameter{
			framebox.Integer("speed", "Speed", 1, 30, 12, "generations/s"),
			framebox.Integer("density", "Living cells at the start", 5, 80, 25, "%"),
			framebox.Color("color", "Colour of living cells", "#7cfc00"),
			framebox.Button("restart", "Restart"),
		},
		[]framebox.Spec{
			framebox.Declare("alive", "Alive", framebox.AsPlot),
			framebox.Declare("generation", "Generation", framebox.AsNumber),
		})
}

func (l *life) Configure(settings framebox.Settings) error {
	if speed, ok := settings["speed"].(int64); ok {
		l.speed = time.Second / time.Duration(speed)
	}
	if density, ok := settings["density"].(int64); ok {
		l.density = density
	}
	if text, ok := settings["color"].(string); ok {
		if _, err := fmt.Sscanf(text, "#%02x%02x%02x", &l.color.R, &l.color.G, &l.color.B); err != nil {
			return err
		}
	}
	if restart, _ := settings["restart"].(bool); restart || l.picture == nil {
		l.begin()
	}
	return nil
}

// Fills the grid pseudo-randomly, the same each time.
func (l *life) begin() {
	random := rand.New(rand.NewPCG(1970, uint64(l.density)))
	for y := range l.cells {
		for x := range l.cells[y] {
			l.cells[y][x] = 0
			if random.Int64N(100) < l.density {
				l.cells[y][x] = 255
			}
		}
	}
	l.generation = 0
	l.picture = make([]byte, 3*columns*cell*rows*cell)
}

func (l *life) Next(now time.Duration, out framebox.Output) error {
	// After a pause, continues instead of catching up.
	if now-l.due > time.Second {
		l.due = now
	}
	for ; l.due <= now; l.due += l.speed {
		l.step()
	}
	alive := l.draw()
	size := framebox.Size{Width: columns * cell, Height: rows * cell}
	if err := out.Pixels(size, framebox.RGB8, l.picture); err != nil {
		return err
	}
	if err := out.Put("alive", alive); err != nil {
		return err
	}
	return out.Put("generation", l.generation)
}

// Computes the next generation: a cell lives with three neighbours, and survives with two. The grid wraps around.
func (l *life) step() {
	before := l.cells
	for y := range before {
		above, below := &before[(y+rows-1)%rows], &before[(y+1)%rows]
		for x := range before[y] {
			left, right := (x+columns-1)%columns, (x+1)%columns
			around := lives(above[left]) + lives(above[x]) + lives(above[right]) +
				lives(before[y][left]) + lives(before[y][right]) +
				lives(below[left]) + lives(below[x]) + lives(below[right])
			switch is := before[y][x]; {
			case around == 3 || around == 2 && is == 255:
				l.cells[y][x] = 255
			default:
				l.cells[y][x] = uint8(uint(is) * 3 / 5)
			}
		}
	}
	l.generation++
}

func lives(cell uint8) int {
	if cell == 255 {
		return 1
	}
	return 0
}

// Draws the cells and returns the number of living ones.
func (l *life) draw() (alive int64) {
	const stride = 3 * columns * cell
	for y := range l.cells {
		row := l.picture[y*cell*stride : (y*cell+1)*stride]
		for x, is := range l.cells[y] {
			alive += int64(lives(is))
			r, g, b := fade(l.color.R, is), fade(l.color.G, is), fade(l.color.B, is)
			for pixel := row[3*cell*x : 3*cell*(x+1)]; len(pixel) > 0; pixel = pixel[3:] {
				pixel[0], pixel[1], pixel[2] = r, g, b
			}
		}
		for again := 1; again < cell; again++ {
			copy(l.picture[(y*cell+again)*stride:], row)
		}
	}
	return alive
}

func fade(channel, by uint8) uint8 { return uint8(uint(channel) * uint(by) / 255) }

func init() { generate.Export(&life{}) }

func main() {} // never called: the host calls the exports

"""Draws a histogram of the picture's colours into a corner, and reports over- and underexposure.

It analyses a small copy and draws a small patch: the picture itself never enters Python, so this keeps up with any
camera.
"""

import framebox
from wit_world import exports
from wit_world.imports.types import PixelFormat, Rect, Size

# Size of the copy that is analysed, pixels.
SAMPLE = Size(160, 90)
# Number of bars for the values 0 to 255.
BARS = 64
# Size of the graph, pixels: each bar is 4 wide.
WIDTH, HEIGHT = 4 * BARS, 96
# Distance from the picture's edges, pixels.
MARGIN = 16

# The bar of each value.
BAR = bytes(c * BARS // 256 for c in range(256))
# For each row from the top: the heights of bars that reach it.
REACHES = [bytes(255 if height > HEIGHT - 1 - y else 0 for height in range(256)) for y in range(HEIGHT)]


def counts(channel: bytes) -> list[int]:
    """The number of samples in each bar."""
    bars = channel.translate(BAR)
    return [bars.count(bar) for bar in range(BARS)]


def graph(channels: list[list[int]], opacity: int) -> bytes:
    """The bars of red, green and blue, added, as rgba8: white where all three overlap."""
    top = max(max(channel) for channel in channels) or 1
    heights = [bytes(h for count in channel for h in (count * HEIGHT // top,) * 4) for channel in channels]
    drawn = bytearray([0, 0, 0, opacity]) * (WIDTH * HEIGHT)
    for y, reaches in enumerate(REACHES):
        row = slice(4 * WIDTH * y, 4 * WIDTH * (y + 1))
        line = drawn[row]
        for channel, bars in enumerate(heights):
            line[channel::4] = bars.translate(reaches)
        drawn[row] = line
    return bytes(drawn)


def corner(size: Size, name: str) -> Rect:
    """The place of the graph, at even coordinates, where colours are sharp."""
    x = MARGIN if name.endswith("left") else size.width - WIDTH - MARGIN
    y = MARGIN if name.startswith("top") else size.height - HEIGHT - MARGIN
    return Rect(max(x, 0) & ~1, max(y, 0) & ~1, WIDTH, HEIGHT)


class Lifecycle(exports.Lifecycle):
    def describe(self):
        corners = {
            "bottom-right": "Bottom right",
            "bottom-left": "Bottom left",
            "top-right": "Top right",
            "top-left": "Top left",
        }
        return framebox.descriptor(
            "Histogram",
            "Histogram of the picture's colours, and the shares of dark and bright pixels",
            parameters=[
                framebox.choice("corner", "Corner", corners),
                framebox.integer("opacity", "Opacity", 10, 100, default=70, unit="%"),
            ],
            outputs=[
                framebox.output("shadows", "Too dark", "gauge", "%"),
                framebox.output("highlights", "Too bright", "gauge", "%"),
                framebox.output("median", "Median brightness"),
            ],
        )

    def init(self, settings):
        self.configure(settings)

    def configure(self, changed):
        Transform.settings |= framebox.values(changed)

    def close(self):
        pass


class Transform(exports.Transform):
    settings: dict = {}

    def process(self, input, out, budget):
        size = input.info().size
        rgb = input.sample(PixelFormat.RGB8, None, SAMPLE)
        out.show(input)
        if size.width >= WIDTH and size.height >= HEIGHT:
            opacity = self.settings["opacity"] * 255 // 100
            drawn = graph([counts(rgb[c::3]) for c in range(3)], opacity)
            out.patch(corner(size, self.settings["corner"]), PixelFormat.RGBA8, drawn)
        self.report(input.sample(PixelFormat.GRAY8, None, SAMPLE), out)

    def report(self, gray, out):
        """Reports the shares of nearly black and nearly white pixels, and the median brightness."""
        levels = [gray.count(level) for level in range(256)]
        framebox.put(out, "shadows", round(sum(levels[:8]) * 100 / len(gray), 1))
        framebox.put(out, "highlights", round(sum(levels[248:]) * 100 / len(gray), 1))
        framebox.put(out, "median", sorted(gray)[len(gray) // 2])

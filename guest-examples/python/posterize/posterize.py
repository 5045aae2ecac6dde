"""Posterize: fewer levels of each colour, and the mean brightness of the input.

A loop over pixels takes half a second in Python. Native operations are fast: lookup tables (`bytes.translate`), slices with
steps, and arithmetic on large integers.
"""

import framebox
from wit_world import exports
from wit_world.imports.types import PixelFormat


def table(levels: int) -> bytes:
    """The new value of each byte. 255 maps to 255, so the table works for alpha as well."""
    return bytes(c * levels // 256 * 255 // (levels - 1) for c in range(256))


def mean_brightness(rgba: bytes, width: int, height: int) -> int:
    """Samples every 8th pixel of every 8th row."""
    rows = [rgba[y * width * 4 : (y + 1) * width * 4] for y in range(0, height, 8)]
    red, green, blue = (wide(b"".join(row[c::32] for row in rows)) for c in range(3))
    # One sum for each pixel, in 16 bits: 255 * (77 + 150 + 29) is less than 65536.
    count = len(rows) * len(range(0, width, 8))
    sums = (77 * red + 150 * green + 29 * blue).to_bytes(2 * count, "little")
    return sum(sums[1::2]) // count  # the upper byte is the sum >> 8


def wide(samples: bytes) -> int:
    """An integer with 16 bits for each sample, used as a vector."""
    lanes = bytearray(2 * len(samples))
    lanes[::2] = samples
    return int.from_bytes(lanes, "little")


class Lifecycle(exports.Lifecycle):
    def describe(self):
        return framebox.descriptor(
            "Posterize",
            "Fewer levels of each colour",
            parameters=[framebox.integer("levels", "Levels", 2, 16, default=4)],
            outputs=[framebox.output("mean-brightness", "Mean brightness")],
        )

    def init(self, settings):
        self.configure(settings)

    def configure(self, changed):
        Transform.table = table(framebox.values(changed)["levels"])

    def close(self):
        pass


class Transform(exports.Transform):
    table = table(4)

    def process(self, input, out, budget):
        size = input.info().size
        pixels = input.pixels(PixelFormat.RGBA8)
        out.pixels(size, PixelFormat.RGBA8, pixels.translate(Transform.table))
        framebox.put(out, "mean-brightness", mean_brightness(pixels, size.width, size.height))

"""Mirrors the brightness of what is brighter than a threshold, and tells how much of the picture that is."""

import effect
import framebox
from wit_world import exports
from wit_world.imports.types import PixelFormat

threshold = 128


class Lifecycle(exports.Lifecycle):
    def describe(self):
        """What the page shows: a slider and a gauge."""
        return framebox.descriptor(
            "{{name}}",
            "A negative of what is bright",
            parameters=[framebox.integer("threshold", "Threshold", 16, 235, default=128)],
            outputs=[framebox.output("share", "Mirrored", "gauge", "%")],
        )

    def init(self, settings):
        """A session begins: every parameter is given."""
        self.configure(settings)

    def configure(self, changed):
        """Somebody moved a slider."""
        global threshold
        threshold = framebox.values(changed).get("threshold", threshold)

    def close(self):
        pass


class Transform(exports.Transform):
    def process(self, input, out, budget):
        """Called for each frame."""
        size = input.info().size
        # As video comes: first the brightness of each pixel, then the colours, at half the width and height.
        pixels = input.pixels(PixelFormat.I420)
        luma, colors = pixels[: size.width * size.height], pixels[size.width * size.height :]
        out.pixels(size, PixelFormat.I420, effect.solarize(luma, threshold) + colors)
        framebox.put(out, "share", effect.share(luma, threshold))

"""Inverts the brightness of pixels above a threshold, and reports their share of the picture."""

import effect
import framebox
from wit_world import exports
from wit_world.imports.types import PixelFormat

threshold = 128


class Lifecycle(exports.Lifecycle):
    def describe(self):
        """Describes the handler to the page: a slider and a gauge."""
        return framebox.descriptor(
            "{{name}}",
            "Inverts bright pixels",
            parameters=[framebox.integer("threshold", "Threshold", 16, 235, default=128)],
            outputs=[framebox.output("share", "Inverted", "gauge", "%")],
        )

    def init(self, settings):
        """Called with every parameter when a session starts."""
        self.configure(settings)

    def configure(self, changed):
        """Called with the parameters that change."""
        global threshold
        threshold = framebox.values(changed).get("threshold", threshold)

    def close(self):
        pass


class Transform(exports.Transform):
    def process(self, input, out, budget):
        """Called for each frame."""
        size = input.info().size
        # The native format of video: the brightness of each pixel, then the colours at half the width and height.
        pixels = input.pixels(PixelFormat.I420)
        luma, colors = pixels[: size.width * size.height], pixels[size.width * size.height :]
        out.pixels(size, PixelFormat.I420, effect.solarize(luma, threshold) + colors)
        framebox.put(out, "share", effect.share(luma, threshold))

"""Reports the brightness of the video."""

import effect
import framebox
from wit_world import exports
from wit_world.imports.types import PixelFormat, Size

interval_ms = 500
due_us = 0  # time of the next value


class Lifecycle(exports.Lifecycle):
    def describe(self):
        """Describes the handler to the page: a slider and a gauge."""
        return framebox.descriptor(
            "{{name}}",
            "Reports the brightness of the video",
            parameters=[framebox.integer("interval", "Interval", 100, 5000, step=100, default=500, unit="ms")],
            outputs=[framebox.output("brightness", "Brightness", "gauge")],
        )

    def init(self, settings):
        """Called with every parameter when a session starts."""
        self.configure(settings)

    def configure(self, changed):
        """Called with the parameters that change."""
        global interval_ms
        interval_ms = framebox.values(changed).get("interval", interval_ms)

    def close(self):
        pass


class Observe(exports.Observe):
    def consume(self, input, out, budget):
        """Called for each frame."""
        global due_us
        now_us = input.info().pts_us
        if now_us < due_us:
            return
        due_us = now_us + interval_ms * 1000
        # A small copy is enough, and costs a fraction of the whole picture.
        gray = input.sample(PixelFormat.GRAY8, None, Size(64, 36))
        framebox.put(out, "brightness", effect.brightness(gray))

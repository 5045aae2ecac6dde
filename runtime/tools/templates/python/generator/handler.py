"""Generates moving bands of colour and reports how far they have moved."""

import effect
import framebox
from wit_world import exports
from wit_world.imports.types import PixelFormat, Size

speed = 60
last_us = 0
moved = 0  # millionths of a pixel


class Lifecycle(exports.Lifecycle):
    def describe(self):
        """Describes the handler to the page: a slider and a number."""
        return framebox.descriptor(
            "{{name}}",
            "Moving bands of colour",
            parameters=[framebox.integer("speed", "Speed", 0, 500, default=60, unit="px/s")],
            outputs=[framebox.output("moved", "Moved", "number", "px")],
        )

    def init(self, settings):
        """Called with every parameter when a session starts."""
        self.configure(settings)

    def configure(self, changed):
        """Called with the parameters that change."""
        global speed
        speed = framebox.values(changed).get("speed", speed)

    def close(self):
        pass


class Generate(exports.Generate):
    def next(self, now_us, out, budget):
        """Called for each frame, with the time since the stream began, in microseconds."""
        global last_us, moved
        moved += (now_us - last_us) * speed
        last_us = now_us
        pixels = moved // 1_000_000
        out.pixels(Size(effect.WIDTH, effect.HEIGHT), PixelFormat.RGB8, effect.draw(pixels))
        framebox.put(out, "moved", pixels)

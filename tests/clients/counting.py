"""Pictures that carry a number, which survives coding, and shows how the picture was turned.

The number stands in two rows of blocks near the top left corner, 16 bits a row: the second row is the opposite of the
first, so that anything else is not taken for a number.
"""

import asyncio
import fractions
import time

import numpy
from aiortc import MediaStreamTrack
from av import VideoFrame

BITS = 16
BLOCK = 24
EDGE = 16
CLOCK = 90_000


class Camera(MediaStreamTrack):
    """A moving picture with a number that counts from 1, `fps` times a second. `sent` tells when each was taken."""

    kind = "video"

    def __init__(self, width: int = 640, height: int = 480, fps: int = 30) -> None:
        super().__init__()
        self.width, self.height, self.fps = width, height, fps
        self.sent: dict[int, float] = {}
        self._begin: float | None = None
        # Smooth and coloured: easy to code, yet every region differs.
        x, y = numpy.meshgrid(numpy.arange(width), numpy.arange(height))
        self._luma = (64 + x * 96 // width + y * 64 // height).astype(numpy.uint8)
        self._chroma = numpy.full((height // 2, width), 128, numpy.uint8)
        self._chroma[:, : width // 3] = 100

    async def recv(self) -> VideoFrame:
        """The next picture, in time."""
        self._begin = self._begin or time.monotonic()
        number = len(self.sent) + 1
        await asyncio.sleep(max(0.0, self._begin + number / self.fps - time.monotonic()))
        planes = numpy.vstack([numpy.roll(self._luma, number, axis=1), self._chroma])
        draw(planes, number)
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number * CLOCK // self.fps
        frame.time_base = fractions.Fraction(1, CLOCK)
        self.sent[number] = time.monotonic()
        return frame


def draw(luma: numpy.ndarray, number: int) -> None:
    """Draws the lowest bits of `number`, the highest first."""
    for bit in range(BITS):
        on = number >> (BITS - 1 - bit) & 1
        left = EDGE + bit * BLOCK
        luma[EDGE : EDGE + BLOCK, left : left + BLOCK] = 235 if on else 16
        luma[EDGE + BLOCK : EDGE + 2 * BLOCK, left : left + BLOCK] = 16 if on else 235


def read(luma: numpy.ndarray) -> int | None:
    """The number in an unturned picture; None when there is none."""
    number = 0
    for bit in range(BITS):
        left = EDGE + bit * BLOCK
        means = []
        for row in range(2):
            top = EDGE + row * BLOCK
            # The middle of the block: its edges may be blurred.
            means.append(float(luma[top + 6 : top + BLOCK - 6, left + 6 : left + BLOCK - 6].mean()))
        if abs(means[0] - means[1]) < 80:
            return None
        number = number << 1 | (means[0] > means[1])
    return number


TURNS = {
    "none": lambda luma: luma,
    "horizontal": lambda luma: luma[:, ::-1],
    "vertical": lambda luma: luma[::-1],
    "both": lambda luma: luma[::-1, ::-1],
}


def find(frame: VideoFrame) -> tuple[str, int] | None:
    """How the picture was turned, and its number; None when it shows none in any turn."""
    luma = frame.to_ndarray(format="gray")
    for turn, back in TURNS.items():
        number = read(back(luma))
        if number is not None:
            return turn, number
    return None

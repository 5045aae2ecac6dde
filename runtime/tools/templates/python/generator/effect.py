"""Draws pixels. Independent of Framebox, so that it can be tested alone.

Loops over pixels are slow in Python. Each row is a slice of one longer row, and slicing is native.
"""

WIDTH, HEIGHT = 320, 180


def wave(position: int) -> int:
    """A triangle wave with a period of 256: from 0 up to 254 and down again."""
    return 255 - abs(2 * (position & 255) - 255)


# Red, green and blue of 256 rainbow colours, repeated, so that a row can start at any of them.
RAINBOW = bytes(wave(x + shift) for x in range(WIDTH + 256) for shift in (0, 85, 170))


def draw(moved: int) -> bytes:
    """Draws diagonal bands, moved by a number of pixels."""
    starts = (3 * ((y + moved) % 256) for y in range(HEIGHT))
    return b"".join(RAINBOW[start : start + 3 * WIDTH] for start in starts)

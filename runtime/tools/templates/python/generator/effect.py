"""What is drawn: nothing here knows of Framebox.

A loop over pixels is slow in Python. Every row is the same row, moved on: a slice of it, which is native.
"""

WIDTH, HEIGHT = 320, 180


def wave(position: int) -> int:
    """From 0 up to 254 and down again, in 256 steps."""
    return 255 - abs(2 * (position & 255) - 255)


# Red, green and blue of the 256 colours of the rainbow, over and over: a row, wherever in the rainbow it begins.
RAINBOW = bytes(wave(x + shift) for x in range(WIDTH + 256) for shift in (0, 85, 170))


def draw(moved: int) -> bytes:
    """Diagonal bands that have moved so many pixels."""
    starts = (3 * ((y + moved) % 256) for y in range(HEIGHT))
    return b"".join(RAINBOW[start : start + 3 * WIDTH] for start in starts)

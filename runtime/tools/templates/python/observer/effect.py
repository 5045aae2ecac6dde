"""Measures pixels. Independent of Framebox, so that it can be tested alone."""


def brightness(gray: bytes) -> int:
    """The mean, 0 to 255."""
    return sum(gray) // len(gray)

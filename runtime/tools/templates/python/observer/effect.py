"""What is measured: nothing here knows of Framebox."""


def brightness(gray: bytes) -> int:
    """The mean, 0 to 255."""
    return sum(gray) // len(gray)

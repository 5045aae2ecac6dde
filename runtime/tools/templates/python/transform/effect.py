"""Changes pixels. Independent of Framebox, so that it can be tested alone.

A loop over pixels takes half a second in Python; `bytes.translate` looks up every byte natively.
"""


def table(threshold: int) -> bytes:
    """The new value of each brightness: from the threshold on it is inverted.

    In video, black is 16 and white is 235.
    """
    return bytes(y if y < threshold else max(0, 251 - y) for y in range(256))


def solarize(luma: bytes, threshold: int) -> bytes:
    return luma.translate(table(threshold))


def share(luma: bytes, threshold: int) -> int:
    """The share of the picture that is inverted, %."""
    kept = luma.translate(None, delete=bytes(range(threshold, 256)))
    return 100 * (len(luma) - len(kept)) // len(luma)

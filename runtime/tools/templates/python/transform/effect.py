"""What is done to a picture: nothing here knows of Framebox.

A loop over pixels takes half a second in Python. `bytes.translate` looks every byte up in a table, natively.
"""


def table(threshold: int) -> bytes:
    """What becomes of each brightness: from the threshold on it is mirrored, as in a negative.

    In video, black is 16 and white is 235.
    """
    return bytes(y if y < threshold else max(0, 251 - y) for y in range(256))


def solarize(luma: bytes, threshold: int) -> bytes:
    return luma.translate(table(threshold))


def share(luma: bytes, threshold: int) -> int:
    """How much of the picture is mirrored, %."""
    kept = luma.translate(None, delete=bytes(range(threshold, 256)))
    return 100 * (len(luma) - len(kept)) // len(luma)

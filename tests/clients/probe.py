"""What the libraries of FFmpeg find in a video file, as JSON: size, rate, the time and the mean luma of each picture."""

import json
import sys

import av


def luma(frame):
    """The mean of the first plane, without what pads its rows."""
    plane = frame.planes[0]
    rows = bytes(plane)
    width, stride = frame.width, plane.line_size
    total = sum(sum(rows[row * stride : row * stride + width]) for row in range(frame.height))
    return total / (width * frame.height)


with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    seen = {"size": [stream.width, stream.height], "rate": str(stream.average_rate), "times": [], "luma": []}
    for frame in container.decode(stream):
        seen["times"].append(frame.time)
        seen["luma"].append(luma(frame))
print(json.dumps(seen))

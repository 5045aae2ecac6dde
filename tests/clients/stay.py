"""A client that stays until its standard input closes, or until it is killed.

`stay.py BASE SESSION HANDLER [DIRECTION [OPTIONS]]`: DIRECTION is `sendrecv`, `recvonly` or `sendonly`; OPTIONS are
further ones of the offer, as JSON. Each line of standard input is sent through the channel. Prints a line of JSON for
each message of the channel, `{"event": "message", "message": …}` and, twice a second, `{"event": "frames", "count": …,
"size": …, "step": …}`: how many pictures arrived, the size of the last one, and the least difference between the RTP
timestamps of two pictures in a row.
"""

import asyncio
import json
import sys
import threading

from counting import Camera
from peer import Peer, report


async def run(base: str, session: str, handler: str, direction: str = "sendrecv", options: str = "{}") -> None:
    """The client."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    camera = None if direction == "recvonly" else Camera(320, 240, 20)
    peer = Peer(base, session, camera, direction=direction)

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(peer.say, line.strip())
        loop.call_soon_threadsafe(over.set)

    await peer.connect(handler, json.loads(options))
    threading.Thread(target=read, daemon=True).start()
    count = 0
    size = None
    step = None

    async def frames() -> None:
        nonlocal count, size, step
        before = None
        async for frame in peer.frames():
            count += 1
            size = [frame.width, frame.height]
            if before is not None:
                step = min(step or frame.pts - before, frame.pts - before)
            before = frame.pts

    async def messages() -> None:
        reported = 0
        while True:
            for message in peer.messages[reported:]:
                report(event="message", message=message)
            reported = len(peer.messages)
            await asyncio.sleep(0.05)

    async def counts() -> None:
        while True:
            report(event="frames", count=count, size=size, step=step)
            await asyncio.sleep(0.5)

    tasks = [asyncio.create_task(task) for task in (frames(), messages(), counts())]
    await over.wait()
    for task in tasks:
        task.cancel()
    await peer.close()
    report(event="closed", count=count)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))

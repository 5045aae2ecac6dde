"""A client that stays until its standard input closes, or until it is killed.

`stay.py BASE SESSION HANDLER`. Prints a line of JSON for each message of the channel, `{"event": "message", "message": …}`
and, twice a second, `{"event": "frames", "count": …}`: the pictures that came back so far.
"""

import asyncio
import sys
import threading

from counting import Camera
from peer import Peer, report


async def run(base: str, session: str, handler: str) -> None:
    """The client."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    peer = Peer(base, session, Camera(320, 240, 20))
    await peer.connect(handler)
    count = 0

    async def frames() -> None:
        nonlocal count
        async for _ in peer.frames():
            count += 1

    async def messages() -> None:
        told = 0
        while True:
            for message in peer.messages[told:]:
                report(event="message", message=message)
            told = len(peer.messages)
            await asyncio.sleep(0.05)

    async def counts() -> None:
        while True:
            report(event="frames", count=count)
            await asyncio.sleep(0.5)

    tasks = [asyncio.create_task(task) for task in (frames(), messages(), counts())]
    await over.wait()
    for task in tasks:
        task.cancel()
    await peer.close()
    report(event="closed", count=count)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))

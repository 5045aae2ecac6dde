"""Sends numbered pictures to a handler that turns them, and reads which come back, in which order, turned how.

`counter.py BASE SESSION HANDLER PARAMETERS PICTURES [CODEC]`, PARAMETERS being JSON, PICTURES how many are to come back, and CODEC the only one
that is offered; `counter.py --self-test` checks this client
against itself. Prints one line of JSON.
"""

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from counting import TURNS, Camera, find
from peer import Peer, get, prefer, report


async def count(peer: Peer, camera: Camera, wanted: int, settled: asyncio.Future[Any]) -> dict[str, Any]:
    """Counts what comes back until `wanted` numbers were read once the parameters had `settled`."""
    numbers: list[int] = []
    turns: dict[str, int] = {}
    sizes: set[tuple[int, int]] = set()
    latencies: list[float] = []
    unreadable = 0
    async for frame in peer.frames():
        now = time.monotonic()
        if not settled.done():
            continue
        sizes.add((frame.width, frame.height))
        found = find(frame)
        if found:
            turn, number = found
            turns[turn] = turns.get(turn, 0) + 1
            numbers.append(number)
            if number in camera.sent:
                latencies.append(now - camera.sent[number])
        else:
            unreadable += 1
        if len(numbers) >= wanted:
            break
    expected = range(min(numbers, default=0), max(numbers, default=-1) + 1)
    return {
        "numbers": len(numbers),
        "distinct": len(set(numbers)),
        "increasing": all(a < b for a, b in zip(numbers, numbers[1:])),
        "unknown": sum(number not in camera.sent for number in numbers),
        "expected": len(expected),
        "turns": turns,
        "unreadable": unreadable,
        "sizes": sorted(sizes),
        "latency_ms": round(statistics.median(latencies) * 1000) if latencies else None,
    }


async def run(base: str, session: str, handler: str, parameters: dict[str, Any], wanted: int, codec: str) -> None:
    """The case itself."""
    camera = Camera()
    peer = Peer(base, session, camera, codec=codec)
    await peer.connect(handler)
    settled: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def settle() -> None:
        await peer.opened.wait()
        peer.say({"type": "set_parameters", "parameters": parameters, "request": 1})
        answer = await peer.hear(lambda message: message.get("type") == "parameters" and message.get("request") == 1)
        # Pictures from before the change may still be on their way.
        await asyncio.sleep(1)
        settled.set_result(answer)

    setting = asyncio.create_task(settle())
    facts = await asyncio.wait_for(count(peer, camera, wanted, settled), 240)
    await setting
    _, stats = await get(base, f"/sessions/{session}")
    await peer.close()
    report(codec=stats["codec"], answer=settled.result(), skipped=sum(stats["frames"]["skipped"].values()), **facts)


class Mirror(MediaStreamTrack):
    """Turns what another track yields, as the handler would."""

    kind = "video"

    def __init__(self, source: MediaStreamTrack, turn: str) -> None:
        super().__init__()
        self.source, self.turn = source, turn

    async def recv(self) -> Any:
        """The next picture, turned."""
        frame = await self.source.recv()
        planes = frame.to_ndarray(format="yuv420p")
        luma = planes[: frame.height]
        luma[:] = TURNS[self.turn](luma).copy()
        turned = type(frame).from_ndarray(planes, format="yuv420p")
        turned.pts, turned.time_base = frame.pts, frame.time_base
        return turned


async def self_test() -> None:
    """This client with an aiortc peer in the place of the server."""
    for turn in TURNS:
        camera = Camera()
        peer = Peer("", "self", camera)
        other = RTCPeerConnection()
        offer = await peer.offer()

        def track(incoming: MediaStreamTrack, other: RTCPeerConnection = other, turn: str = turn) -> None:
            other.addTrack(Mirror(incoming, turn))

        other.on("track", track)
        await other.setRemoteDescription(RTCSessionDescription(offer["sdp"], offer["type"]))
        prefer(other)
        await other.setLocalDescription(await other.createAnswer())
        await peer.take({"sdp": other.localDescription.sdp, "type": "answer"})
        settled: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        settled.set_result(None)
        facts = await asyncio.wait_for(count(peer, camera, 60, settled), 120)
        assert "a=rtpmap" in offer["sdp"] and "VP8" not in offer["sdp"], "only H.264 is offered"
        assert set(facts["turns"]) == {turn}, facts
        assert facts["increasing"] and facts["unknown"] == 0 and facts["sizes"] == [(640, 480)], facts
        assert facts["distinct"] == facts["numbers"] >= 60, facts
        await asyncio.gather(peer.close(), other.close())
        report(turn=turn, **facts)


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        asyncio.run(self_test())
    else:
        base, session, handler, parameters, wanted, codec = [*sys.argv[1:], "H264"][:6]
        asyncio.run(run(base, session, handler, json.loads(parameters), int(wanted), codec))

"""A client of the server on aiortc: signalling as FastRTC's pages do it, video both ways, the data channel."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

# Nothing leaves the machine. The library itself passes loopback over.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def prefer(connection: RTCPeerConnection, codec: str = "H264") -> None:
    """Offers one codec, its retransmissions, and no other codec."""
    wanted = (f"video/{codec}", "video/rtx")
    codecs = [one for one in RTCRtpSender.getCapabilities("video").codecs if one.mimeType in wanted]
    for transceiver in connection.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences(codecs)


class Peer:
    """One connection. `messages` keeps what came through the channel, `frames` yields the video that comes back."""

    def __init__(
        self,
        base: str,
        session: str,
        track: MediaStreamTrack | None,
        channel: bool = True,
        direction: str = "sendrecv",
        codec: str = "H264",
    ) -> None:
        self.base = base
        self.session = session
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.messages: list[Any] = []
        self._news = asyncio.Condition()
        self._incoming: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
        self.opened = asyncio.Event()
        self.channel = self.connection.createDataChannel("text") if channel else None
        if self.channel:
            self.channel.on("open", self.opened.set)
            self.channel.on("message", self._message)
        if track or direction == "recvonly":
            self.connection.addTransceiver(track or "video", direction=direction)
            prefer(self.connection, codec)
        self.connection.on("track", self._track)

    def _track(self, track: MediaStreamTrack) -> None:
        if not self._incoming.done():
            self._incoming.set_result(track)

    async def _message(self, text: str) -> None:
        async with self._news:
            self.messages.append(json.loads(text))
            self._news.notify_all()

    async def offer(self) -> dict[str, str]:
        """The body of the request, with every candidate in it."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        local = self.connection.localDescription
        return {"sdp": local.sdp, "type": local.type, "webrtc_id": self.session}

    async def take(self, answer: dict[str, str]) -> None:
        """Takes the server's answer."""
        await self.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    async def connect(self, handler: str | None, options: dict[str, str] | None = None) -> None:
        """Offers, and takes the answer."""
        status, body, _ = await post(self.base, await self.offer(), handler, options)
        if status != 200:
            raise RuntimeError(f"the offer was answered with {status}: {body}")
        await self.take(body)

    def say(self, message: Any) -> None:
        """Sends through the channel: text as it is, anything else as JSON."""
        self.channel.send(message if isinstance(message, str) else json.dumps(message))

    async def hear(self, wanted: Callable[[Any], bool], limit: float = 20.0) -> Any:
        """The first message that is `wanted`, be it an earlier one; None when none came in time (seconds)."""

        async def wait() -> Any:
            seen = 0
            async with self._news:
                while True:
                    for message in self.messages[seen:]:
                        if wanted(message):
                            return message
                    seen = len(self.messages)
                    await self._news.wait()

        try:
            return await asyncio.wait_for(wait(), limit)
        except TimeoutError:
            return None

    async def frames(self) -> AsyncIterator[Any]:
        """Every picture that comes back, until the video ends."""
        track = await self._incoming
        while True:
            try:
                yield await track.recv()
            except MediaStreamError:
                return

    async def count_frames(self, wanted: int, limit: float) -> int:
        """Waits until `wanted` pictures came back, at most `limit` seconds; returns how many did."""
        came = 0

        async def count() -> None:
            nonlocal came
            async for _ in self.frames():
                came += 1
                if came == wanted:
                    return

        try:
            await asyncio.wait_for(count(), limit)
        except TimeoutError:
            pass
        return came

    async def close(self) -> None:
        """Ends the connection."""
        await self.connection.close()


def authorization() -> dict[str, str]:
    """The header with the token in the environment, if there is one."""
    token = os.environ.get("FRAMEBOX_TOKEN")
    return {"authorization": f"Bearer {token}"} if token else {}


async def post(
    base: str, body: Any, handler: str | None = None, options: dict[str, str] | None = None
) -> tuple[int, Any, dict[str, str]]:
    """Posts to the signalling route: text as it is, anything else as JSON. Status, body and headers of the answer."""
    query = {**({"handler": handler} if handler else {}), **(options or {})}
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json", **authorization()}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{base}/webrtc/offer", params=query, data=text, headers=headers) as answer:
            try:
                value = await answer.json()
            except (aiohttp.ContentTypeError, json.JSONDecodeError):
                value = await answer.text()
            return answer.status, value, {name.lower(): value for name, value in answer.headers.items()}


async def post_offer(base: str, offer: Any, handler: str | None = None) -> tuple[int, Any]:
    """Status and body."""
    status, body, _ = await post(base, offer, handler)
    return status, body


async def get(base: str, path: str) -> tuple[int, Any]:
    """Status and JSON body."""
    async with aiohttp.ClientSession() as http, http.get(base + path, headers=authorization()) as answer:
        return answer.status, await answer.json(content_type=None)


async def until(what: str, limit: float, look: Callable[[], Any]) -> None:
    """Polls until `look`, awaited, is true; says what did not happen when that takes longer than `limit` seconds."""
    deadline = time.monotonic() + limit
    while not await look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {limit} s")
        await asyncio.sleep(0.1)


def report(**facts: Any) -> None:
    """The line that the test reads."""
    print(json.dumps(facts), flush=True)

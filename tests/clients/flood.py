"""A client that connects, opens its channel, and then makes the server's libraries hold as much as it can.

`flood.py BASE SESSION ATTACK`. Reports `{"event": "ready"}` before, and `{"event": "over", "sent": …, "ended": …}` after it: how
many bytes were sent, and whether the server ended the association. Stays until its standard input closes. ATTACK is one of
the names below.
"""

import asyncio
import itertools
import random
import struct
import sys
import time
from collections.abc import Iterator

from aiortc import rtcsctptransport as sctp
from counting import Camera
from peer import Peer, report

# Bytes and seconds of an attack.
MOST = 48 << 20
LONGEST = 15.0
# A stream that no channel uses.
STREAM = 1001


def data(transport: sctp.RTCSctpTransport, flags: int, stream: int, sequence: int, payload: bytes) -> bytes:
    """A DATA chunk with the next number; 1 is the end of a message, 2 its beginning, 4 unordered."""
    chunk = sctp.DataChunk(flags)
    chunk.tsn = transport._local_tsn
    transport._local_tsn = sctp.tsn_plus_one(chunk.tsn)
    chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = stream, sequence, 51, payload
    return bytes(chunk)


def packet(transport: sctp.RTCSctpTransport, chunks: bytes, tag: int | None = None) -> bytes:
    """A packet of these chunks."""

    class Raw:
        def __bytes__(self) -> bytes:
            return chunks

    tag = transport._remote_verification_tag if tag is None else tag
    return sctp.serialize_packet(transport._local_port, transport._remote_port, tag, Raw())


def endless(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """A message that never ends."""
    yield packet(transport, data(transport, 2, STREAM, 0, bytes(1100)))
    while True:
        yield packet(transport, data(transport, 0, STREAM, 0, bytes(1100)))


def crumbs(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Fifty chunks of one byte in each packet."""
    while True:
        yield packet(transport, b"".join(data(transport, 0, STREAM, 0, b"x") for _ in range(50)))


def unordered(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Beginnings of unordered messages."""
    while True:
        yield packet(transport, data(transport, 4 | 2, STREAM, 0, bytes(1100)))


def gaps(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Whole messages after one that never comes."""
    transport._local_tsn = sctp.tsn_plus_one(transport._local_tsn)
    while True:
        yield packet(transport, data(transport, 3, STREAM, random.randrange(1, 30000), bytes(1100)))


def streams(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """A message that never ends on each of all streams."""
    while True:
        for stream in range(65535):
            yield packet(transport, data(transport, 2, stream, 0, b"x"))


def channels(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Data channels with long names."""
    open_message = struct.pack("!BBHLHH", 3, 0, 0, 0, 1000, 0) + b"n" * 1000
    while True:
        for stream in range(3, 65535, 2):
            chunk = bytearray(data(transport, 3, stream, 0, open_message))
            chunk[12:16] = struct.pack("!L", 50)
            yield packet(transport, bytes(chunk))


def resets(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Requests to reset streams after a number that never comes."""
    for request in range(1 << 31):
        last = (transport._local_tsn + (1 << 30)) % (1 << 32)
        parameter = sctp.StreamResetOutgoingParam(request, 0, last, list(range(500)))
        chunk = sctp.ReconfigChunk()
        chunk.params.append((13, bytes(parameter)))
        yield packet(transport, bytes(chunk))


def inits(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Beginnings of further associations."""
    while True:
        chunk = sctp.InitChunk()
        chunk.initiate_tag = random.randrange(1, 1 << 32)
        chunk.advertised_rwnd, chunk.outbound_streams, chunk.inbound_streams = 1 << 20, 65535, 65535
        chunk.initial_tsn = random.randrange(1 << 32)
        yield packet(transport, bytes(chunk), tag=0)


def jumps(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Numbers skipped by the thousand million."""
    while True:
        transport._local_tsn = (transport._local_tsn + (1 << 31) - 1) % (1 << 32)
        chunk = sctp.ForwardTsnChunk()
        chunk.cumulative_tsn = sctp.tsn_minus_one(transport._local_tsn)
        yield packet(transport, bytes(chunk))


def handshakes(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Records of handshakes, fragments of messages that are never complete. These are not encrypted."""
    while True:
        for sequence in range(65535):
            fragment = struct.pack("!BBHHBHBH", 11, 15, 0xFFFF, sequence, 0, 0, 0, 1000) + bytes(1000)
            number = random.randrange(1 << 40).to_bytes(6, "big")
            yield b"\x16\xfe\xfd\x00\x00" + number + struct.pack("!H", len(fragment)) + fragment


def sources(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Media and feedback of ever new sources, authenticated and not."""
    keys = transport.transport._tx_srtp
    # Each one is new: the sender refuses to go back in the numbers of one that it had.
    for source in itertools.count(random.randrange(1 << 31)):
        media = struct.pack("!BBHLL", 0x80, 96, random.randrange(1 << 16), 0, source) + bytes(200)
        feedback = struct.pack("!BBHL", 0x80, 201, 1, source)
        yield media
        yield keys.protect(media)
        yield keys.protect_rtcp(feedback)


def checks(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Connectivity checks, from one address."""
    connection = transport.transport.transport._connection
    while True:
        request = connection.build_request(connection._nominated[1], nominate=False)
        request.add_message_integrity(connection.remote_password.encode())
        yield bytes(request)


def disorder(transport: sctp.RTCSctpTransport) -> Iterator[bytes]:
    """Whole messages whose turn never comes."""
    for number in range(1 << 31):
        yield packet(transport, data(transport, 3, STREAM, 1 + number % 30000, bytes(1100)))


RAW = {"handshakes", "sources", "checks"}
# These have to arrive in order: what is lost is sent again.
RELIABLE = {"endless", "crumbs", "unordered", "disorder", "streams"}
WINDOW = 64


class Window:
    """The packets that the server has not acknowledged."""

    def __init__(self, transport: sctp.RTCSctpTransport) -> None:
        self.transport = transport
        self.waiting: list[tuple[int, bytes]] = []
        self.acknowledged = sctp.tsn_minus_one(transport._local_tsn)
        transport._receive_sack_chunk = self._sack

    async def _sack(self, chunk: sctp.SackChunk) -> None:
        if (chunk.cumulative_tsn - self.acknowledged) % (1 << 32) < 1 << 31:
            self.acknowledged = chunk.cumulative_tsn

    async def send(self, message: bytes) -> None:
        """Sends a packet, once there is room for it."""
        self.waiting.append((sctp.tsn_minus_one(self.transport._local_tsn), message))
        await self.transport.transport._send_data(message)
        stalled = time.monotonic()
        while len(self.waiting) >= WINDOW and self.transport.state != "closed":
            before = len(self.waiting)
            self.waiting = [one for one in self.waiting if 0 < (one[0] - self.acknowledged) % (1 << 32) < 1 << 31]
            if len(self.waiting) < before:
                stalled = time.monotonic()
            elif time.monotonic() - stalled > 0.2:
                for _, lost in self.waiting:
                    await self.transport.transport._send_data(lost)
                stalled = time.monotonic()
            await asyncio.sleep(0.001)
            if time.monotonic() > self.transport.given_up:
                return


async def run(base: str, session: str, name: str) -> None:
    """The client."""
    peer = Peer(base, session, Camera(320, 240, 20))
    await peer.connect("invert")
    await asyncio.wait_for(peer.opened.wait(), 60)
    # What comes back shows that the connection works before it is attacked.
    assert await peer.count_frames(3, 60) == 3
    report(event="ready")
    transport = peer.connection.sctp
    begin, sent, ended = time.monotonic(), 0, False
    transport.given_up = begin + LONGEST

    async def ignore(*_: object) -> None:
        """What the server answers does not stop it."""

    transport._data_channel_receive = ignore
    transport._receive_reconfig_param = ignore
    raw, encrypted, window = transport.transport.transport._send, transport.transport._send_data, Window(transport)
    send = raw if name in RAW else window.send if name in RELIABLE else encrypted
    for number, message in enumerate(globals()[name](transport)):
        if sent > MOST or time.monotonic() - begin > LONGEST:
            break
        try:
            await send(message)
        except ConnectionError:
            ended = True
        sent += len(message)
        if number % 16 == 0:
            # What is sent faster than it is read is lost.
            await asyncio.sleep(0.002)
        ended |= transport.state == "closed"
        if ended:
            break
    report(event="over", sent=sent, ended=ended)
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.wait_for(peer.close(), 30)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))

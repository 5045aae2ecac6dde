"""Behaves like a page that was written for FastRTC, and then like one that knows this server's parameters.

`fastrtc.py BASE SESSION HANDLER PARAMETER VALUE WRONG CHANNEL`: VALUE and WRONG are JSON, one that PARAMETER takes and
one that it does not; CHANNEL is `channel`, or `none` for a client without a data channel. Prints one line of JSON.
"""

import asyncio
import json
import sys
from typing import Any

from counting import Camera
from peer import Peer, post, post_offer, report

# How Firefox writes a candidate: eight words, none of the extensions that Chromium adds.
FIREFOX = "candidate:0 1 UDP 2122252543 127.0.0.1 {port} typ host"


async def candidate(base: str, session: str, given: Any) -> list[Any]:
    """Posts a candidate; status and body of the answer."""
    status, body, _ = await post(base, {"type": "ice-candidate", "webrtc_id": session, "candidate": given})
    return [status, body]


async def without_candidates(peer: Peer) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The offer as a page that trickles sends it, and the candidates that it sends by themselves."""
    offer = await peer.offer()
    lines, candidates, section = [], [], -1
    for line in offer["sdp"].splitlines():
        section += line.startswith("m=")
        if line.startswith("a=candidate:"):
            text = line.removeprefix("a=")
            candidates.append({"candidate": text, "sdpMid": str(section), "sdpMLineIndex": section})
        elif line != "a=end-of-candidates":
            lines.append(line + "\r\n")
    return {**offer, "sdp": "".join(lines)}, candidates


async def talk(peer: Peer, parameter: str, value: Any, wrong: Any) -> dict[str, Any]:
    """Everything that is said through the channel."""
    await asyncio.wait_for(peer.opened.wait(), 20)
    peer.say("handshake")
    facts: dict[str, Any] = {"log": await peer.hear(lambda message: message.get("type") == "log")}

    def answers(request: int) -> Any:
        return peer.hear(lambda message: message.get("request") == request)

    peer.say({"type": "set_parameters", "parameters": {parameter: value}, "request": 7})
    facts["set"] = await answers(7)
    peer.say({"type": "set_parameters", "parameters": {parameter: wrong}, "request": 8})
    facts["wrong"] = await answers(8)
    peer.say({"type": "set_parameters", "parameters": {"no-such-parameter": 1}, "request": 9})
    facts["unknown"] = await answers(9)
    peer.say({"type": "subscribe", "stats_ms": 200})
    facts["session"] = await peer.hear(lambda message: message.get("type") == "session")
    facts["stats"] = await peer.hear(lambda message: message.get("type") == "stats")

    before = len(peer.messages)
    for rubbish in ("", "nonsense", "{", "[]", "null", '{"type":"dance"}', '{"type":["set_parameters"]}', "[" * 5000):
        peer.say(rubbish)
    peer.channel.send(b"\x00\xff\xfe")
    # What follows on the rubbish is answered, so the rubbish was read and had no answer.
    peer.say({"type": "set_parameters", "parameters": {parameter: value}, "request": 10})
    facts["after_rubbish"] = await answers(10)
    facts["answers_to_rubbish"] = [
        message for message in peer.messages[before:] if message.get("type") not in ("stats", "values", "parameters")
    ]
    return facts


async def run(base: str, session: str, handler: str, parameter: str, value: Any, wrong: Any, channel: bool) -> None:
    """The case itself."""
    peer = Peer(base, session, Camera(320, 240), channel)
    offer, candidates = await without_candidates(peer)
    mid = {"sdpMid": "0", "sdpMLineIndex": 0}
    early = [await candidate(base, session, given) for given in candidates]
    status, answer = await post_offer(base, offer, handler)
    if status != 200:
        raise RuntimeError(f"the offer was answered with {status}: {answer}")
    facts: dict[str, Any] = {"early": early, "answer_type": answer.get("type")}
    port = candidates[0]["candidate"].split()[5]
    facts["late"] = {
        "firefox": await candidate(base, session, {"candidate": FIREFOX.format(port=port), **mid}),
        "end": await candidate(base, session, {"candidate": "", **mid}),
        "null": await candidate(base, session, None),
    }
    rubbish = ("text", {"sdpMid": "0"}, {"candidate": "candidate:rubbish", **mid})
    facts["wrong_candidates"] = [await candidate(base, session, given) for given in rubbish]
    await peer.take(answer)
    facts["frames"] = await peer.count_frames(30, 30)
    if channel:
        facts.update(await talk(peer, parameter, value, wrong))
    await peer.close()
    report(**facts)


if __name__ == "__main__":
    base, session, handler, parameter, value, wrong, channel = sys.argv[1:]
    asyncio.run(run(base, session, handler, parameter, json.loads(value), json.loads(wrong), channel == "channel"))

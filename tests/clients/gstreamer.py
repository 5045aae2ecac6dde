"""Publishes by WHIP, or watches by WHEP, with GStreamer's webrtcbin; for Debian's own Python.

    gstreamer.py publish|watch ADDRESS COUNT

Prints a line of JSON when so many buffers were sent or arrived; watching goes on until then, publishing until its input ends.
"""

import json
import os
import sys
import threading
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

CAMERA = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1 ! videoconvert ! "
    "openh264enc gop-size=30 ! video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1 ! "
    "rtph264pay name=pay pt=96 aggregate-mode=zero-latency ! application/x-rtp,media=video,encoding-name=H264,payload=96 ! rtc. "
)
BIN = "webrtcbin name=rtc bundle-policy=max-bundle latency=100 "
FORMATS = "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,packetization-mode=(string)1"


def ask(method, address, body=None, **headers):
    """Sends a request; returns the headers and the text of the response."""
    if token := os.environ.get("FRAMEBOX_TOKEN"):
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(address, data=body, method=method, headers=headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as response:
        return response.headers, response.read().decode()


def main():
    way, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    Gst.init(None)
    # A single element would be no pipeline.
    pipeline = Gst.parse_launch(BIN + (CAMERA if way == "publish" else "fakesrc num-buffers=0 ! fakesink"))
    rtc = pipeline.get_by_name("rtc")
    seen, enough, loop, session = [0], threading.Event(), GLib.MainLoop(), [None]

    def counted(_pad, _info):
        seen[0] += 1
        if seen[0] == count:
            print(json.dumps({"way": way, "buffers": count}), flush=True)
            enough.set()
            if way == "watch":
                GLib.idle_add(loop.quit)
        return Gst.PadProbeReturn.OK

    def offered(promise, _):
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        rtc.emit("set-local-description", offer, Gst.Promise.new())

    def needed(_):
        rtc.emit("create-offer", None, Gst.Promise.new_with_change_func(offered, None))

    def gathered(_, __):
        if rtc.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE or session[0]:
            return
        sdp = rtc.get_property("local-description").sdp.as_text()
        print(sdp, file=sys.stderr, flush=True)
        headers, text = ask("POST", address, sdp.encode(), **{"content-type": "application/sdp"})
        session[0] = headers["location"]
        _, message = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        rtc.emit("set-remote-description", answer, Gst.Promise.new())

    def added(_, pad):
        if pad.direction == Gst.PadDirection.SRC:
            sink = Gst.ElementFactory.make("fakesink")
            pipeline.add(sink)
            sink.sync_state_with_parent()
            pad.link(sink.get_static_pad("sink"))
            pad.add_probe(Gst.PadProbeType.BUFFER, counted)

    rtc.connect("notify::ice-gathering-state", gathered)
    rtc.connect("pad-added", added)
    if way == "watch":
        rtc.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(FORMATS))
        rtc.connect("on-negotiation-needed", needed)
    else:
        transceiver = rtc.emit("get-transceiver", 0)
        transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        pipeline.get_by_name("pay").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, counted)
        rtc.connect("on-negotiation-needed", needed)
    pipeline.set_state(Gst.State.PLAYING)
    if way == "publish":
        # Until the test closes the input.
        threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()
    pipeline.set_state(Gst.State.NULL)
    if session[0]:
        ask("DELETE", urllib.parse.urljoin(address, session[0]))


main()

"""A real RTSP server for tests, GStreamer's. Run by the distribution's Python: /usr/bin/python3 rtsp_server.py CLIP …

Serves each CLIP (MP4 with H.264 or H.265) in a loop at rtsp://127.0.0.1:PORT/0, /1, … and prints "PORT" first.
Lines on standard input change what it does, for all clips: "stall", "damage" (bytes overturned in half of the
pictures), "end" (what is playing says it is over; who connects again is served), "go" (all well again).
"""

import argparse
import random
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

MODE = {"mode": "go", "ends": 0}


def load(path):
    """Every access unit of a clip: (bytes, pts ns, dts ns, duration ns), and the caps."""
    for parser, caps in (("h264parse", "video/x-h264"), ("h265parse", "video/x-h265")):
        description = (
            f"filesrc location={path} ! qtdemux ! {parser} config-interval=-1 ! "
            f"{caps},stream-format=byte-stream,alignment=au ! appsink name=sink sync=false"
        )
        pipeline = Gst.parse_launch(description)
        sink = pipeline.get_by_name("sink")
        pipeline.set_state(Gst.State.PLAYING)
        units, found = [], None
        while True:
            sample = sink.emit("try-pull-sample", 2 * Gst.SECOND)
            if sample is None:
                break
            buffer = sample.get_buffer()
            found = sample.get_caps().to_string()
            data = buffer.extract_dup(0, buffer.get_size())
            units.append((data, buffer.pts, buffer.dts, buffer.duration))
        pipeline.set_state(Gst.State.NULL)
        if units:
            return parser, found, units
    raise SystemExit(f"{path}: neither H.264 nor H.265 in MP4")


class Player(GstRtspServer.RTSPMediaFactory):
    """One clip, looped, from its beginning for each who watches."""

    def __init__(self, path):
        super().__init__()
        self.parser, caps, self.units = load(path)
        payloader = "rtph264pay" if self.parser == "h264parse" else "rtph265pay"
        self.set_launch(
            f'( appsrc name=src is-live=true format=time caps="{caps}" ! {self.parser} ! {payloader} '
            "name=pay0 pt=96 config-interval=-1 )"
        )
        self.connect("media-configure", self.on_media)

    def on_media(self, _factory, media):
        source = media.get_element().get_by_name("src")
        gone = threading.Event()
        media.connect("unprepared", lambda _m: gone.set())
        threading.Thread(target=self.push, args=(source, gone), daemon=True).start()

    def push(self, source, gone):
        """Feed the units at their own pace, round after round."""
        rng = random.Random(1)
        began, ends = time.monotonic(), MODE["ends"]
        first = self.units[0][1]
        spread = max(u[1] for u in self.units) - first
        length = spread + spread // max(len(self.units) - 1, 1)
        base = 0
        while not gone.is_set():
            for data, pts, dts, duration in self.units:
                shown = base + max(pts - first, 0)
                wait = (base + max((dts if dts != Gst.CLOCK_TIME_NONE else pts) - first, 0)) / 1e9
                wait -= time.monotonic() - began
                if wait > 0:
                    gone.wait(wait)
                if gone.is_set():
                    return
                if MODE["mode"] == "stall":
                    continue
                if MODE["ends"] != ends:
                    source.emit("end-of-stream")
                    return
                hurt = MODE["mode"] == "damage" and rng.random() < 0.5
                buffer = Gst.Buffer.new_wrapped(damaged(data, rng) if hurt else data)
                buffer.pts = shown
                buffer.duration = duration
                if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                    return
            base += length


def damaged(data, rng):
    """The same picture with one byte in forty overturned, its headers spared."""
    hurt = bytearray(data)
    for _ in range(len(data) // 40):
        at = rng.randrange(40, len(data))
        hurt[at] ^= rng.randrange(1, 255)
    return bytes(hurt)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--port", default="0")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    args = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    players = [Player(clip) for clip in args.clips]
    if args.user:
        guard(server, players, args.user, args.password)
    for number, player in enumerate(players):
        server.get_mount_points().add_factory(f"/{number}", player)
    server.attach(None)
    loop = GLib.MainLoop()
    print(server.get_bound_port(), flush=True)

    def listen():
        for line in sys.stdin:
            MODE["ends"] += line.strip() == "end"
            MODE["mode"] = line.strip()
        loop.quit()

    threading.Thread(target=listen, daemon=True).start()
    loop.run()


def guard(server, players, user, password):
    """Let in only who knows the password."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    for player in players:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("user", "media.factory.access", True)
        permissions.add_permission_for_role("user", "media.factory.construct", True)
        player.set_permissions(permissions)


if __name__ == "__main__":
    main()

"""An RTSP server (RFC 2326) that shows what it is given, as network cameras do: H.264, RTP inside the connection."""

import contextlib
import itertools
import queue
import socketserver
import struct
import threading
from collections.abc import Iterable
from typing import Any, cast

from calibration_rigs.live_video import Coded, Packets, description, parameter_sets

_BACKLOG = 60  # pictures a slow viewer may lag behind before some are left out
_REPORT_MS = 5_000
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_FIRST_PICTURE_S = 10.0
_sources = itertools.count(0x47570001)


class Stream:
    """One camera's stream. wants_key: a viewer waits for a picture to begin with."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wants_key = True
        self._viewers: list[Viewer] = []
        self._lock = threading.Lock()
        self._described = threading.Event()
        self._text = ""

    @property
    def watched(self) -> bool:
        return bool(self._viewers)

    def send(self, coded: Coded) -> None:
        """Show a picture to everyone who watches."""
        sets = parameter_sets(coded)
        if sets is not None and not self._text:
            self._text = description(self.name, *sets)
            self._described.set()
        with self._lock:
            waiting = [viewer for viewer in self._viewers if not viewer.take(coded)]
            self.wants_key = bool(waiting) or (self.wants_key and not coded.key)

    def described(self) -> str:
        """The session description, once a picture has been sent; "" when none comes in time."""
        self._described.wait(_FIRST_PICTURE_S)
        return self._text

    def join(self, viewer: "Viewer") -> None:
        with self._lock:
            self._viewers.append(viewer)
            self.wants_key = True

    def leave(self, viewer: "Viewer") -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._viewers.remove(viewer)


class Viewer:
    """One who watches a stream through a connection of his own."""

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._queue: queue.Queue[Coded | None] = queue.Queue(_BACKLOG)
        self._began = False
        self._thread = threading.Thread(target=self._send, name="rtsp viewer", daemon=True)
        self._thread.start()

    def take(self, coded: Coded) -> bool:
        """Queue a picture; False where this viewer needs a key picture next."""
        if not self._began and not coded.key:
            return False
        try:
            self._queue.put_nowait(coded)
            self._began = True
        except queue.Full:
            self._began = False
        return self._began

    def close(self) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)

    def _send(self) -> None:
        packets, reported_ms = Packets(next(_sources)), 0
        while (coded := self._queue.get()) is not None:
            try:
                if coded.t_ms - reported_ms >= _REPORT_MS:
                    reported_ms = coded.t_ms
                    self._connection.interleave(1, [packets.report(coded.t_ms)])
                self._connection.interleave(0, packets.of(coded))
            except OSError:
                return


class RtspServer:
    """Serves streams at rtsp://host:port/<name> until it is closed; a context manager. Raises OSError."""

    def __init__(self, names: Iterable[str], host: str = "127.0.0.1", port: int = 0) -> None:
        self.streams = {name: Stream(name) for name in names}
        self._server = _Server((host, port), _Connection)
        self._server.streams = self.streams
        self._host, self.port = host, int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="rtsp", daemon=True)
        self._thread.start()

    def address(self, name: str) -> str:
        return f"rtsp://{self._host}:{self.port}/{name}"

    def __enter__(self) -> "RtspServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every connection."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    streams: dict[str, Stream]

    def __init__(self, *args: Any) -> None:
        self._open: set[Any] = set()
        super().__init__(*args)  # closes again where it cannot listen

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for request in list(self._open):
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A viewer who goes away in the middle of a sentence is no error."""


class _Connection(socketserver.StreamRequestHandler):
    """One client's connection: its requests, and the pictures of the stream it plays."""

    def setup(self) -> None:
        super().setup()
        self._writing = threading.Lock()
        self._viewer: Viewer | None = None
        self._stream: Stream | None = None

    def handle(self) -> None:
        while (request := self._request()) is not None:
            method, target, headers = request
            status, extra, body = self._answer(method, target, headers)
            lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}", *extra]
            if body:
                lines.append(f"Content-Length: {len(body.encode())}")
            with self._writing:
                self.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
            if method == "TEARDOWN":
                return
            if method == "PLAY" and status.startswith("200") and self._stream is not None and self._viewer is None:
                self._viewer = Viewer(self)
                self._stream.join(self._viewer)

    def finish(self) -> None:
        if self._viewer is not None and self._stream is not None:
            self._stream.leave(self._viewer)
            self._viewer.close()
        with contextlib.suppress(OSError):
            super().finish()

    def interleave(self, channel: int, packets: list[bytes]) -> None:
        """Send RTP (channel 0) or RTCP (1) inside the connection. Raises OSError once it is closed."""
        data = b"".join(struct.pack(">cBH", b"$", channel, len(p)) + p for p in packets)
        with self._writing:
            try:
                self.wfile.write(data)
            except ValueError as error:
                raise OSError("closed") from error

    def _request(self) -> tuple[str, str, dict[str, str]] | None:
        """The next request, None at the end; the client's own reports are read over."""
        while first := self.rfile.read(1):
            if first == b"$":
                _, length = struct.unpack(">BH", self.rfile.read(3))
                self.rfile.read(length)
                continue
            line = (first + self.rfile.readline(4096)).decode("latin-1").split()
            headers = {}
            while header := self.rfile.readline(4096).decode("latin-1").strip():
                name, _, value = header.partition(":")
                headers[name.strip().lower()] = value.strip()
            self.rfile.read(int(headers.get("content-length", "0")))
            if len(line) == 3:
                return line[0], line[1], headers
        return None

    def _answer(self, method: str, target: str, headers: dict[str, str]) -> tuple[str, list[str], str]:
        """Status, further headers and body."""
        streams = cast("_Server", self.server).streams
        name = target.partition("://")[2].partition("/")[2].split("/")[0].partition("?")[0]
        if method in ("OPTIONS", "GET_PARAMETER", "TEARDOWN"):
            return "200 OK", [f"Public: {_METHODS}"], ""
        if name not in streams:
            return "404 Not Found", [], ""
        if method == "DESCRIBE":
            text = streams[name].described()
            base = target.rstrip("/") + "/"
            extra = [f"Content-Base: {base}", "Content-Type: application/sdp"]
            return ("200 OK", extra, text) if text else ("503 Service Unavailable", [], "")
        if method == "SETUP":
            if "RTP/AVP/TCP" not in headers.get("transport", ""):
                return "461 Unsupported Transport", [], ""
            self._stream = streams[name]
            return "200 OK", ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60"], ""
        if method == "PLAY" and self._stream is not None:
            return "200 OK", ["Session: 1", "Range: npt=0.000-"], ""
        return "405 Method Not Allowed", [f"Allow: {_METHODS}"], ""

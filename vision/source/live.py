"""A camera on the network or on USB: read in a thread of its own, reconnected for as long as it takes."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av

from vision.errors import SourceError
from vision.facts import DeviceState
from vision.source.address import Address, hide_credentials
from vision.source.clock import Clock, StreamClock
from vision.source.decode import Decoder
from vision.source.frame import Frame, Packet, Tick
from vision.source.health import Health
from vision.source.recorded import open_container
from vision.source.sender import NEAR_MS, SenderClock, sent_ms
from vision.source.whole import Whole

_BACK_OFF_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_QUEUE = 300  # packets; beyond this the consumer is too slow and whole groups of pictures are left out
_DAMAGE_REPORT_MS = 10_000
_DAMAGE_CLEAR_MS = 5_000
_JOINING = 3  # damaged parts before the first good picture: a connection may begin in the middle of one
_FLOWING = 3  # packets without a pause after a silence: one alone is what the demuxer had held back


class _Opened:
    """One connection. FFmpeg frees it under whoever still uses it, so the last of its two users closes it."""

    def __init__(self, container: Any, stream: Any) -> None:
        self.stream = stream
        self._container = container
        self._users = 2  # the thread that reads it, and who decodes and records what it gave
        self._lock = threading.Lock()

    def packets(self) -> Iterator[Any]:
        """Its packets, as they come."""
        packets: Iterator[Any] = self._container.demux(self.stream)
        return packets

    def leave(self) -> None:
        """One of the two is done with it."""
        with self._lock:
            self._users -= 1
            last = self._users == 0
        if last:
            self._container.close()


@dataclass(frozen=True, slots=True)
class _Arrived:
    packet: Any
    arrival_ms: int


@dataclass(frozen=True, slots=True)
class _Lost:
    t_ms: int
    state: str
    detail: str


class LiveSource:
    """A camera that is expected to run for ever.

    Yields the states "ok" (with the gap it ends), "lost" (refused, closed, ended), "stalled" (open, but silent
    for stall_s) and "damaged" (pictures that could not be decoded), each when it begins. latency_ms is taken off
    every time: what the camera and its network are known to need from light to arrival. camera_time: times are those
    of the camera's own clock, once its stream tells it (RTCP) and as long as it is within half a second of ours.
    """

    def __init__(
        self,
        address: Address,
        device: str,
        clock: Clock,
        *,
        stall_s: float = 5.0,
        latency_ms: int = 0,
        camera_time: bool = False,
    ) -> None:
        self._address, self._device, self._clock = address, device, clock
        self._stall_s, self._latency_ms, self._camera_time = stall_s, latency_ms, camera_time
        self._queue: queue.Queue[_Opened | _Arrived | _Lost] = queue.Queue(_QUEUE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"source {device}", daemon=True)
        self._connection, self._index = 0, 0
        self._state, self._state_ms = "", 0
        self._arrived_ms = self._flowing = 0
        self._damage_ms: int | None = None
        self._opened: _Opened | None = None
        self._decoder: Decoder | None = None
        self._times = StreamClock()
        self._whole, self._joining = Whole(), _JOINING
        self._sender = SenderClock()
        self.health = Health()

    def __iter__(self) -> Iterator[Packet | Frame | DeviceState | Tick]:
        self._thread.start()
        try:
            while not self._stop.is_set():
                try:
                    item = self._queue.get(timeout=0.2)
                except queue.Empty:
                    yield from self._silence(self._clock.now_ms())
                else:
                    yield from self._take(item)
        finally:
            self._stop.set()
            self._release()
            self._let_go()

    def close(self) -> None:
        """Stop; the reading thread ends with its next packet or time-out."""
        self._stop.set()

    def _silence(self, now_ms: int) -> Iterator[DeviceState | Tick]:
        """Nothing came for a moment."""
        if self._state in ("ok", "damaged") and now_ms - self._arrived_ms > self._stall_s * 1000:
            yield self._enter(now_ms, "stalled", self._silent)
        yield Tick(now_ms)

    def _take(self, item: _Opened | _Arrived | _Lost) -> Iterator[Packet | Frame | DeviceState]:
        match item:
            case _Opened():
                self._begin(item)
            case _Arrived(part, came_ms):
                for packet, arrival_ms in self._whole.add(part, came_ms):
                    yield from self._packet(packet, arrival_ms)
            case _Lost(t_ms, state, detail):
                self._release()
                if self._state != state:
                    yield self._enter(t_ms, state, detail)

    @property
    def _silent(self) -> str:
        return f"{self._address.shown}: silent for {self._stall_s:g} s"

    def _begin(self, opened: _Opened) -> None:
        self._opened, self._decoder = opened, Decoder(opened.stream)
        self._connection += 1
        self._arrived_ms, self._flowing = 0, _FLOWING
        self._times, self._whole, self._joining = StreamClock(), Whole(), _JOINING
        self._sender, self.health.clock_offset_ms = SenderClock(), None

    def _packet(self, packet: Any, arrival_ms: int) -> Iterator[Packet | Frame | DeviceState]:
        decoder = self._decoder
        if decoder is None:
            return
        silent = self._arrived_ms > 0 and arrival_ms - self._arrived_ms > 900 * self._stall_s
        self._arrived_ms = arrival_ms
        self._flowing = 0 if silent else self._flowing + 1
        if silent and self._state in ("ok", "damaged"):
            yield self._enter(arrival_ms, "stalled", self._silent)
        stamp = packet.pts if packet.pts is not None else packet.dts
        pts = decoder.time_ms(stamp)
        at = arrival_ms - self._latency_ms
        offset_ms = self._offset_ms(packet, pts if pts is not None else float(at), arrival_ms)
        if stamp is not None:
            yield Packet(round((pts or 0.0) + offset_ms), packet.is_keyframe, self._connection, packet)
        before, frames = decoder.errors, self._index
        for video in decoder.decode(packet):
            shown = decoder.time_ms(video.pts)
            t_ms = self._times.forward(at if shown is None else round(shown + offset_ms))
            alive = t_ms > self._state_ms and self._flowing >= _FLOWING
            if self._state != "ok" and self._damage_ms is None and alive:
                yield self._enter(t_ms, "ok", "")
            self.health.frame(t_ms)
            yield Frame(video, t_ms, self._index, pts_ms=shown or 0.0, keyframe=bool(video.key_frame), arrival_ms=at)
            self._index += 1
        errors = decoder.errors - before
        cut_off = min(errors, self._joining)
        self._joining = self._joining - cut_off if frames == self._index else 0
        yield from self._damage(errors - cut_off, at)

    def _offset_ms(self, packet: Any, pts_ms: float, arrival_ms: int) -> float:
        """What to add to stream time for UTC: by arrival, or by the camera's own clock where that is wanted."""
        by_arrival = self._times.offset_ms(pts_ms, arrival_ms - self._latency_ms)
        sent = sent_ms(packet)
        if sent is not None:
            self._sender.note(sent, arrival_ms)
            self.health.clock_offset_ms = self._sender.offset_ms
            if self._camera_time and abs(sent - arrival_ms) < NEAR_MS:
                return sent - pts_ms
        return by_arrival

    def _damage(self, errors: int, t_ms: int) -> Iterator[DeviceState]:
        """Say when damage begins, go on saying so now and then, and say when it is over."""
        self.health.decode_errors += errors
        if errors and (self._damage_ms is None or self._state != "damaged"):
            self._damage_ms = t_ms
            yield self._enter(t_ms, "damaged", "pictures could not be decoded")
        elif errors:
            self._damage_ms = t_ms
        elif self._damage_ms is not None and t_ms - self._damage_ms > _DAMAGE_CLEAR_MS:
            self._damage_ms = None
            yield self._enter(t_ms, "ok", "")

    def _enter(self, t_ms: int, state: str, detail: str) -> DeviceState:
        numbers = {}
        if state == "ok" and self._state in ("lost", "stalled", "damaged"):
            numbers["gap_ms"] = float(t_ms - self._state_ms)
            if self._state != "damaged":
                self.health.reconnected(t_ms)
        if state == "damaged":
            numbers["decode_errors"] = float(self.health.decode_errors)
        if state in ("lost", "stalled"):
            self._damage_ms = None
        if not (state == "lost" and self._state == "stalled"):
            self._state_ms = t_ms
        self._state = state
        return DeviceState(t_ms, self._device, state, detail, numbers)

    def _release(self) -> None:
        self._decoder = None
        if self._opened is not None:
            self._opened.leave()
            self._opened = None

    def _let_go(self) -> None:
        """Connections that were opened and never taken."""
        with contextlib.suppress(queue.Empty):
            while True:
                if isinstance(item := self._queue.get_nowait(), _Opened):
                    item.leave()

    def _read(self) -> None:
        """The reading thread: connect, hand over packets, connect again."""
        failures = 0
        while not self._stop.is_set():
            began = time.monotonic()
            state, detail = self._connect()
            failures = 0 if time.monotonic() - began > 10 else failures + 1
            self._hand_over(_Lost(self._clock.now_ms(), state, detail))
            self._stop.wait(_BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1] if failures else _BACK_OFF_S[0])

    def _connect(self) -> tuple[str, str]:
        """One connection from its opening to its end: the state it ends in, and why."""
        try:
            opened = _Opened(*self._open())
        except SourceError as error:
            return "lost", str(error)
        if not self._hand_over(opened):
            opened.leave()
        try:
            return self._listen(opened)
        finally:
            opened.leave()

    def _listen(self, opened: _Opened) -> tuple[str, str]:
        """Hand over what a connection gives until it ends: the state it ends in, and why."""
        shown = self._address.shown
        full, heard = False, time.monotonic()
        try:
            for packet in opened.packets():
                heard = time.monotonic()
                if self._stop.is_set():
                    return "lost", "closed"
                if packet.size == 0:
                    break
                if full and not packet.is_keyframe:
                    self.health.skipped += 1
                    continue
                try:
                    self._queue.put_nowait(_Arrived(packet, self._clock.now_ms()))
                    full = False
                except queue.Full:
                    full = True
                    self.health.skipped += 1
        except (av.error.FFmpegError, OSError) as error:
            if time.monotonic() - heard > 0.9 * self._stall_s:
                return "stalled", self._silent
            return "lost", f"{shown}: {hide_credentials(str(error))}"
        return "lost", f"{shown}: the stream ended"

    def _open(self) -> tuple[Any, Any]:
        shown = self._address.shown
        if self._address.kind == "usb":
            return open_container(f"/dev/video{self._address.target}", shown, format="v4l2", timeout=self._stall_s)
        options = {
            "rtsp_transport": self._address.transport,
            "analyzeduration": "500000",
            "fpsprobesize": "2",
            "max_delay": "300000",
            "timeout": str(int(self._stall_s * 1_000_000)),
        }
        return open_container(self._address.target, shown, options=options, timeout=(10.0, self._stall_s))

    def _hand_over(self, item: _Opened | _Lost) -> bool:
        """Put something the consumer must not miss, waiting for room; False when there is none to take it any more."""
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=0.2)
                return True
        return False

"""HTTP Live Streaming of the same fragments, for phones whose browsers take no fragments (RFC 8216, version 7)."""

from collections import deque

from vision.live.encoder import Fragment


class HlsWindow:
    """The last few segments of a live stream, each from key frame to key frame, in memory."""

    def __init__(self, init: bytes, *, segments: int = 6, least_ms: int = 1000) -> None:
        self.init = init
        self._least_ms = least_ms
        self._ready: deque[tuple[int, bytes, float]] = deque(maxlen=segments)
        self._next = 0
        self._open: list[Fragment] = []

    def push(self, fragment: Fragment) -> None:
        """Take in the stream's next fragment."""
        if fragment.keyframe and self._open and fragment.t_ms - self._open[0].t_ms >= self._least_ms:
            seconds = (fragment.t_ms - self._open[0].t_ms) / 1000
            self._ready.append((self._next, b"".join(f.data for f in self._open), seconds))
            self._next += 1
            self._open = []
        if fragment.keyframe or self._open:
            self._open.append(fragment)

    def playlist(self, init_url: str = "init.mp4", segment_url: str = "{}.m4s") -> str | None:
        """The media playlist, or None while there is no whole segment yet."""
        if not self._ready:
            return None
        longest = max(seconds for _, _, seconds in self._ready)
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{int(longest + 0.999)}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._ready[0][0]}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MAP:URI="{init_url}"',
        ]
        for number, _, seconds in self._ready:
            lines += [f"#EXTINF:{seconds:.3f},", segment_url.format(number)]
        return "\n".join(lines) + "\n"

    def segment(self, number: int) -> bytes | None:
        """The bytes of a segment, None when it is no longer or not yet there."""
        return next((data for n, data, _ in self._ready if n == number), None)

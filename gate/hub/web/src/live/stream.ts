// Plays a camera's live stream: fragmented MP4 over a WebSocket into Media Source Extensions.
//
//   {"mime": "video/mp4; codecs=…"}   text, once per (re)start of the stream
//   init segment, then fragments      binary

export type StreamState = "connecting" | "playing" | "lost" | "unsupported";

const BEHIND_S = 1.5; // further behind the live edge than this: jump
const EDGE_S = 0.25; // where to jump to, before the edge
const KEPT_S = 12; // seconds kept behind the playing position
const STALL_MS = 6_000;
const QUEUED = 120;

type SourceClass = typeof MediaSource;

function sourceClass(): SourceClass | undefined {
  const managed = (window as unknown as { ManagedMediaSource?: SourceClass }).ManagedMediaSource;
  return window.MediaSource ?? managed;
}

export class LiveStream {
  private socket: WebSocket | null = null;
  private source: MediaSource | null = null;
  private buffer: SourceBuffer | null = null;
  private queue: ArrayBuffer[] = [];
  private closed = false;
  private failures = 0;
  private retry = 0;
  private watchdog = 0;
  private lastData = 0;
  private objectUrl = "";

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly path: string,
    private readonly onState: (state: StreamState) => void,
  ) {}

  start(): void {
    if (sourceClass() === undefined) {
      this.playHls();
      return;
    }
    this.connect();
    this.watchdog = window.setInterval(() => this.check(), 500);
  }

  /** Phones without Media Source Extensions play the same stream as HLS, by themselves. */
  private playHls(): void {
    const { video } = this;
    if (!video.canPlayType("application/vnd.apple.mpegurl")) {
      this.onState("unsupported");
      return;
    }
    video.onplaying = () => this.onState("playing");
    video.onerror = () => {
      this.onState("lost");
      if (!this.closed) this.retry = window.setTimeout(() => this.playHls(), 4000);
    };
    video.src = `${this.path.replace("/live/", "/hls/")}/live.m3u8`;
    video.play().catch(() => undefined);
  }

  stop(): void {
    this.closed = true;
    window.clearTimeout(this.retry);
    window.clearInterval(this.watchdog);
    this.hangUp();
    this.release();
  }

  /** Close the socket, without a complaint in the console when it is still on its way. */
  private hangUp(): void {
    const { socket } = this;
    if (socket?.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket?.close();
  }

  /** Seconds between what is shown and what has arrived. */
  behind(): number {
    const { buffered, currentTime } = this.video;
    return buffered.length ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  private connect(): void {
    if (this.closed) return;
    this.onState(this.failures ? "lost" : "connecting");
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${window.location.host}${this.path}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.lastData = performance.now();
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.socket) return;
      this.lastData = performance.now();
      if (typeof event.data === "string") this.begin((JSON.parse(event.data) as { mime: string }).mime);
      else this.feed(event.data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.again();
    };
  }

  private again(): void {
    if (this.closed) return;
    this.socket = null;
    this.onState("lost");
    this.failures += 1;
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.connect(), Math.min(8000, 400 * 2 ** Math.min(this.failures, 5)));
  }

  private begin(mime: string): void {
    this.release();
    const Source = sourceClass();
    if (Source === undefined || !Source.isTypeSupported(mime)) {
      this.closed = true;
      this.socket?.close();
      this.onState("unsupported");
      return;
    }
    const source = new Source();
    this.source = source;
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.mode = "segments";
      this.buffer.addEventListener("updateend", () => this.pump());
      this.pump();
    });
    this.video.disableRemotePlayback = true;
    this.objectUrl = URL.createObjectURL(source);
    this.video.src = this.objectUrl;
  }

  private feed(data: ArrayBuffer): void {
    if (this.queue.length >= QUEUED) {
      this.socket?.close(); // the decoder cannot keep up or the tab slept: start afresh at the live edge
      return;
    }
    this.queue.push(data);
    this.pump();
  }

  private pump(): void {
    const { buffer } = this;
    if (buffer === null || buffer.updating || this.source?.readyState !== "open") return;
    try {
      const { video } = this;
      if (buffer.buffered.length && video.currentTime - buffer.buffered.start(0) > 2 * KEPT_S) {
        buffer.remove(buffer.buffered.start(0), video.currentTime - KEPT_S);
        return;
      }
      const next = this.queue.shift();
      if (next !== undefined) buffer.appendBuffer(next);
      else this.follow();
    } catch {
      this.socket?.close();
    }
  }

  /** Stay at the live edge. */
  private follow(): void {
    const { video } = this;
    const { buffered } = video;
    if (!buffered.length) return;
    const edge = buffered.end(buffered.length - 1);
    const start = buffered.start(buffered.length - 1);
    if (video.currentTime < start || edge - video.currentTime > BEHIND_S) {
      video.currentTime = Math.max(start, edge - EDGE_S);
    }
    if (video.paused) video.play().catch(() => undefined);
    this.failures = 0;
    this.onState("playing");
  }

  private check(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.lastData > STALL_MS) this.socket.close();
    else this.pump();
  }

  private release(): void {
    this.queue = [];
    this.buffer = null;
    this.source = null;
    if (this.objectUrl) {
      URL.revokeObjectURL(this.objectUrl);
      this.objectUrl = "";
      this.video.removeAttribute("src");
      this.video.load();
    }
  }
}

// The recorded clip under the tracks: it follows the replay's time, and plays along while the replay plays.
import { useEffect, useRef } from "react";

import { fileUrl } from "../api";
import classes from "./Canvas.module.css";

export interface Clip {
  id: number;
  start_ms: number;
}

const DRIFT_S = 0.4;

export function Film({ clips, atMs, playing, speed }: { clips: Clip[]; atMs: number | null; playing: boolean; speed: number }) {
  const clip = clips.filter((c) => c.start_ms <= (atMs ?? 0)).at(-1);
  if (!clip || atMs === null) return null;
  return <Following key={clip.id} url={fileUrl(clip.id)} atS={(atMs - clip.start_ms) / 1000} playing={playing} speed={speed} />;
}

function Following({ url, atS, playing, speed }: { url: string; atS: number; playing: boolean; speed: number }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const film = video.current;
    if (!film) return;
    const over = Number.isFinite(film.duration) && atS > film.duration;
    film.hidden = over;
    if (over) return;
    if (Math.abs(film.currentTime - atS) > (playing ? DRIFT_S * speed : 0.02)) film.currentTime = atS;
    film.playbackRate = speed;
    if (playing && film.paused) film.play().catch(() => undefined); // a browser that will not play still shows stills
    if (!playing && !film.paused) film.pause();
  });
  return <video ref={video} src={url} className={classes.film} muted playsInline preload="auto" data-testid="film" />;
}

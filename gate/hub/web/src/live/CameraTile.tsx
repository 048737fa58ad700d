import { ActionIcon, Badge, Group, Loader, Text, Tooltip } from "@mantine/core";
import { IconMaximize, IconVideoOff } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import type { Name } from "../api";
import { useWords } from "../words";
import classes from "./CameraTile.module.css";
import { LiveStream, type StreamState } from "./stream";

const SNAPSHOT_MS = 1000;

export function CameraTile({ site, camera, name }: { site: string; camera: string; name: Name }) {
  const { w, language } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<StreamState>("connecting");
  const base = `/sites/${encodeURIComponent(site)}`;
  const id = encodeURIComponent(camera);

  useEffect(() => {
    if (!video.current) return;
    const stream = new LiveStream(video.current, `${base}/live/${id}`, setState);
    stream.start();
    return () => stream.stop();
  }, [base, id]);

  return (
    <div className={classes.tile} ref={frame} data-state={state}>
      <video ref={video} className={classes.video} muted playsInline autoPlay data-camera={camera} />
      {state === "unsupported" && <Stills url={`${base}/snapshot/${id}.jpg`} />}
      {(state === "connecting" || state === "lost") && (
        <div className={classes.veil}>
          {state === "connecting" ? <Loader size="sm" color="gray" /> : <IconVideoOff size={30} />}
          <Text size="sm">{w(state === "connecting" ? "connecting" : "cameraLost")}</Text>
        </div>
      )}
      <Group className={classes.bar} gap="xs" wrap="nowrap">
        <Badge size="sm" variant="filled" color={state === "playing" ? "red" : "gray"} className={classes.badge}>
          {state === "playing" ? "● LIVE" : "–"}
        </Badge>
        <Text size="sm" fw={600} truncate className={classes.name}>
          {(language === "zh" ? name.zh : name.en) || name.zh || camera}
        </Text>
        <Tooltip label={w("fullscreen")}>
          <ActionIcon variant="transparent" color="gray.0" aria-label={w("fullscreen")}
            onClick={() => void frame.current?.requestFullscreen?.()}>
            <IconMaximize size={18} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </div>
  );
}

/** For browsers that play no live stream: a new still every second. */
function Stills({ url }: { url: string }) {
  const [n, setN] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setN((x) => x + 1), SNAPSHOT_MS);
    return () => clearInterval(timer);
  }, []);
  return <img className={classes.video} src={`${url}?n=${n}`} alt="" />;
}

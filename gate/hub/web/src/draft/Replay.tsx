// A recorded stretch played through the draft: where vehicles went, and what the fence says they did.
import { ActionIcon, Group, Paper, Slider, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useEffect } from "react";

import { clock } from "../parts/format";
import { movementName, useWords } from "../words";
import type { Track } from "./Canvas";
import type { Clip } from "./Film";

export interface Tried {
  yaml: string;
  tracks: Track[];
  clips: Clip[];
  movements: { t_ms: number; vehicle: string; kind: string; shape?: string; direction?: string; gate?: string }[];
}

export const SPEED = 4;

interface Props {
  tried: Tried;
  atMs: number | null;
  playing: boolean;
  onTime: (tMs: number) => void;
  onPlay: (playing: boolean) => void;
}

export function Replay({ tried, atMs, playing, onTime, onPlay }: Props) {
  const { w, language } = useWords();
  const times = tried.tracks.flatMap((t) => [t.points[0]?.[0] ?? 0, t.points.at(-1)?.[0] ?? 0]);
  const [first, last] = [Math.min(...times), Math.max(...times)];
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    let before = performance.now();
    let t = atMs === null || atMs >= last ? first : atMs;
    const step = (now: number) => {
      t += (now - before) * SPEED;
      before = now;
      onTime(Math.min(t, last));
      if (t >= last) onPlay(false);
      else frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing, first, last, onTime, onPlay]);
  if (tried.tracks.length === 0) return <Text c="dimmed">{w("noTracks")}</Text>;
  return (
    <Paper withBorder p="sm">
      <Group gap="sm" wrap="nowrap">
        <ActionIcon size="lg" aria-label={w("play")} onClick={() => onPlay(!playing)}>
          {playing ? <IconPlayerPause size={18} /> : <IconPlayerPlay size={18} />}
        </ActionIcon>
        <Slider flex={1} min={first} max={last} value={atMs ?? first} onChange={onTime} label={(t) => clock(t)} thumbLabel={w("time")} />
        <Text size="sm" className="tabular">{clock(atMs ?? first)}</Text>
      </Group>
      <Stack gap={2} mt="sm" mah={220} style={{ overflowY: "auto" }}>
        {tried.movements.map((m) => (
          <UnstyledButton key={`${m.t_ms}${m.vehicle}${m.kind}${m.shape}`} fz="sm" className="tabular" onClick={() => onTime(m.t_ms)}>
            {clock(m.t_ms)} · {m.vehicle} · {movementName(m.kind, language)} <b>{m.shape}</b> {m.direction} {m.gate}
          </UnstyledButton>
        ))}
        {tried.movements.length === 0 && <Text size="sm" c="dimmed">{w("noMovements")}</Text>}
      </Stack>
    </Paper>
  );
}

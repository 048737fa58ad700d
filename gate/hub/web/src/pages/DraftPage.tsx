// Zones, boundaries and lanes drawn on a camera's still; the draft is checked, tried on a recorded stretch, given as YAML.
import { ActionIcon, Alert, Button, Code, CopyButton, Group, Loader, NumberInput, Paper, Select, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { useParams, useSearchParams } from "react-router";

import { call, get } from "../api";
import { Canvas } from "../draft/Canvas";
import { type Point, type Shape, useHistory, type What } from "../draft/history";
import { Film } from "../draft/Film";
import { Replay, SPEED, type Tried } from "../draft/Replay";
import { type Plan, usePlan } from "../parts/PlanMap";
import { useWords, zoneName } from "../words";
import classes from "./DraftPage.module.css";

const KINDS = ["inside", "deck", "approach", "exit", "forbidden", "refuel"];
const TOOLS: { value: string; what: What; kind: string }[] = [
  ...KINDS.map((kind) => ({ value: kind, what: "zones" as const, kind })),
  { value: "boundary", what: "boundaries", kind: "" },
  { value: "lane", what: "lanes", kind: "" },
];

export function DraftPage() {
  const { w, language } = useWords();
  const { site = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const { data: plan, isError } = usePlan(site);
  const camera = plan?.cameras.find((c) => c.id === params.get("camera")) ?? plan?.cameras[0];
  const { data: drawn } = useQuery({
    queryKey: ["drawn", site, camera?.id],
    queryFn: () => get<Shape[]>(`/api/v1/sites/${encodeURIComponent(site)}/drawn/${encodeURIComponent(camera?.id ?? "")}`),
    enabled: camera !== undefined,
    staleTime: Infinity,
  });
  if (isError || plan?.cameras.length === 0) return <Text c="dimmed">{w("noPlan")}</Text>;
  if (!plan || !camera || !drawn) return <Loader />;
  return (
    <Stack maw={1240} mx="auto">
      <Group justify="space-between">
        <Title order={3}>{w("draft")} · {site}</Title>
        <Select w={220} aria-label={w("camera")} value={camera.id} allowDeselect={false} onChange={(id) => setParams({ camera: id ?? "" })}
          data={plan.cameras.map((c) => ({ value: c.id, label: (language === "zh" ? c.name.zh : c.name.en) || c.id }))} />
      </Group>
      <Editor key={camera.id} site={site} camera={camera} drawn={drawn} />
    </Stack>
  );
}

function Editor({ site, camera, drawn }: { site: string; camera: Plan["cameras"][number]; drawn: Shape[] }) {
  const { w, language } = useWords();
  const history = useHistory(`gatewarden-draft-${site}-${camera.id}`, drawn);
  const { shapes, set, undo, redo } = history;
  const [tool, setTool] = useState<string | null>(null);
  const [points, setPoints] = useState<Point[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [atMs, setAtMs] = useState<number | null>(null);
  const [playing, setPlaying] = useState(false);
  const drawing = TOOLS.find((t) => t.value === tool) ?? null;
  const shape = shapes.find((s) => s.id === chosen);
  const surveyed = (camera.points?.length ?? 0) >= 4;

  const finish = useCallback(() => {
    if (!drawing) return;
    // A double click lands on the same spot twice.
    const clean = points.filter((p, n) => n === 0 || Math.hypot(p[0] - (points[n - 1]?.[0] ?? 0), p[1] - (points[n - 1]?.[1] ?? 0)) > 2);
    if (clean.length >= (drawing.what === "zones" ? 3 : 2)) {
      let n = 1;
      while (shapes.some((s) => s.id === `${drawing.value}-${n}`)) n += 1;
      const id = `${drawing.value}-${n}`;
      set([...shapes, { id, what: drawing.what, kind: drawing.kind, points: clean, on_ground: surveyed, more: {} }]);
      setChosen(id);
    }
    setTool(null);
    setPoints([]);
  }, [drawing, points, set, shapes, surveyed]);

  const remove = useCallback(() => {
    set(shapes.filter((s) => s.id !== chosen));
    setChosen(null);
  }, [chosen, set, shapes]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key.toLowerCase() === "z" && !event.shiftKey) undo?.();
      else if (command && (event.key.toLowerCase() === "y" || event.key.toLowerCase() === "z")) redo?.();
      else if (event.key === "Enter" && drawing) finish();
      else if (event.key === "Escape") {
        setTool(null);
        setPoints([]);
      } else if (event.key === "Backspace" && drawing) setPoints(points.slice(0, -1));
      else if (event.key === "Delete" && shape) remove();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });

  const edit = (id: string, change: Partial<Shape>) => {
    set(shapes.map((s) => (s.id === id ? { ...s, ...change } : s)));
    if (change.id) setChosen(change.id);
  };
  const tried = useMutation({
    mutationFn: (span: { from_ms: number; to_ms: number } | Record<string, never>) =>
      call<Tried>("POST", `/api/v1/sites/${encodeURIComponent(site)}/draft`, { camera: camera.id, shapes, replaces: drawn.map((s) => s.id), ...span }),
  });
  return (
    <div className={classes.grid}>
      <Stack gap="sm">
        <Group gap="xs">
          <Select w={190} placeholder={w("drawNew")} aria-label={w("drawNew")} value={tool} leftSection={<IconPlus size={16} />} clearable
            onChange={(t) => (setTool(t), setPoints([]), setChosen(null))}
            data={TOOLS.map((t) => ({ value: t.value, label: zoneName(t.value, language) }))} />
          {drawing && <Button onClick={finish}>{w("finish")}</Button>}
          <ActionIcon variant="default" size="lg" disabled={!undo} aria-label={w("undo")} onClick={() => undo?.()}>
            <IconArrowBackUp size={18} />
          </ActionIcon>
          <ActionIcon variant="default" size="lg" disabled={!redo} aria-label={w("redo")} onClick={() => redo?.()}>
            <IconArrowForwardUp size={18} />
          </ActionIcon>
          <Button variant="subtle" color="gray" onClick={() => (history.reset(drawn), setChosen(null))}>{w("startOver")}</Button>
        </Group>
        <Canvas still={`/sites/${encodeURIComponent(site)}/snapshot/${encodeURIComponent(camera.id)}.jpg`}
          film={<Film clips={tried.data?.clips ?? []} atMs={atMs} playing={playing} speed={SPEED} />} size={camera.size} shapes={shapes}
          chosen={chosen} drawing={drawing && { points, closed: drawing.what === "zones" }} tracks={tried.data?.tracks ?? []} atMs={atMs}
          label={w("draft")} onChoose={setChosen} onPoint={(p) => setPoints([...points, p])} onFinish={finish}
          onChange={(id, moved) => edit(id, { points: moved })} />
        <Text size="sm" c="dimmed">{w("drawHint")}</Text>
        {tried.data && <Replay tried={tried.data} atMs={atMs} playing={playing} onTime={setAtMs} onPlay={setPlaying} />}
      </Stack>
      <Stack gap="sm">
        {shape && <Chosen key={shape.id} shape={shape} surveyed={surveyed} taken={shapes.map((s) => s.id)} onEdit={(c) => edit(shape.id, c)} onRemove={remove} />}
        <Try onTry={tried.mutate} busy={tried.isPending} />
        {tried.isError && <Alert color="red" style={{ overflowWrap: "anywhere" }}>{tried.error.message}</Alert>}
        {tried.data && <Fragment yaml={tried.data.yaml} />}
      </Stack>
    </div>
  );
}

function Chosen(props: { shape: Shape; surveyed: boolean; taken: string[]; onEdit: (c: Partial<Shape>) => void; onRemove: () => void }) {
  const { w, language } = useWords();
  const { shape, taken } = props;
  const [id, setId] = useState(shape.id);
  const wrong = !/^[\p{L}\p{N}_.-]{1,64}$/u.test(id) || (id !== shape.id && taken.includes(id));
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <TextInput label={w("shapeId")} value={id} error={wrong} onChange={(e) => setId(e.currentTarget.value)}
          onBlur={() => !wrong && id !== shape.id && props.onEdit({ id })} />
        {shape.what === "zones" && (
          <Select label={w("kind")} value={shape.kind} allowDeselect={false} onChange={(kind) => props.onEdit({ kind: kind ?? shape.kind })}
            data={KINDS.map((k) => ({ value: k, label: zoneName(k, language) }))} />
        )}
        {shape.what === "boundaries" && (
          <Switch label={w("closedLine")} checked={shape.more.closed === true} onChange={(e) => props.onEdit({ more: { ...shape.more, closed: e.currentTarget.checked } })} />
        )}
        <Switch label={w("onGround")} disabled={!props.surveyed} checked={shape.on_ground} onChange={(e) => props.onEdit({ on_ground: e.currentTarget.checked })} />
        <Button variant="light" color="red" leftSection={<IconTrash size={16} />} onClick={props.onRemove}>{w("remove")}</Button>
      </Stack>
    </Paper>
  );
}

function Try({ onTry, busy }: { onTry: (span: { from_ms: number; to_ms: number } | Record<string, never>) => void; busy: boolean }) {
  const { w } = useWords();
  const [start, setStart] = useState("");
  const [minutes, setMinutes] = useState<number | string>(10);
  const from = start ? new Date(start).getTime() : Date.now() - Number(minutes) * 60_000;
  return (
    <Paper withBorder p="sm">
      <Stack gap="xs">
        <Title order={5}>{w("tryDraft")}</Title>
        <Group gap="xs" align="flex-end">
          <TextInput flex="2 1 170px" type="datetime-local" label={w("from")} value={start} onChange={(e) => setStart(e.currentTarget.value)} />
          <NumberInput flex="1 1 80px" label={w("minutes")} value={minutes} onChange={setMinutes} min={1} max={60} />
        </Group>
        <Button loading={busy} onClick={() => onTry({ from_ms: from, to_ms: from + Number(minutes) * 60_000 })}>{w("replayDraft")}</Button>
        <Button variant="default" loading={busy} onClick={() => onTry({})}>{w("checkDraft")}</Button>
      </Stack>
    </Paper>
  );
}

function Fragment({ yaml }: { yaml: string }) {
  const { w } = useWords();
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb="xs">
        <Title order={5}>site.yaml</Title>
        <Group gap={6}>
          <CopyButton value={yaml}>{({ copied, copy }) => <Button size="xs" variant="default" onClick={copy}>{copied ? "✓" : w("copy")}</Button>}</CopyButton>
          <Button size="xs" variant="default" component="a" download="draft.yaml" href={`data:text/yaml;charset=utf-8,${encodeURIComponent(yaml)}`}>
            {w("save")}
          </Button>
        </Group>
      </Group>
      <Code block mah={320} style={{ overflow: "auto" }} data-testid="yaml">{yaml}</Code>
    </Paper>
  );
}

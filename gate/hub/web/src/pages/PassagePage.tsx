import { Badge, Button, Group, Loader, Paper, SegmentedControl, Stack, Table, Text, Timeline, Title } from "@mantine/core";
import { IconArrowLeft, IconLock, IconLockOpen } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { call, fileUrl, get, type PassageDetail } from "../api";
import { AlertCard } from "../parts/AlertCard";
import { Curve } from "../parts/Curve";
import { clock, duration, tonnes, when } from "../parts/format";
import { EvidenceBox } from "../parts/EvidenceBox";
import { PlateChip } from "../parts/PlateChip";
import { useMe } from "../session";
import { ticketState } from "../terms";
import { kindName, movementName, useWords } from "../words";
import classes from "./PassagePage.module.css";

export function PassagePage() {
  const { id = "" } = useParams();
  const { w, language } = useWords();
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: passage, isError } = useQuery({
    queryKey: ["passage", id],
    queryFn: () => get<PassageDetail>(`/api/v1/passages/${encodeURIComponent(id)}`),
  });
  const [picked, setPicked] = useState<number | null>(null);
  const [chosen, setChosen] = useState(0);
  const [shown, setShown] = useState<number | null>(null);
  if (isError) return <Text c="dimmed">{w("notFound")}</Text>;
  if (!passage) return <Loader />;
  const weighings = passage.body.weighings ?? [];
  const samples = weighings.flatMap((x) => x.curve);
  const clips = passage.files.filter((f) => f.media_type === "video/mp4");
  const clip = clips.find((f) => f.id === chosen) ?? clips[0];
  const pictures = passage.files.filter((f) => f.media_type.startsWith("image/"));

  async function lock() {
    await call("PUT", `/api/v1/passages/${encodeURIComponent(id)}/lock`, { locked: !passage?.locked });
    void queries.invalidateQueries({ queryKey: ["passage"] });
  }

  return (
    <Stack maw={1240} mx="auto" gap="md">
      <Group justify="space-between">
        <Button variant="subtle" color="gray" leftSection={<IconArrowLeft size={18} />} onClick={() => void navigate(-1)} px={6}>
          {w("back")}
        </Button>
        {me.rights.includes("lock") && (
          <Button variant="default" leftSection={passage.locked ? <IconLockOpen size={18} /> : <IconLock size={18} />} onClick={() => void lock()}>
            {w(passage.locked ? "unlock" : "lock")}
          </Button>
        )}
      </Group>
      <Group gap={14}>
        <PlateChip text={passage.plate} colour={passage.colour} size="lg" />
        <Title order={2} className="tabular">
          {passage.weight_kg === null ? w("notWeighed") : tonnes(passage.weight_kg)}
        </Title>
        <Text c="dimmed">
          {kindName(passage.kind, language)} · {passage.site} · {when(passage.start_ms)} · {duration(passage.end_ms - passage.start_ms, language)}
        </Text>
        {passage.locked && <Badge color="teal">{w("locked")}</Badge>}
      </Group>
      <div className={classes.grid}>
        <Stack gap="md">
          {clips.length > 1 && (
            <SegmentedControl value={String(clip?.id)} onChange={(id) => setChosen(Number(id))}
              data={clips.map((f) => ({ value: String(f.id), label: f.name.replace(/-?\d{13}/, "").replace(/\.mp4$/, "").replace(/^clips__/, `${w("originalClip")} `) }))} />
          )}
          {clip ? (
            <Player key={clip.id} url={fileUrl(clip.id)} startMs={clipStart(clip.name) ?? passage.start_ms} seekMs={picked} onTime={setShown} />
          ) : (
            <div className={classes.noClip}>{w("noClip")}</div>
          )}
          {samples.length > 1 && (
            <Paper withBorder p="sm">
              <Text size="sm" fw={600} c="dimmed" mb={4}>
                {w("weightCurve")} · kg
              </Text>
              <Curve samples={samples} stableKg={weighings.find((x) => x.stable_kg)?.stable_kg} height={200}
                cursorMs={shown} onPick={setPicked} />
            </Paper>
          )}
          <div className={classes.pictures}>
            {pictures.map((f) => (
              <a key={f.id} href={fileUrl(f.id)} target="_blank" rel="noreferrer">
                <img src={fileUrl(f.id)} alt={f.name} loading="lazy" />
              </a>
            ))}
          </div>
        </Stack>
        <Stack gap="md">
          <Stack gap={8}>
            {passage.alerts.map((a) => (
              <AlertCard key={a.id} alert={{ ...a, weight_kg: passage.weight_kg, colour: passage.colour }} />
            ))}
          </Stack>
          <EvidenceBox passage={passage.id} />
          <Facts passage={passage} onPick={setPicked} />
        </Stack>
      </div>
    </Stack>
  );
}

/** The instant a clip begins, which its name carries: "<camera>-<UTC ms>.mp4". */
function clipStart(name: string): number | null {
  const found = /(\d{13})\.mp4$/.exec(name);
  return found ? Number(found[1]) : null;
}

/** A clip; time runs both ways between it and the curve. */
function Player(props: { url: string; startMs: number; seekMs: number | null; onTime: (tMs: number) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const { seekMs, startMs, onTime } = props;
  useEffect(() => {
    if (video.current && seekMs !== null) video.current.currentTime = Math.max(0, (seekMs - startMs) / 1000);
  }, [seekMs, startMs]);
  useEffect(() => {
    let frame = 0;
    let last = -1;
    const follow = () => {
      const t = video.current?.currentTime ?? 0;
      if (t !== last) onTime(startMs + t * 1000);
      last = t;
      frame = requestAnimationFrame(follow);
    };
    follow();
    return () => cancelAnimationFrame(frame);
  }, [startMs, onTime]);
  return <video ref={video} src={props.url} controls muted playsInline className={classes.video} />;
}

function Facts({ passage, onPick }: { passage: PassageDetail; onPick: (tMs: number) => void }) {
  const { w, language } = useWords();
  const me = useMe();
  const { plates = [], tickets = [], movements = [] } = passage.body;
  return (
    <Paper withBorder p="md">
      {plates.length > 0 && (
        <>
          <Title order={5} mb={6}>
            {w("plates")}
          </Title>
          <Group mb="md">
            {plates.map((p) => (
              <Group gap={6} key={p.text}>
                <PlateChip text={p.text} colour={p.colour} />
                <Text size="xs" c="dimmed">
                  {Math.round(p.confidence * 100)} %
                </Text>
              </Group>
            ))}
          </Group>
        </>
      )}
      {tickets.length > 0 && (
        <>
          <Title order={5} mb={6}>
            {w("ticket")}
          </Title>
          <Table mb="md" withRowBorders={false}>
            <Table.Tbody>
              {tickets.map((t) => (
                <Table.Tr key={`${t.ticket}${t.t_ms}`}>
                  <Table.Td>
                    {me.rights.includes("administer") ? (
                      <Text component={Link} size="sm" c="amber" to={`/manage?tab=tickets&ticket=${encodeURIComponent(`${passage.site}/${t.ticket}`)}`}>
                        {t.ticket}
                      </Text>
                    ) : (
                      t.ticket
                    )}
                  </Table.Td>
                  <Table.Td>{t.product}</Table.Td>
                  <Table.Td className="tabular">{t.tonnes} t</Table.Td>
                  <Table.Td>{ticketState(t.state, language)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </>
      )}
      {movements.length > 0 && (
        <>
          <Title order={5} mb={10}>
            {w("movements")}
          </Title>
          <Timeline bulletSize={12} lineWidth={2}>
            {movements.map((m) => (
              <Timeline.Item key={`${m.t_ms}${m.kind}${m.shape}`}>
                <button type="button" className={classes.moment} onClick={() => onPick(m.t_ms)}>
                  {clock(m.t_ms)} · {movementName(m.kind, language)} {m.shape} {m.direction} {m.gate}
                </button>
              </Timeline.Item>
            ))}
          </Timeline>
        </>
      )}
    </Paper>
  );
}

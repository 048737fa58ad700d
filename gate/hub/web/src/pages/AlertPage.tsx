import { Alert as Box, Button, Group, Loader, Modal, NumberInput, Paper, SegmentedControl, SimpleGrid, Stack, Table, Text, Textarea, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconArrowLeft, IconCheck, IconGavel, IconLock, IconSend } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { type AlertDetail, call, fileUrl, get } from "../api";
import { GradeBadge, StatusBadge } from "../parts/AlertCard";
import { Curve } from "../parts/Curve";
import { clock, tonnes, when } from "../parts/format";
import { PlanMap } from "../parts/PlanMap";
import { PlateChip } from "../parts/PlateChip";
import { act } from "../queue";
import { useMe } from "../session";
import { actionName, roleName, ruleName, useWords, type Word } from "../words";
import classes from "./AlertPage.module.css";

const DISPOSITIONS: Word[] = ["released", "held", "reweighed", "false_alarm"];

export function AlertPage() {
  const { id = "" } = useParams();
  const { w, language } = useWords();
  const navigate = useNavigate();
  const { data: alert, isError } = useQuery({
    queryKey: ["alert", id],
    queryFn: () => get<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(id)}`),
  });
  if (isError) return <Text c="dimmed">{w("notFound")}</Text>;
  if (!alert) return <Loader />;
  const [first, second] = language === "zh" ? [alert.zh, alert.en] : [alert.en, alert.zh];
  const record = alert.passage_record;
  const weighing = record?.body.weighings?.find((x) => x.curve.length > 1);
  const pictures = alert.files.filter((f) => f.media_type.startsWith("image/"));
  const clips = alert.files.filter((f) => f.media_type === "video/mp4");
  return (
    <Stack maw={1040} mx="auto" gap="md" className={classes.page}>
      <Group justify="space-between" wrap="nowrap">
        <Button variant="subtle" color="gray" leftSection={<IconArrowLeft size={18} />} onClick={() => void navigate(-1)} px={6}>
          {w("back")}
        </Button>
        <Text c="dimmed" size="sm" className="tabular">
          {when(alert.t_ms)}
        </Text>
      </Group>
      <div>
        <Group gap={10} mb={8}>
          <GradeBadge severity={alert.severity} />
          <StatusBadge alert={alert} />
          <Text c="dimmed" size="sm">
            {alert.site}
          </Text>
        </Group>
        <Group gap={14} align="center" mb={6}>
          <Title order={2}>{ruleName(alert.rule, language)}</Title>
          {(alert.plate || record) && <PlateChip text={alert.plate} colour={record?.colour} size="lg" />}
          {record && (
            <Text fw={700} size="xl" className="tabular" c={record.weight_kg === null ? "dimmed" : undefined}>
              {record.weight_kg === null ? w("notWeighed") : tonnes(record.weight_kg)}
            </Text>
          )}
        </Group>
        <Text size="lg" style={{ overflowWrap: "anywhere" }}>
          {first}
        </Text>
        <Text c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {second}
        </Text>
        <Due alert={alert} />
      </div>
      <Actions alert={alert} />
      {(pictures.length > 0 || clips.length > 0) && (
        <SimpleGrid cols={{ base: 1, sm: pictures.length + clips.length > 1 ? 2 : 1 }}>
          {clips.map((f) => (
            <video key={f.id} src={fileUrl(f.id)} controls muted playsInline className={classes.picture} />
          ))}
          {pictures.map((f) => (
            <a key={f.id} href={fileUrl(f.id)} target="_blank" rel="noreferrer">
              <img src={fileUrl(f.id)} alt={f.name} className={classes.picture} />
            </a>
          ))}
        </SimpleGrid>
      )}
      {weighing && (
        <Paper withBorder p="sm">
          <Text size="sm" fw={600} c="dimmed" mb={4}>
            {w("weightCurve")} · kg
          </Text>
          <Curve samples={weighing.curve} stableKg={weighing.stable_kg} height={180} />
        </Paper>
      )}
      <PlanMap site={alert.site} place={alert.body.place} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Numbers alert={alert} />
        <History alert={alert} />
      </SimpleGrid>
      {record && (
        <Button component={Link} to={`/passages/${encodeURIComponent(record.id)}`} variant="default">
          {w("openPassage")}
        </Button>
      )}
    </Stack>
  );
}

function Due({ alert }: { alert: AlertDetail }) {
  const { w } = useWords();
  if (alert.due_ms === null || alert.status !== "open") return null;
  const late = alert.level > 0;
  return (
    <Text size="sm" mt={6} c={late ? "red" : "dimmed"} fw={late ? 650 : 400}>
      {w("due")} {clock(alert.due_ms)}
      {late ? ` · ${w("overdue")} ×${alert.level}` : ""}
    </Text>
  );
}

function Actions({ alert }: { alert: AlertDetail }) {
  const { w } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<"dispose" | "close" | "reopen" | "escalate" | "silence" | null>(null);
  const base = `/api/v1/alerts/${encodeURIComponent(alert.id)}`;

  async function run(path: string, body: Record<string, unknown>) {
    try {
      const how = await act(path, body);
      if (how === "queued") notifications.show({ message: w("queued"), color: "yellow" });
      setDialog(null);
      void queries.invalidateQueries({ queryKey: ["alert"] });
      void queries.invalidateQueries({ queryKey: ["alerts"] });
    } catch (error) {
      notifications.show({ color: "red", title: w("conflict"), message: (error as Error).message });
    }
  }

  const may = (right: string) => me.rights.includes(right);
  const waiting = alert.status === "open" || alert.status === "acknowledged";
  const fromSite = me.role === "operator" || me.role === "duty_officer";
  return (
    <>
      <Group gap="sm" className={classes.actions}>
        {alert.status === "open" && may("act") && (
          <Button size="md" leftSection={<IconCheck size={20} />} onClick={() => void run(`${base}/acknowledge`, {})}>
            {w("acknowledge")}
          </Button>
        )}
        {waiting && may("act") && (
          <Button size="md" variant={alert.status === "open" ? "default" : "filled"} leftSection={<IconGavel size={20} />}
            onClick={() => setDialog("dispose")}>
            {w("dispose")}
          </Button>
        )}
        {alert.status === "disposed" && may("close") && !fromSite && (
          <>
            <Button size="md" leftSection={<IconLock size={20} />} onClick={() => setDialog("close")}>
              {w("close")}
            </Button>
            <Button size="md" variant="default" onClick={() => setDialog("reopen")}>
              {w("reopen")}
            </Button>
          </>
        )}
        {waiting && may("act") && (
          <Button size="md" variant="subtle" color="gray" leftSection={<IconSend size={18} />} onClick={() => setDialog("escalate")}>
            {w("escalate")}
          </Button>
        )}
        {waiting && may("silence") && alert.severity < 4 && (
          <Button size="md" variant="subtle" color="gray" onClick={() => setDialog("silence")}>
            {w("silence")}
          </Button>
        )}
      </Group>
      {alert.status === "disposed" && (
        <Box color="teal" py="xs">
          {w("closeHint")}
        </Box>
      )}
      {dialog === "dispose" && <DisposeDialog onClose={() => setDialog(null)} onDone={(b) => void run(`${base}/dispose`, b)} />}
      {(dialog === "close" || dialog === "reopen" || dialog === "escalate") && (
        <ReasonDialog title={w(dialog)} onClose={() => setDialog(null)} onDone={(reason) => void run(`${base}/${dialog}`, { reason })} />
      )}
      {dialog === "silence" && <SilenceDialog alert={alert} onClose={() => setDialog(null)} />}
    </>
  );
}

function DisposeDialog({ onClose, onDone }: { onClose: () => void; onDone: (body: Record<string, unknown>) => void }) {
  const { w } = useWords();
  const [disposition, setDisposition] = useState<string>("held");
  const [reason, setReason] = useState("");
  return (
    <Modal opened onClose={onClose} title={w("dispose")} centered>
      <Stack>
        <SegmentedControl fullWidth value={disposition} onChange={setDisposition}
          data={DISPOSITIONS.map((d) => ({ value: d, label: w(d) }))} />
        <Textarea label={w("reason")} placeholder={w("reasonHint")} value={reason} autosize minRows={2} maxLength={2000}
          onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
        <Button disabled={!reason.trim()} onClick={() => onDone({ disposition, reason })}>
          {w("dispose")}
        </Button>
      </Stack>
    </Modal>
  );
}

function ReasonDialog(props: { title: string; onClose: () => void; onDone: (reason: string) => void }) {
  const { w } = useWords();
  const [reason, setReason] = useState("");
  return (
    <Modal opened onClose={props.onClose} title={props.title} centered>
      <Stack>
        <Textarea label={w("reason")} placeholder={w("reasonHint")} value={reason} autosize minRows={2} maxLength={2000}
          onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
        <Button disabled={!reason.trim()} onClick={() => props.onDone(reason)}>
          {props.title}
        </Button>
      </Stack>
    </Modal>
  );
}

function SilenceDialog({ alert, onClose }: { alert: AlertDetail; onClose: () => void }) {
  const { w, language } = useWords();
  const [minutes, setMinutes] = useState<number | string>(60);
  const [reason, setReason] = useState("");
  async function save() {
    try {
      await call("POST", "/api/v1/silences", { site: alert.site, rule: alert.rule, minutes: Number(minutes), reason });
      notifications.show({ message: w("saved") });
      onClose();
    } catch (error) {
      notifications.show({ color: "red", message: (error as Error).message });
    }
  }
  return (
    <Modal opened onClose={onClose} title={`${w("silence")} · ${ruleName(alert.rule, language)} · ${alert.site}`} centered>
      <Stack>
        <NumberInput label={w("minutes")} value={minutes} onChange={setMinutes} min={1} max={10080} />
        <Textarea label={w("reason")} value={reason} onChange={(e) => setReason(e.currentTarget.value)} maxLength={2000} />
        <Button disabled={!reason.trim() || !minutes} onClick={() => void save()}>
          {w("silence")}
        </Button>
      </Stack>
    </Modal>
  );
}

function Numbers({ alert }: { alert: AlertDetail }) {
  const { w } = useWords();
  const rows: [string, string][] = Object.entries(alert.body.numbers ?? {}).map(([k, v]) => [k, v.toLocaleString("en-US")]);
  rows.push([w("confidence"), `${Math.round(alert.confidence * 100)} %`]);
  if (alert.passage_record?.ticket) rows.push([w("ticket"), alert.passage_record.ticket]);
  if (alert.grouped > 0) rows.push([w("grouped"), String(alert.grouped)]);
  return (
    <Paper withBorder p="md">
      <Title order={5} mb={6}>
        {w("numbers")}
      </Title>
      <Table variant="vertical" withRowBorders={false} layout="fixed">
        <Table.Tbody>
          {rows.map(([k, v]) => (
            <Table.Tr key={k}>
              <Table.Td c="dimmed">{k}</Table.Td>
              <Table.Td className="tabular" fw={600} style={{ overflowWrap: "anywhere" }}>
                {v}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function History({ alert }: { alert: AlertDetail }) {
  const { w, language } = useWords();
  return (
    <Paper withBorder p="md">
      <Title order={5} mb={6}>
        {w("history")}
      </Title>
      <Stack gap={8}>
        {alert.actions.map((a) => (
          <div key={`${a.t_ms}${a.kind}`}>
            <Text size="sm">
              <b>{actionName(a.kind, language)}</b>
              {a.disposition && ` · ${w(a.disposition as Word)}`}
              {a.user && ` · ${a.user} (${roleName(a.role, language)})`}
              <Text span size="xs" c="dimmed" ml={8} className="tabular">
                {when(a.t_ms)}
              </Text>
            </Text>
            {a.reason && (
              <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                {a.reason}
              </Text>
            )}
          </div>
        ))}
        {alert.actions.length === 0 && (
          <Text size="sm" c="dimmed">
            –
          </Text>
        )}
      </Stack>
      {alert.deliveries.length > 0 && (
        <>
          <Title order={5} mt="md" mb={6}>
            {w("deliveries")}
          </Title>
          {alert.deliveries.map((d) => (
            <Text size="sm" key={`${d.target}${d.cause}${d.t_ms}`} c={d.ok === false ? "red" : undefined}>
              {d.target} · {w(d.ok ? "sent" : "notSent")}
              <Text span size="xs" c="dimmed" ml={8} className="tabular">
                {when(d.t_ms)} {d.detail}
              </Text>
            </Text>
          ))}
        </>
      )}
    </Paper>
  );
}

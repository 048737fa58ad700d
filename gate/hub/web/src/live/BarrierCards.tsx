// The barriers of a site: how they stand, what is against the vehicle before them, and what people order.
import { Alert, Badge, Button, Group, Modal, Paper, Stack, Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconHandStop, IconLockOpen, IconRefresh } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Barrier, call, get, newId, type Order, type Site } from "../api";
import { clock } from "../parts/format";
import { useMe } from "../session";
import { againstText } from "../terms";
import { useWords } from "../words";

const COMMANDS = [
  { command: "release", icon: <IconLockOpen size={18} />, variant: "filled", colour: "green" },
  { command: "hold", icon: <IconHandStop size={18} />, variant: "filled", colour: "red" },
  { command: "reweigh", icon: <IconRefresh size={18} />, variant: "default", colour: undefined },
] as const;
type Command = (typeof COMMANDS)[number]["command"];
const COLOURS = { waiting: "yellow", taken: "yellow", done: "green", failed: "red", refused: "red", expired: "red", unanswered: "orange" };
const LOOK_AGAIN_MS = 5_000;

export function BarrierCards({ site }: { site: Site }) {
  const ids = Object.keys(site.barriers);
  const { data: orders = [] } = useQuery({
    queryKey: ["orders", site.id],
    queryFn: () => get<Order[]>(`/api/v1/sites/${encodeURIComponent(site.id)}/orders?limit=20`),
    enabled: ids.length > 0,
    refetchInterval: LOOK_AGAIN_MS,
  });
  return ids.map((id) => (
    <BarrierCard key={id} site={site} id={id} barrier={site.barriers[id] as Barrier} last={orders.find((o) => o.barrier === id)} />
  ));
}

function BarrierCard({ site, id, barrier, last }: { site: Site; id: string; barrier: Barrier; last: Order | undefined }) {
  const { w, language } = useWords();
  const me = useMe();
  const [asked, setAsked] = useState<Command | null>(null);
  const [state, colour] = barrier.blind ? (["armBlind", "red"] as const) : barrier.open ? (["armOpen", "green"] as const) : (["armDown", "gray"] as const);
  return (
    <Paper withBorder p="sm" data-testid="barrier">
      <Group justify="space-between" gap="sm">
        <Group gap="xs">
          <Text fw={650}>{w("barrier")} {id}</Text>
          <Badge color={colour} variant="light">{w(state)}</Badge>
        </Group>
        {me.rights.includes("command") && (
          <Group gap="xs">
            {COMMANDS.map(({ command, icon, variant, colour: own }) => (
              <Button key={command} variant={variant} color={own} leftSection={icon} disabled={!site.online} onClick={() => setAsked(command)}>
                {w(command)}
              </Button>
            ))}
          </Group>
        )}
      </Group>
      {!site.online && <Alert color="red" py="xs" mt="xs">{w("siteSilentHint")}</Alert>}
      <Text size="sm" mt={6} c={barrier.against?.length ? undefined : "dimmed"} style={{ overflowWrap: "anywhere" }}>
        {barrier.against === null ? w("nobodyBefore") : barrier.against.map((reason) => againstText(reason, language)).join(" · ") || w("nothingAgainst")}
      </Text>
      {last && (
        <Text size="sm" mt={4} style={{ overflowWrap: "anywhere" }} data-testid="order">
          <Badge size="sm" color={COLOURS[last.state]} variant="light" mr={8}>{w(`order_${last.state}`)}</Badge>
          {clock(last.created_ms)} · {w(last.command)} · {last.user} · {last.reason}
          {last.detail && last.state !== "done" && <Text span c="dimmed"> · {last.detail}</Text>}
        </Text>
      )}
      {asked && <OrderDialog site={site.id} barrier={id} command={asked} onClose={() => setAsked(null)} />}
    </Paper>
  );
}

function OrderDialog({ site, barrier, command, onClose }: { site: string; barrier: string; command: Command; onClose: () => void }) {
  const { w } = useWords();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [clientId] = useState(newId); // asked twice for the same dialog, it counts once
  async function give() {
    setBusy(true);
    try {
      await call("POST", `/api/v1/sites/${encodeURIComponent(site)}/orders`, { command, barrier, reason, client_id: clientId });
      void queries.invalidateQueries({ queryKey: ["orders"] });
      onClose();
    } catch (error) {
      setBusy(false);
      notifications.show({ color: "red", title: w("conflict"), message: (error as Error).message });
    }
  }
  return (
    <Modal opened onClose={onClose} title={`${w("barrier")} ${barrier} · ${w(command)}`} centered>
      <Stack>
        <Textarea label={w("reason")} placeholder={w("orderHint")} value={reason} autosize minRows={2} maxLength={2000}
          onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
        <Button disabled={!reason.trim()} loading={busy} color={COMMANDS.find((c) => c.command === command)?.colour} onClick={() => void give()}>
          {w(command)}
        </Button>
      </Stack>
    </Modal>
  );
}

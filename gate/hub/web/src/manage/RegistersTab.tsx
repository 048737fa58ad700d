// Tickets with their ledger, and vehicles, as the sites' registers have them.
import { Badge, Group, Loader, Modal, Paper, SegmentedControl, SimpleGrid, Stack, Switch, Table, Text, TextInput, Timeline, Title, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";

import { get } from "../api";
import { day, when } from "../parts/format";
import { MoreButton, usePages } from "../parts/paging";
import { PlateChip } from "../parts/PlateChip";
import { kindName, useWords, type Word } from "../words";

interface Ticket {
  site: string;
  id: string;
  plate: string;
  product: string;
  buyer: string;
  kg: number;
  issued_ms: number;
  until_ms: number;
  state: string;
}

interface TicketDetail extends Ticket {
  changes: { t_ms: number; state: string; detail: string; passage: string | null }[];
}

interface Vehicle {
  site: string;
  plate: string;
  kind: string;
  owner: string;
  tare_kg: number | null;
  axles: number | null;
  colour: string;
  products: string[];
}

type Sums = Record<"registered" | "open" | "used" | "void" | "expired" | "used_kg", number> & { site: string };

const STATES = ["open", "used", "void", "expired"] as const;
const COLOURS: Record<string, string> = { open: "blue", used: "green", void: "gray", expired: "yellow", issued: "blue" };
const stateWord = (state: string): Word | null =>
  ["issued", ...STATES].includes(state) ? (`ticket_${state}` as Word) : null;

function StateBadge({ state }: { state: string }) {
  const { w } = useWords();
  const word = stateWord(state);
  return (
    <Badge color={COLOURS[state] ?? "orange"} variant="light" radius="sm" tt="none">
      {word ? w(word) : state}
    </Badge>
  );
}

export function TicketsTab() {
  const { w } = useWords();
  const [params, setParams] = useSearchParams();
  const [plate, setPlate] = useState("");
  const [near, setNear] = useState(true);
  const [state, setState] = useState("");
  const [wanted] = useDebouncedValue(plate, 300);
  const entries = { plate: wanted, near: wanted && near ? "true" : "", state };
  const query = new URLSearchParams(Object.entries(entries).filter(([, v]) => v)).toString();
  const pages = usePages<Ticket>(["tickets", query], `/api/v1/tickets?${query}`);
  const open = params.get("ticket");
  const close = () => setParams((p) => (p.delete("ticket"), p));
  return (
    <Stack>
      <Balance />
      <Paper withBorder p="sm">
        <Group gap="sm" align="flex-end">
          <TextInput flex="1 1 180px" leftSection={<IconSearch size={18} />} label={w("plate")} placeholder={w("wildcards")} value={plate}
            onChange={(e) => setPlate(e.currentTarget.value)} maxLength={16} />
          <Switch label={w("near")} checked={near} onChange={(e) => setNear(e.currentTarget.checked)} mb={8} />
          <SegmentedControl value={state} onChange={setState}
            data={[{ value: "", label: w("all") }, ...STATES.map((s) => ({ value: s, label: w(`ticket_${s}` as Word) }))]} />
        </Group>
      </Paper>
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table verticalSpacing="xs" miw={620} data-testid="tickets">
          <Table.Tbody>
            {pages.items.map((t) => (
              <Table.Tr key={`${t.site}/${t.id}`}>
                <Table.Td>
                  <UnstyledButton fw={650} c="amber" fz="sm" onClick={() => setParams((p) => (p.set("ticket", `${t.site}/${t.id}`), p))}>
                    {t.id}
                  </UnstyledButton>
                  <Text size="xs" c="dimmed">{t.site}</Text>
                </Table.Td>
                <Table.Td>{t.plate && <PlateChip text={t.plate} colour="yellow" size="sm" />}</Table.Td>
                <Table.Td>
                  {t.product} <Text span c="dimmed" size="sm">{t.buyer}</Text>
                </Table.Td>
                <Table.Td className="tabular" ta="right">{(t.kg / 1000).toFixed(2)} t</Table.Td>
                <Table.Td className="tabular" c="dimmed">{t.until_ms ? `→ ${day(t.until_ms)}` : ""}</Table.Td>
                <Table.Td><StateBadge state={t.state} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {pages.empty && <Text c="dimmed" ta="center" py="lg">{w("noTickets")}</Text>}
      </Paper>
      <MoreButton pages={pages} />
      {open && <Ledger path={open} onClose={close} />}
    </Stack>
  );
}

function Balance() {
  const { w } = useWords();
  const { data = [] } = useQuery({ queryKey: ["balance"], queryFn: () => get<Sums[]>("/api/v1/tickets/balance") });
  return (
    <>
      {data.map((s) => (
        <Paper key={s.site} withBorder p="sm">
          <Group justify="space-between" mb={6}>
            <Title order={5}>{s.site}</Title>
            <Text size="sm" c="dimmed" className="tabular">
              {s.registered} = {STATES.map((k) => `${w(`ticket_${k}` as Word)} ${s[k]}`).join(" + ")}
            </Text>
          </Group>
          <SimpleGrid cols={{ base: 3, sm: 6 }}>
            <Sum label={w("registered")} value={s.registered} />
            {STATES.map((k) => (
              <Sum key={k} label={w(`ticket_${k}` as Word)} value={s[k]} />
            ))}
            <Sum label={`${w("ticket_used")} (t)`} value={Math.round(s.used_kg / 1000)} />
          </SimpleGrid>
        </Paper>
      ))}
    </>
  );
}

function Sum({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <Text size="xs" c="dimmed">{label}</Text>
      <Text fw={700} fz={20} className="tabular">{value.toLocaleString("en-US")}</Text>
    </div>
  );
}

function Ledger({ path, onClose }: { path: string; onClose: () => void }) {
  const { w } = useWords();
  const [site = "", ...rest] = path.split("/");
  const { data, isError } = useQuery({
    queryKey: ["ticket", path],
    queryFn: () => get<TicketDetail>(`/api/v1/tickets/${encodeURIComponent(site)}/${encodeURIComponent(rest.join("/"))}`),
  });
  return (
    <Modal opened onClose={onClose} title={`${w("ticket")} ${rest.join("/")}`} centered>
      {isError && <Text c="dimmed">{w("noTickets")}</Text>}
      {!data && !isError && <Loader />}
      {data && (
        <Stack>
          <Group gap="sm">
            <PlateChip text={data.plate} colour="yellow" />
            <Text className="tabular">{data.product} · {(data.kg / 1000).toFixed(2)} t</Text>
            <StateBadge state={data.state} />
          </Group>
          <Timeline bulletSize={14} lineWidth={2} active={data.changes.length}>
            {data.changes.map((c) => (
              <Timeline.Item key={`${c.t_ms}${c.state}${c.passage}`} title={<StateBadge state={c.state} />}>
                <Text size="sm" className="tabular">{when(c.t_ms)} {c.detail}</Text>
                {c.passage && (
                  <Text size="sm" component={Link} to={`/passages/${encodeURIComponent(c.passage)}`} c="amber">
                    {w("openPassage")}
                  </Text>
                )}
              </Timeline.Item>
            ))}
          </Timeline>
        </Stack>
      )}
    </Modal>
  );
}

export function VehiclesTab() {
  const { w, language } = useWords();
  const [plate, setPlate] = useState("");
  const [wanted] = useDebouncedValue(plate, 300);
  const query = wanted ? `plate=${encodeURIComponent(wanted)}&near=true` : "";
  const pages = usePages<Vehicle>(["vehicles", query], `/api/v1/vehicles?${query}`);
  return (
    <Stack>
      <TextInput leftSection={<IconSearch size={18} />} label={w("plate")} placeholder={w("wildcards")} value={plate}
        onChange={(e) => setPlate(e.currentTarget.value)} maxLength={16} />
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table verticalSpacing="xs" miw={620} data-testid="vehicles">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{w("plate")}</Table.Th>
              <Table.Th>{w("kind")}</Table.Th>
              <Table.Th>{w("owner")}</Table.Th>
              <Table.Th ta="right">{w("tare")}</Table.Th>
              <Table.Th ta="right">{w("axles")}</Table.Th>
              <Table.Th>{w("product_")}</Table.Th>
              <Table.Th>{w("site")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map((v) => (
              <Table.Tr key={`${v.site}/${v.plate}`}>
                <Table.Td><PlateChip text={v.plate} colour={v.colour || "yellow"} size="sm" /></Table.Td>
                <Table.Td>{kindName(v.kind, language)}</Table.Td>
                <Table.Td>{v.owner}</Table.Td>
                <Table.Td ta="right" className="tabular">{v.tare_kg ? `${(v.tare_kg / 1000).toFixed(2)} t` : "–"}</Table.Td>
                <Table.Td ta="right" className="tabular">{v.axles ?? "–"}</Table.Td>
                <Table.Td>{v.products.join("、")}</Table.Td>
                <Table.Td c="dimmed">{v.site}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {pages.empty && <Text c="dimmed" ta="center" py="lg">{w("noVehicles")}</Text>}
      </Paper>
      <MoreButton pages={pages} />
    </Stack>
  );
}

import { Group, Paper, SegmentedControl, Select, SimpleGrid, Stack, Table, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "../api";
import { GRADE_COLOURS } from "../theme";
import { day, dayStart } from "../parts/format";
import { useSites } from "./LivePage";
import { useWords, type Word } from "../words";
import classes from "./FiguresPage.module.css";

interface Figure {
  key: string;
  passages: number;
  weighed: number;
  weight_kg: number;
  alerts: Record<string, number>;
}

const BY: [string, Word][] = [
  ["day", "byDay"], ["month", "byMonth"], ["year", "byYear"], ["site", "bySite"], ["mine", "byMine"], ["product", "byProduct"],
];
const GRADES = ["1", "2", "3", "4"];
const tonnes = (kg: number) => (kg / 1000).toLocaleString("en-US", { maximumFractionDigits: 1 });

export function FiguresPage() {
  const { w, language } = useWords();
  const [by, setBy] = useState("day");
  const [site, setSite] = useState<string | null>(null);
  const [from, setFrom] = useState(() => day(Date.now() - 30 * 86_400_000));
  const [to, setTo] = useState("");
  const sites = useSites();
  const entries = { by, site: site ?? "", from_ms: dayStart(from), to_ms: dayStart(to, 1) };
  const query = new URLSearchParams(Object.entries(entries).filter(([, v]) => v)).toString();
  const { data = [] } = useQuery({
    queryKey: ["figures", query],
    queryFn: () => get<Figure[]>(`/api/v1/figures?${query}`),
    refetchInterval: 60_000,
  });
  const rows = [...data].reverse();
  const most = Math.max(1, ...rows.map((r) => r.passages));
  const sum = (of: (r: Figure) => number) => rows.reduce((a, r) => a + of(r), 0);
  const alerts = (r: Figure) => GRADES.reduce((a, g) => a + (r.alerts[g] ?? 0), 0);
  return (
    <Stack maw={1040} mx="auto" gap="md">
      <SegmentedControl value={by} onChange={setBy} data={BY.map(([value, key]) => ({ value, label: w(key) }))} />
      <Group gap="sm" align="flex-end">
        <TextInput flex="1 1 140px" type="date" label={w("from")} value={from} onChange={(e) => setFrom(e.currentTarget.value)} />
        <TextInput flex="1 1 140px" type="date" label={w("to")} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
        <Select flex="1 1 160px" label={w("site")} placeholder={w("anySite")} value={site} onChange={setSite} clearable
          data={sites.map((s) => ({ value: s.id, label: (language === "zh" ? s.name.zh : s.name.en) || s.id }))} />
      </Group>
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Big label={w("passages")} value={sum((r) => r.passages).toLocaleString("en-US")} />
        <Big label={w("weighed")} value={sum((r) => r.weighed).toLocaleString("en-US")} />
        <Big label={`${w("weight")} (t)`} value={tonnes(sum((r) => r.weight_kg))} />
        <Big label={w("alerts")} value={sum(alerts).toLocaleString("en-US")} />
      </SimpleGrid>
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table className="tabular" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th />
              <Table.Th className={classes.bars}>{w("passages")}</Table.Th>
              <Table.Th ta="right">{w("weighed")}</Table.Th>
              <Table.Th ta="right">{w("weight")} (t)</Table.Th>
              <Table.Th>{w("alerts")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((r) => (
              <Table.Tr key={r.key}>
                <Table.Td fw={600} style={{ whiteSpace: "nowrap" }}>{r.key || "–"}</Table.Td>
                <Table.Td>
                  <div className={classes.bar}>
                    <i style={{ width: `${(100 * r.passages) / most}%` }} />
                    <span>{r.passages}</span>
                  </div>
                </Table.Td>
                <Table.Td ta="right">{r.weighed}</Table.Td>
                <Table.Td ta="right">{tonnes(r.weight_kg)}</Table.Td>
                <Table.Td>
                  <Group gap={6} wrap="nowrap">
                    {GRADES.filter((g) => r.alerts[g]).map((g) => (
                      <Text key={g} size="sm" fw={700} c={GRADE_COLOURS[Number(g)]} title={w(`grade${g}` as Word)}>
                        ●{r.alerts[g]}
                      </Text>
                    ))}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
    </Stack>
  );
}

function Big({ label, value }: { label: string; value: string }) {
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fw={750} fz={28} lh={1.2} className="tabular">
        {value}
      </Text>
    </Paper>
  );
}

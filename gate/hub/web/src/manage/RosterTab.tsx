// Who is on duty when: a week at a time, one row a person.
import { ActionIcon, Badge, Button, CloseButton, Group, Paper, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "../api";
import { day } from "../parts/format";
import { roleName, useWords } from "../words";
import { useChange } from "./shared";

interface Shift {
  id: number;
  user_id: number;
  name: string;
  role: string;
  start_ms: number;
  end_ms: number;
}

interface Person {
  id: number;
  shown_name: string;
  role: string;
  disabled: boolean;
}

const DAY_MS = 86_400_000;
const WEEKDAYS = { zh: ["一", "二", "三", "四", "五", "六", "日"], en: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] };

function monday(offset: number): Date {
  const t = new Date();
  t.setHours(0, 0, 0, 0);
  t.setDate(t.getDate() - ((t.getDay() + 6) % 7) + 7 * offset);
  return t;
}

const days = (start: Date) => Array.from({ length: 7 }, (_, n) => new Date(start.getFullYear(), start.getMonth(), start.getDate() + n));
const hour = (ms: number) => {
  const t = new Date(ms);
  return `${String(t.getHours()).padStart(2, "0")}:${String(t.getMinutes()).padStart(2, "0")}`;
};

export function RosterTab() {
  const { w, language } = useWords();
  const change = useChange("roster");
  const [week, setWeek] = useState(0);
  const [who, setWho] = useState<string | null>(null);
  const [date, setDate] = useState(day(Date.now()));
  const [from, setFrom] = useState("08:00");
  const [to, setTo] = useState("20:00");
  const { data: people = [] } = useQuery({ queryKey: ["people"], queryFn: () => get<Person[]>("/api/v1/people") });
  const start = monday(week);
  const columns = days(start);
  const fromMs = start.getTime();
  const { data: shifts = [] } = useQuery({
    queryKey: ["roster", fromMs],
    queryFn: () => get<Shift[]>(`/api/v1/roster?from_ms=${fromMs}&to_ms=${fromMs + 7 * DAY_MS}`),
  });
  const rows = [...new Map(shifts.map((s) => [s.user_id, s])).values()];
  async function add() {
    const begin = new Date(`${date}T${from}`).getTime();
    let end = new Date(`${date}T${to}`).getTime();
    if (end <= begin) end += DAY_MS;
    await change("POST", "/api/v1/roster", { user_id: Number(who), start_ms: begin, end_ms: end });
  }
  return (
    <Stack>
      <Paper withBorder p="sm">
        <Group align="flex-end" gap="sm">
          <Select flex="2 1 160px" label={w("user")} value={who} onChange={setWho} searchable
            data={people.filter((p) => !p.disabled).map((p) => ({ value: String(p.id), label: `${p.shown_name} · ${roleName(p.role, language)}` }))} />
          <TextInput flex="1 1 130px" type="date" label={w("day")} value={date} onChange={(e) => setDate(e.currentTarget.value)} />
          <TextInput flex="1 1 90px" type="time" label={w("from")} value={from} onChange={(e) => setFrom(e.currentTarget.value)} />
          <TextInput flex="1 1 90px" type="time" label={w("to")} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
          <Button disabled={!who || !date || !from || !to} onClick={() => void add()}>
            {w("add")}
          </Button>
        </Group>
        <Text size="sm" c="dimmed" mt="xs">
          {w("rosterHint")}
        </Text>
      </Paper>
      <Group justify="space-between">
        <ActionIcon variant="default" size="lg" aria-label={w("earlier")} onClick={() => setWeek(week - 1)}>
          <IconChevronLeft size={18} />
        </ActionIcon>
        <Text fw={650} className="tabular">
          {day(fromMs)} – {day((columns[6] ?? start).getTime())}
        </Text>
        <ActionIcon variant="default" size="lg" aria-label={w("later")} onClick={() => setWeek(week + 1)}>
          <IconChevronRight size={18} />
        </ActionIcon>
      </Group>
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table verticalSpacing="sm" miw={760} layout="fixed" data-testid="roster">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={110} />
              {columns.map((c, n) => (
                <Table.Th key={c.getTime()} ta="center" c={day(c.getTime()) === day(Date.now()) ? "amber" : undefined}>
                  {WEEKDAYS[language][n]} {c.getDate()}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.user_id}>
                <Table.Td>
                  <Text fw={650} size="sm">{row.name}</Text>
                  <Text size="xs" c="dimmed">{roleName(row.role, language)}</Text>
                </Table.Td>
                {columns.map((c) => (
                  <Table.Td key={c.getTime()} p={4}>
                    <Stack gap={3}>
                      {shifts.filter((s) => s.user_id === row.user_id && day(s.start_ms) === day(c.getTime())).map((s) => (
                        <Badge key={s.id} variant="light" radius="sm" fullWidth px={4} tt="none" className="tabular"
                          rightSection={<CloseButton size="xs" aria-label={w("remove")} onClick={() => void change("DELETE", `/api/v1/roster/${s.id}`)} />}>
                          {hour(s.start_ms)}–{hour(s.end_ms)}
                        </Badge>
                      ))}
                    </Stack>
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {rows.length === 0 && <Text c="dimmed" ta="center" py="lg">{w("rosterEmpty")}</Text>}
      </Paper>
    </Stack>
  );
}

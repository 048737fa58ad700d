import { Box, Button, Group, NumberInput, Paper, Select, Stack, Switch, Table, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "../api";
import { GradeBadge } from "../parts/AlertCard";
import { ROLE_IDS, roleName, RULE_IDS, ruleName, useWords, type Word } from "../words";
import { OnceShown, useChange } from "./shared";

interface Channel {
  id: number;
  name: string;
  kind: string;
  address: string;
  per_minute: number;
}

interface Route {
  id: number;
  target: string;
  site: string | null;
  rule: string | null;
  min_severity: number;
  level: number;
  quiet: { from: string; to: string }[];
}

const NIGHT = [{ from: "22:00", to: "06:00" }];

export function ChannelsTab() {
  const { data: channels = [] } = useQuery({ queryKey: ["channels"], queryFn: () => get<Channel[]>("/api/v1/channels") });
  return (
    <Stack>
      <Channels channels={channels} />
      <Routes channels={channels} />
    </Stack>
  );
}

function Channels({ channels }: { channels: Channel[] }) {
  const { w } = useWords();
  const change = useChange("channels");
  const [name, setName] = useState("");
  const [kind, setKind] = useState<string | null>("apprise");
  const [address, setAddress] = useState("");
  const [perMinute, setPerMinute] = useState<number | string>(20);
  const [secret, setSecret] = useState("");
  async function add() {
    const made = await change<{ secret: string }>("POST", "/api/v1/channels", { name, kind, address, per_minute: Number(perMinute) });
    if (made) {
      setSecret(made.secret);
      setName("");
      setAddress("");
    }
  }
  async function test(channel: Channel) {
    const said = await change<{ ok: boolean; detail: string }>("POST", `/api/v1/channels/${channel.id}/test`);
    if (said) notifications.show({ color: said.ok ? "green" : "red", title: channel.name, message: said.ok ? w("sent") : said.detail });
  }
  return (
    <Paper withBorder p="sm">
      <Title order={5} mb="xs">
        {w("channels")}
      </Title>
      <Group align="flex-end" gap="sm">
        <TextInput flex="1 1 120px" label={w("channelName")} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={64} />
        <Select w={130} label={w("kind")} value={kind} onChange={setKind} data={["apprise", "webhook"]} allowDeselect={false} />
        <TextInput flex="3 1 220px" label={w("address")} placeholder="wecombot://… dingtalk://… mailto://… ntfy://…" value={address}
          onChange={(e) => setAddress(e.currentTarget.value)} maxLength={1000} />
        <NumberInput w={90} label="/ min" value={perMinute} onChange={setPerMinute} min={1} max={600} />
        <Button onClick={() => void add()} disabled={!name || !address}>
          {w("add")}
        </Button>
      </Group>
      <Box style={{ overflowX: "auto" }}>
        <Table mt="sm" verticalSpacing="xs" miw={420}>
          <Table.Tbody>
            {channels.map((c) => (
              <Table.Tr key={c.id}>
                <Table.Td fw={650}>{c.name}</Table.Td>
                <Table.Td c="dimmed">{c.address}</Table.Td>
                <Table.Td>
                  <Group gap={6} justify="flex-end">
                    <Button size="xs" variant="default" onClick={() => void test(c)}>
                      {w("test")}
                    </Button>
                    <Button size="xs" variant="subtle" color="red" onClick={() => void change("DELETE", `/api/v1/channels/${c.id}`)}>
                      {w("remove")}
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Box>
      {secret && <OnceShown title="HMAC-SHA256" text={secret} onClose={() => setSecret("")} />}
    </Paper>
  );
}

function Routes({ channels }: { channels: Channel[] }) {
  const { w, language } = useWords();
  const change = useChange("routes");
  const { data: routes = [] } = useQuery({ queryKey: ["routes"], queryFn: () => get<Route[]>("/api/v1/routes") });
  const [target, setTarget] = useState<string | null>(null);
  const [grade, setGrade] = useState<string | null>("3");
  const [rule, setRule] = useState<string | null>(null);
  const [quiet, setQuiet] = useState(false);
  const [level, setLevel] = useState<string | null>("0");
  const targets = [
    ...channels.map((c) => ({ value: `channel:${c.id}`, label: c.name })),
    ...ROLE_IDS.map((r) => ({ value: `role:${r}`, label: `${roleName(r, language)} (push)` })),
  ];
  const label = (value: string) => targets.find((t) => t.value === value)?.label ?? value;
  const add = () =>
    change("POST", "/api/v1/routes", { target, min_severity: Number(grade), rule, level: Number(level), quiet: quiet ? NIGHT : [] });
  return (
    <Paper withBorder p="sm">
      <Title order={5} mb="xs">
        {w("routes")}
      </Title>
      <Group align="flex-end" gap="sm">
        <Select flex="2 1 170px" label={w("target")} value={target} onChange={setTarget} data={targets} />
        <Select flex="1 1 120px" label={w("minGrade")} value={grade} onChange={setGrade} allowDeselect={false}
          data={["1", "2", "3", "4"].map((g) => ({ value: g, label: w(`grade${g}` as Word) }))} />
        <Select flex="1 1 150px" label={w("rule")} placeholder={w("anyRule")} value={rule} onChange={setRule} clearable searchable
          data={RULE_IDS.map((r) => ({ value: r, label: ruleName(r, language) }))} />
        <Select flex="1 1 110px" label={w("level")} value={level} onChange={setLevel} allowDeselect={false}
          data={["0", "1", "2", "3"].map((n) => ({ value: n, label: n === "0" ? w("atOnce") : `+${n}` }))} />
        <Switch label={`${w("quiet")} 22–06`} checked={quiet} onChange={(e) => setQuiet(e.currentTarget.checked)} mb={8} />
        <Button disabled={!target} onClick={() => void add()}>
          {w("add")}
        </Button>
      </Group>
      <Box style={{ overflowX: "auto" }}>
        <Table mt="sm" verticalSpacing="xs" miw={640}>
          <Table.Tbody>
            {routes.map((r) => (
              <Table.Tr key={r.id}>
                <Table.Td fw={650}>{label(r.target)}</Table.Td>
                <Table.Td>
                  <Group gap={6} wrap="nowrap">
                    <GradeBadge severity={r.min_severity} />
                    <Text size="sm">+</Text>
                  </Group>
                </Table.Td>
                <Table.Td>{r.level > 0 ? `${w("level")} ${r.level}` : w("atOnce")}</Table.Td>
                <Table.Td>{r.rule ? ruleName(r.rule, language) : w("anyRule")}</Table.Td>
                <Table.Td c="dimmed">{r.quiet.map((q) => `${q.from}–${q.to}`).join(", ") || w("always")}</Table.Td>
                <Table.Td ta="right">
                  <Button size="xs" variant="subtle" color="red" onClick={() => void change("DELETE", `/api/v1/routes/${r.id}`)}>
                    {w("remove")}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Box>
    </Paper>
  );
}

import { Badge, Button, Group, Paper, Select, Stack, Table, TagsInput, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { get } from "../api";
import { useSites } from "../pages/LivePage";
import { ROLE_IDS, roleName, useWords } from "../words";
import { OnceShown, useChange } from "./shared";

interface Person {
  id: number;
  name: string;
  shown_name: string;
  role: string;
  sites: string[] | null;
  disabled: boolean;
  has_password: boolean;
}

export function PeopleTab() {
  const { w, language } = useWords();
  const change = useChange("people");
  const { data = [] } = useQuery({ queryKey: ["people"], queryFn: () => get<Person[]>("/api/v1/people") });
  const [link, setLink] = useState("");
  return (
    <Stack>
      <NewPerson onLink={setLink} />
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table verticalSpacing="sm">
          <Table.Tbody>
            {data.map((p) => (
              <Table.Tr key={p.id} opacity={p.disabled ? 0.55 : 1}>
                <Table.Td>
                  <Text fw={650}>{p.shown_name}</Text>
                  <Text size="xs" c="dimmed">
                    {p.name}
                  </Text>
                </Table.Td>
                <Table.Td>{roleName(p.role, language)}</Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    {p.sites === null ? <Text size="sm">{w("anySite")}</Text> : p.sites.map((s) => <Badge key={s} variant="light" tt="none">{s}</Badge>)}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <Group gap={6} justify="flex-end" wrap="nowrap">
                    <Button size="xs" variant="default"
                      onClick={() => void change<{ link: string }>("POST", `/api/v1/people/${p.id}/link`).then((a) => a && setLink(a.link))}>
                      {w("newLink")}
                    </Button>
                    <Button size="xs" variant="subtle" color={p.disabled ? "green" : "red"}
                      onClick={() => void change("PATCH", `/api/v1/people/${p.id}`, { disabled: !p.disabled })}>
                      {w(p.disabled ? "enable" : "disable")}
                    </Button>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      {link && <OnceShown title={w("enterLink")} text={link} onClose={() => setLink("")} />}
    </Stack>
  );
}

function NewPerson({ onLink }: { onLink: (link: string) => void }) {
  const { w, language } = useWords();
  const change = useChange("people");
  const known = useSites();
  const [name, setName] = useState("");
  const [shown, setShown] = useState("");
  const [role, setRole] = useState<string | null>("duty_officer");
  const [sites, setSites] = useState<string[]>([]);
  async function add() {
    const body = { name, shown_name: shown, role, sites: sites.length ? sites : null };
    const made = await change<{ link: string }>("POST", "/api/v1/people", body);
    if (made) {
      onLink(made.link);
      setName("");
      setShown("");
    }
  }
  return (
    <Paper withBorder p="sm">
      <Group align="flex-end" gap="sm">
        <TextInput flex="1 1 130px" label={w("name")} value={name} onChange={(e) => setName(e.currentTarget.value)} maxLength={64} />
        <TextInput flex="1 1 130px" label={w("user")} value={shown} onChange={(e) => setShown(e.currentTarget.value)} maxLength={64} />
        <Select flex="1 1 140px" label={w("role")} value={role} onChange={setRole} allowDeselect={false}
          data={ROLE_IDS.map((r) => ({ value: r, label: roleName(r, language) }))} />
        <TagsInput flex="2 1 200px" label={w("sites")} placeholder={sites.length ? "" : w("anySite")} value={sites} onChange={setSites}
          data={known.map((s) => s.id)} />
        <Button onClick={() => void add()} disabled={!name}>
          {w("add")}
        </Button>
      </Group>
    </Paper>
  );
}

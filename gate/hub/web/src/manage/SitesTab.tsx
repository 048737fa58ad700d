import { Badge, Button, Group, Paper, Stack, Table, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";

import { useSites } from "../pages/LivePage";
import { when } from "../parts/format";
import { useWords } from "../words";
import { OnceShown, useChange } from "./shared";

export function SitesTab() {
  const { w, language } = useWords();
  const sites = useSites();
  const change = useChange("sites");
  const [id, setId] = useState("");
  const [token, setToken] = useState("");
  async function register(site: string) {
    const made = await change<{ token: string }>("POST", "/api/v1/sites", { id: site });
    if (made) setToken(made.token);
  }
  return (
    <Stack>
      <Paper withBorder p="sm">
        <Group align="flex-end">
          <TextInput label={w("site")} value={id} onChange={(e) => setId(e.currentTarget.value)} maxLength={64} />
          <Button disabled={!/^[\p{L}\p{N}_.-]{1,64}$/u.test(id)} onClick={() => void register(id)}>
            {w("add")}
          </Button>
        </Group>
      </Paper>
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table verticalSpacing="sm" miw={760}>
          <Table.Tbody>
            {sites.map((s) => (
              <Table.Tr key={s.id}>
                <Table.Td>
                  <Text fw={650}>{language === "zh" ? s.name.zh : s.name.en}</Text>
                  <Text size="xs" c="dimmed">
                    {s.id}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Badge color={s.online ? "green" : "red"} variant="dot">
                    {w(s.online ? "online" : "silent")}
                  </Badge>
                  {s.streams_with_gaps > 0 && (
                    <Badge color="orange" variant="light" ml={6}>
                      {s.streams_with_gaps} {w("gapsHint")}
                    </Badge>
                  )}
                </Table.Td>
                <Table.Td>
                  <Button size="xs" variant="default" component={Link} to={`/draft/${encodeURIComponent(s.id)}`}>
                    {w("draft")}
                  </Button>
                </Table.Td>
                <Table.Td>
                  <Text size="sm" c="dimmed" className="tabular">
                    {w("lastSeen")} {s.last_seen_ms === null ? "–" : when(s.last_seen_ms)}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    {Object.entries(s.devices).map(([device, state]) => (
                      <Badge key={device} size="sm" tt="none" variant="light" color={state === "ok" ? "green" : "red"}>
                        {device} · {state}
                      </Badge>
                    ))}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      {token && <OnceShown title={w("token")} text={token} onClose={() => setToken("")} />}
    </Stack>
  );
}

import { Paper, Stack, Table, Text } from "@mantine/core";

import { when } from "../parts/format";
import { MoreButton, usePages } from "../parts/paging";
import { auditName } from "../terms";
import { useWords } from "../words";

interface Entry {
  t_ms: number;
  user: string;
  address: string;
  action: string;
  target: string;
  detail: string;
}

export function AuditTab() {
  const { w, language } = useWords();
  const pages = usePages<Entry>(["audit"], "/api/v1/audit?limit=100");
  return (
    <Stack>
      <Paper withBorder style={{ overflowX: "auto" }}>
        <Table verticalSpacing={6} miw={620}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{w("time")}</Table.Th>
              <Table.Th>{w("user")}</Table.Th>
              <Table.Th>{w("action")}</Table.Th>
              <Table.Th>{w("detail")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pages.items.map((e, n) => (
              <Table.Tr key={`${e.t_ms}-${n}`}>
                <Table.Td className="tabular" style={{ whiteSpace: "nowrap" }}>{when(e.t_ms)}</Table.Td>
                <Table.Td>
                  {e.user}
                  <Text size="xs" c="dimmed">
                    {e.address}
                  </Text>
                </Table.Td>
                <Table.Td>{auditName(e.action, language)}</Table.Td>
                <Table.Td style={{ overflowWrap: "anywhere" }}>
                  {e.target} <Text span size="sm" c="dimmed">{e.detail}</Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Paper>
      <MoreButton pages={pages} />
    </Stack>
  );
}

// Verify what was sealed, and take it away.
import { Badge, Button, Code, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconDownload, IconShieldCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { get } from "../api";
import { useMe } from "../session";
import { useWords, type Word } from "../words";

interface Report {
  standing: "valid" | "incomplete" | "tampered" | "absent";
  fingerprint?: string;
  files: number;
  bytes: number;
  counter_signed?: boolean;
  problems: { level: string; code: string; zh: string; en: string }[];
}

const COLOURS = { valid: "green", incomplete: "yellow", tampered: "red", absent: "gray" };

export function EvidenceBox({ passage }: { passage: string }) {
  const { w, language } = useWords();
  const me = useMe();
  const path = `/api/v1/passages/${encodeURIComponent(passage)}`;
  const check = useMutation({ mutationFn: () => get<Report>(`${path}/verification`) });
  const report = check.data;
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" gap="xs">
        <Title order={5}>{w("evidence")}</Title>
        <Group gap={6}>
          <Button size="xs" variant="default" leftSection={<IconShieldCheck size={16} />} loading={check.isPending} onClick={() => check.mutate()}>
            {w("verify")}
          </Button>
          {me.rights.includes("export") && (
            <Button size="xs" variant="default" component="a" href={`${path}/evidence.zip`} download leftSection={<IconDownload size={16} />}>
              {w("export")}
            </Button>
          )}
        </Group>
      </Group>
      {check.isError && <Text c="red" size="sm" mt="xs">{check.error.message}</Text>}
      {report && (
        <Stack gap={6} mt="sm" data-testid="verification">
          <Group gap="xs">
            <Badge color={COLOURS[report.standing]} size="lg" radius="sm">
              {w(`standing_${report.standing}` as Word)}
            </Badge>
            <Text size="sm" c="dimmed">
              {report.files} {w("files")} · {(report.bytes / 1e6).toFixed(1)} MB
            </Text>
          </Group>
          {report.counter_signed !== undefined && (
            <Text size="sm">{w(report.counter_signed ? "counterSigned" : "notCounterSigned")}</Text>
          )}
          {report.problems.map((p) => (
            <Text key={p.code + p.en} size="sm" c={p.level === "tampered" ? "red" : p.level === "missing" ? "yellow" : "dimmed"}
              style={{ overflowWrap: "anywhere" }}>
              {language === "zh" ? p.zh : p.en}
            </Text>
          ))}
          {report.fingerprint && (
            <Text size="xs" c="dimmed">
              {w("fingerprint")} <Code style={{ overflowWrap: "anywhere" }}>{report.fingerprint}</Code>
            </Text>
          )}
        </Stack>
      )}
    </Paper>
  );
}

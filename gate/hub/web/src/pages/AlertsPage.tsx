import { Badge, CloseButton, Group, SegmentedControl, Stack } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Alert, call, get } from "../api";
import { AlertCard } from "../parts/AlertCard";
import { MoreButton, usePages } from "../parts/paging";
import { when } from "../parts/format";
import { useMe } from "../session";
import { ruleName, useWords } from "../words";
import { Nothing } from "./LivePage";

const WAITING = "status=open&status=acknowledged&status=disposed";

export function AlertsPage() {
  const { w } = useWords();
  const [which, setWhich] = useState("waiting");
  const pages = usePages<Alert>(["alerts", "list", which], `/api/v1/alerts?${which === "waiting" ? WAITING : ""}`);
  return (
    <Stack maw={860} mx="auto" gap="sm">
      <SegmentedControl value={which} onChange={setWhich}
        data={[
          { value: "waiting", label: w("waiting") },
          { value: "all", label: w("all") },
        ]} />
      <Silences />
      {pages.items.map((a) => (
        <AlertCard key={a.id} alert={a} />
      ))}
      {pages.empty && <Nothing icon={<IconShieldCheck size={34} />} text={w("noAlerts")} hint={w("noAlertsHint")} />}
      <MoreButton pages={pages} />
    </Stack>
  );
}

interface Silence {
  id: number;
  site: string | null;
  rule: string | null;
  plate: string | null;
  until_ms: number;
  by: string;
  reason: string;
}

/** What is kept from channels for now, until when, and by whom. */
function Silences() {
  const { w, language } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const { data = [] } = useQuery({ queryKey: ["silences"], queryFn: () => get<Silence[]>("/api/v1/silences"), refetchInterval: 60_000 });
  async function end(id: number) {
    await call("DELETE", `/api/v1/silences/${id}`);
    void queries.invalidateQueries({ queryKey: ["silences"] });
  }
  if (data.length === 0) return null;
  return (
    <Group gap={6}>
      {data.map((s) => (
        <Badge key={s.id} size="lg" variant="light" color="gray" radius="sm" tt="none" title={`${s.by}: ${s.reason}`}
          rightSection={me.rights.includes("silence") && <CloseButton size="xs" aria-label={w("endSilence")} onClick={() => void end(s.id)} />}>
          {w("silences")} {[s.site, s.rule && ruleName(s.rule, language), s.plate].filter(Boolean).join(" · ")} {w("until")} {when(s.until_ms)}
        </Badge>
      ))}
    </Group>
  );
}

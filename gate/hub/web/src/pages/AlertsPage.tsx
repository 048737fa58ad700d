import { SegmentedControl, Stack } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";

import type { Alert } from "../api";
import { AlertCard } from "../parts/AlertCard";
import { MoreButton, usePages } from "../parts/paging";
import { useWords } from "../words";
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
      {pages.items.map((a) => (
        <AlertCard key={a.id} alert={a} />
      ))}
      {pages.empty && <Nothing icon={<IconShieldCheck size={34} />} text={w("noAlerts")} hint={w("noAlertsHint")} />}
      <MoreButton pages={pages} />
    </Stack>
  );
}

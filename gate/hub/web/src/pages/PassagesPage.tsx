import { Button, Group, Paper, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDownload, IconSearch, IconTruck } from "@tabler/icons-react";
import { useState } from "react";

import type { Passage } from "../api";
import { dayStart } from "../parts/format";
import { MoreButton, usePages } from "../parts/paging";
import { PassageRow } from "../parts/PassageRow";
import { useMe } from "../session";
import { RULE_IDS, ruleName, useWords } from "../words";
import { Nothing, useSites } from "./LivePage";

export function PassagesPage() {
  const { w, language } = useWords();
  const me = useMe();
  const sites = useSites();
  const [plate, setPlate] = useState("");
  const [near, setNear] = useState(true);
  const [ticket, setTicket] = useState("");
  const [site, setSite] = useState<string | null>(null);
  const [rule, setRule] = useState<string | null>(null);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [wanted] = useDebouncedValue({ plate, ticket }, 300);
  const entries = {
    plate: wanted.plate, near: wanted.plate && near ? "true" : "", ticket: wanted.ticket.trim(), site: site ?? "",
    finding: rule ?? "", from_ms: dayStart(from), to_ms: dayStart(to, 1),
  };
  const query = new URLSearchParams(Object.entries(entries).filter(([, v]) => v)).toString();
  const pages = usePages<Passage>(["passages", "list", query], `/api/v1/passages?${query}`);
  return (
    <Stack maw={1040} mx="auto" gap="sm">
      <Paper withBorder p="sm">
        <Group gap="sm" align="flex-end">
          <TextInput flex="2 1 200px" leftSection={<IconSearch size={18} />} label={w("plate")} placeholder={w("wildcards")}
            value={plate} onChange={(e) => setPlate(e.currentTarget.value)} maxLength={16} />
          <TextInput flex="1 1 140px" label={w("ticket")} value={ticket} onChange={(e) => setTicket(e.currentTarget.value)} maxLength={128} />
          <Select flex="1 1 150px" label={w("rule")} placeholder={w("anyRule")} value={rule} onChange={setRule} clearable searchable
            data={RULE_IDS.map((r) => ({ value: r, label: ruleName(r, language) }))} />
        </Group>
        <Group gap="sm" align="flex-end" mt={8}>
          {sites.length > 1 && (
            <Select flex="1 1 160px" label={w("site")} placeholder={w("anySite")} value={site} onChange={setSite} clearable
              data={sites.map((s) => ({ value: s.id, label: (language === "zh" ? s.name.zh : s.name.en) || s.id }))} />
          )}
          <TextInput flex="1 1 140px" type="date" label={w("from")} value={from} onChange={(e) => setFrom(e.currentTarget.value)} />
          <TextInput flex="1 1 140px" type="date" label={w("to")} value={to} onChange={(e) => setTo(e.currentTarget.value)} />
          <Switch label={w("near")} checked={near} onChange={(e) => setNear(e.currentTarget.checked)} mb={8} />
          {me.rights.includes("export") && (
            <Group gap={6} ml="auto">
              {["csv", "parquet"].map((form) => (
                <Button key={form} component="a" href={`/api/v1/export/passages.${form}?${query}`} download variant="default"
                  leftSection={<IconDownload size={16} />}>
                  {form === "csv" ? "CSV" : "Parquet"}
                </Button>
              ))}
            </Group>
          )}
        </Group>
      </Paper>
      {pages.empty ? (
        <Nothing icon={<IconTruck size={34} />} text={w("noPassages")} />
      ) : (
        <Paper withBorder>
          {pages.items.map((p) => (
            <PassageRow key={p.id} passage={p} />
          ))}
        </Paper>
      )}
      <MoreButton pages={pages} />
    </Stack>
  );
}

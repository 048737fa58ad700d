import { Paper, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconTruck } from "@tabler/icons-react";
import { useState } from "react";

import type { Passage } from "../api";
import { MoreButton, usePages } from "../parts/paging";
import { PassageRow } from "../parts/PassageRow";
import { useWords } from "../words";
import { Nothing } from "./LivePage";

export function PassagesPage() {
  const { w } = useWords();
  const [plate, setPlate] = useState("");
  const [wanted] = useDebouncedValue(plate, 300);
  const path = `/api/v1/passages?near=true&plate=${encodeURIComponent(wanted)}`;
  const pages = usePages<Passage>(["passages", "list", wanted], path);
  return (
    <Stack maw={860} mx="auto" gap="sm">
      <TextInput leftSection={<IconSearch size={18} />} placeholder={w("plate")} aria-label={w("plate")} value={plate}
        onChange={(e) => setPlate(e.currentTarget.value)} maxLength={16} />
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

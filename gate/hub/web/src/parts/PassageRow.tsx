import { Text } from "@mantine/core";
import { IconTruck } from "@tabler/icons-react";
import { Link } from "react-router";

import type { Passage } from "../api";
import { GRADE_COLOURS } from "../theme";
import { kindName, useWords } from "../words";
import { tonnes, when } from "./format";
import classes from "./PassageRow.module.css";
import { PlateChip } from "./PlateChip";

export function PassageRow({ passage }: { passage: Passage }) {
  const { w, language } = useWords();
  const grade = passage.severity ?? 0;
  return (
    <Link to={`/passages/${encodeURIComponent(passage.id)}`} className={classes.row} data-testid="passage">
      <IconTruck size={20} className={classes.icon} color={grade ? `var(--mantine-color-${GRADE_COLOURS[grade]}-6)` : undefined} />
      <div className={classes.who}>
        <PlateChip text={passage.plate} colour={passage.colour} />
        <Text size="xs" c="dimmed" truncate>
          {kindName(passage.kind, language)}
          {passage.product ? ` · ${passage.product}` : ""} · {passage.site}
        </Text>
      </div>
      <div className={classes.what}>
        <Text size="sm" fw={650} className="tabular" c={passage.weight_kg === null ? "dimmed" : undefined}>
          {passage.weight_kg === null ? w("notWeighed") : tonnes(passage.weight_kg)}
        </Text>
        <Text size="xs" c="dimmed" className="tabular">
          {when(passage.start_ms)} · {w(passage.closed ? "left" : "inYard")}
        </Text>
      </div>
    </Link>
  );
}

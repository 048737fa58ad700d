import { Badge, Group, Paper, Text } from "@mantine/core";

import type { Site } from "../api";
import { useLiveWeight } from "../news";
import { Curve } from "../parts/Curve";
import { PlateChip } from "../parts/PlateChip";
import { useWords } from "../words";
import classes from "./WeighingCard.module.css";

const NONE: [number, number, boolean | null][] = [];

export function WeighingCard({ site }: { site: Site }) {
  const { w } = useWords();
  const { weight, fresh } = useLiveWeight(site.id);
  const last = weight?.samples.at(-1);
  const scale = site.scales.find((s) => s.id === weight?.scale) ?? site.scales[0];
  const e = scale?.e_kg ?? 20;
  const kg = fresh && last ? last[1] : null;
  const state = kg === null ? "noWeight" : Math.abs(kg) < 4 * e ? "empty" : last?.[2] ? "stable" : "moving";
  const colour = { noWeight: "gray", empty: "gray", stable: "green", moving: "amber" }[state];

  return (
    <Paper withBorder className={classes.card} data-testid="weighing">
      <div className={classes.reading}>
        <Group gap="xs" wrap="nowrap">
          <Text size="sm" c="dimmed" fw={600}>
            {w("weighing")}
          </Text>
          <Badge size="sm" color={colour} variant={state === "stable" ? "filled" : "light"}>
            {w(state)}
          </Badge>
        </Group>
        <div className={classes.number} data-state={state}>
          {kg === null ? "– – –" : Math.round(kg).toLocaleString("en-US")}
          <span className={classes.unit}>kg</span>
        </div>
        <Group gap="xs" mih={28}>
          {weight?.plate && fresh && <PlateChip text={weight.plate} />}
          {weight?.ticket && fresh && (
            <Text size="sm" c="dimmed">
              {w("ticket")} {weight.ticket}
            </Text>
          )}
        </Group>
      </div>
      <div className={classes.curve}>
        <Text size="xs" c="dimmed" className={classes.caption}>
          {w("lastMinute")} · kg
        </Text>
        <Curve samples={weight?.samples ?? NONE} height={150} spanMs={60_000} />
      </div>
    </Paper>
  );
}

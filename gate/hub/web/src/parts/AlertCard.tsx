import { Badge, Group, Text } from "@mantine/core";
import { Link } from "react-router";

import { type Alert, fileUrl } from "../api";
import { GRADE_COLOURS } from "../theme";
import { ruleName, useWords, type Word } from "../words";
import classes from "./AlertCard.module.css";
import { tonnes, when } from "./format";
import { PlateChip } from "./PlateChip";

const STATUS_COLOURS: Record<string, string> = { open: "red", acknowledged: "blue", disposed: "teal", closed: "gray" };

export function GradeBadge({ severity }: { severity: number }) {
  const { w } = useWords();
  return (
    <Badge color={GRADE_COLOURS[severity]} variant="filled" size="sm" radius="sm">
      {w(`grade${severity}` as Word)}
    </Badge>
  );
}

export function StatusBadge({ alert }: { alert: Alert }) {
  const { w } = useWords();
  const status = alert.state === "withdrawn" ? "withdrawn" : alert.status;
  return (
    <Badge color={STATUS_COLOURS[status] ?? "gray"} variant="light" size="sm" radius="sm">
      {w(status as Word)}
    </Badge>
  );
}

export function AlertCard({ alert }: { alert: Alert }) {
  const { language } = useWords();
  const [first, second] = language === "zh" ? [alert.zh, alert.en] : [alert.en, alert.zh];
  return (
    <Link to={`/alerts/${alert.id}`} className={classes.card} data-grade={alert.severity} data-status={alert.status}
      data-testid="alert">
      <div className={classes.stripe} style={{ background: `var(--mantine-color-${GRADE_COLOURS[alert.severity]}-6)` }} />
      <div className={classes.body}>
        <Group gap={8} wrap="wrap" justify="space-between">
          <Group gap={8}>
            <GradeBadge severity={alert.severity} />
            <Text fw={650} size="sm">
              {ruleName(alert.rule, language)}
            </Text>
          </Group>
          <Group gap={8}>
            <StatusBadge alert={alert} />
            <Text size="xs" c="dimmed" className="tabular">
              {when(alert.t_ms)}
            </Text>
          </Group>
        </Group>
        <Text size="sm" className={classes.reason}>
          {first}
        </Text>
        <Text size="xs" c="dimmed" className={classes.reason}>
          {second}
        </Text>
        <Group gap={10} mt={4}>
          {(alert.plate || alert.passage) && <PlateChip text={alert.plate} colour={alert.colour} size="sm" />}
          {alert.weight_kg !== null && alert.weight_kg !== undefined && (
            <Text size="sm" fw={650} className="tabular">
              {tonnes(alert.weight_kg)}
            </Text>
          )}
          <Text size="xs" c="dimmed" truncate>
            {alert.site}
          </Text>
        </Group>
      </div>
      {alert.picture ? <img className={classes.picture} src={fileUrl(alert.picture)} alt="" loading="lazy" /> : null}
    </Link>
  );
}

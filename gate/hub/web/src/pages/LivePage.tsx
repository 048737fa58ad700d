import { Badge, Center, Group, Paper, Select, Stack, Text, Title } from "@mantine/core";
import { IconShieldCheck, IconTruck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";

import { type Alert, get, type Page, type Passage, type Site } from "../api";
import { BarrierCards } from "../live/BarrierCards";
import { CameraTile } from "../live/CameraTile";
import { WeighingCard } from "../live/WeighingCard";
import { AlertCard } from "../parts/AlertCard";
import { PassageRow } from "../parts/PassageRow";
import { useWords } from "../words";
import classes from "./LivePage.module.css";

const NO_SITES: Site[] = [];

export function useSites(): Site[] {
  const { data } = useQuery({
    queryKey: ["sites"],
    queryFn: () => get<Site[]>("/api/v1/sites"),
    refetchInterval: 15_000,
  });
  return data ?? NO_SITES;
}

export function LivePage() {
  const { w, language } = useWords();
  const sites = useSites();
  const [params, setParams] = useSearchParams();
  const site = sites.find((s) => s.id === params.get("site")) ?? sites[0];
  const alerts = useQuery({
    queryKey: ["alerts", "live", site?.id],
    queryFn: () => get<Page<Alert>>(`/api/v1/alerts?limit=30&site=${encodeURIComponent(site?.id ?? "")}`),
    enabled: site !== undefined,
  });
  const passages = useQuery({
    queryKey: ["passages", "live", site?.id],
    queryFn: () => get<Page<Passage>>(`/api/v1/passages?limit=30&site=${encodeURIComponent(site?.id ?? "")}`),
    enabled: site !== undefined,
  });

  if (site === undefined) {
    return (
      <Center mih="60vh">
        <Text c="dimmed">{w("noSites")}</Text>
      </Center>
    );
  }
  const title = language === "zh" ? site.name.zh : site.name.en;
  return (
    <div className={classes.page}>
      <div className={classes.main}>
        <Group justify="space-between" mb={2}>
          <Group gap="sm">
            <Title order={3}>{title}</Title>
            <Badge color={site.online ? "green" : "red"} variant="dot">
              {w(site.online ? "online" : "silent")}
            </Badge>
          </Group>
          {sites.length > 1 && (
            <Select size="xs" w={200} value={site.id} onChange={(id) => id && setParams({ site: id })}
              data={sites.map((s) => ({ value: s.id, label: (language === "zh" ? s.name.zh : s.name.en) || s.id }))}
              allowDeselect={false} aria-label={w("site")} />
          )}
        </Group>
        <div className={classes.wall} data-barrier={Object.keys(site.barriers).length > 0} data-count={Math.min(site.cameras.length, 3)}>
          {site.cameras.map((camera) => (
            <CameraTile key={`${site.id}/${camera.id}`} site={site.id} camera={camera.id} name={camera.name} />
          ))}
          {site.cameras.length === 0 && (
            <Center className={classes.none}>
              <Text c="dimmed">{w("noPicture")}</Text>
            </Center>
          )}
        </div>
        <WeighingCard site={site} />
        <BarrierCards site={site} />
      </div>
      <aside className={classes.side}>
        <Column title={w("alerts")} empty={alerts.data?.items.length === 0}
          none={<Nothing icon={<IconShieldCheck size={34} />} text={w("noAlerts")} hint={w("noAlertsHint")} />}>
          <Stack gap={8}>
            {alerts.data?.items.map((a) => (
              <AlertCard key={a.id} alert={a} />
            ))}
          </Stack>
        </Column>
        <Column title={w("passages")} empty={passages.data?.items.length === 0}
          none={<Nothing icon={<IconTruck size={34} />} text={w("noPassages")} />}>
          <Paper withBorder>
            {passages.data?.items.map((p) => (
              <PassageRow key={p.id} passage={p} />
            ))}
          </Paper>
        </Column>
      </aside>
    </div>
  );
}

function Column(props: { title: string; empty: boolean; none: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.column}>
      <Title order={5} className={classes.heading}>
        {props.title}
      </Title>
      <div className={classes.scroll}>{props.empty ? props.none : props.children}</div>
    </section>
  );
}

export function Nothing({ icon, text, hint }: { icon: ReactNode; text: string; hint?: string }) {
  return (
    <Stack align="center" gap={6} py="xl" c="dimmed">
      {icon}
      <Text fw={600}>{text}</Text>
      {hint && <Text size="sm">{hint}</Text>}
    </Stack>
  );
}

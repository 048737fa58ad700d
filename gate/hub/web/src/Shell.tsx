// The frame around every page: header on a desk, tabs at the bottom of a phone.
import { ActionIcon, Alert, AppShell, Badge, Group, Loader, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconBell, IconBroadcast, IconChartBar, IconCloudOff, IconMoon, IconSettings, IconSun, IconTruck } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { notifications } from "@mantine/notifications";
import { type ReactNode, Suspense, useEffect } from "react";
import { NavLink, Outlet } from "react-router";

import { AccountMenu } from "./AccountMenu";
import { get } from "./api";
import { ConnectedContext, useNews } from "./news";
import { Mark } from "./parts/Mark";
import { flush, onConflict, useWaiting } from "./queue";
import { useMe } from "./session";
import classes from "./Shell.module.css";
import { useWords, type Word } from "./words";

type Counts = Record<string, Record<string, number>>;

interface Place {
  to: string;
  label: Word;
  icon: ReactNode;
  right: string;
}

const PLACES: Place[] = [
  { to: "/", label: "live", icon: <IconBroadcast size={20} />, right: "watch" },
  { to: "/alerts", label: "alerts", icon: <IconBell size={20} />, right: "watch" },
  { to: "/passages", label: "passages", icon: <IconTruck size={20} />, right: "search" },
  { to: "/figures", label: "figures", icon: <IconChartBar size={20} />, right: "search" },
  { to: "/manage", label: "people", icon: <IconSettings size={20} />, right: "administer" },
];

export function Shell() {
  const { w, language, setLanguage } = useWords();
  const me = useMe();
  const connected = useNews(language);
  const { data: counts } = useQuery({ queryKey: ["counts"], queryFn: () => get<Counts>("/api/v1/alerts/counts") });
  const waiting = useWaiting();
  useFlush(connected);
  const open = Object.values(counts?.open ?? {}).reduce((a, b) => a + b, 0);
  const places = PLACES.filter((p) => me.rights.includes(p.right));
  const links = places.map((place) => (
    <NavLink key={place.to} to={place.to} end={place.to === "/"} className={classes.link}>
      {place.icon}
      <span>{w(place.label)}</span>
      {place.to === "/alerts" && open > 0 && (
        <Badge size="sm" color="red" circle={open < 10} className={classes.count}>
          {open > 99 ? "99+" : open}
        </Badge>
      )}
    </NavLink>
  ));
  return (
    <ConnectedContext.Provider value={connected}>
      <AppShell header={{ height: 56 }} padding="md" className={classes.shell}>
        <AppShell.Header className={classes.header}>
          <Group gap={10} wrap="nowrap">
            <Mark />
            <Text fw={750} size="lg" className={classes.title}>
              {w("product")}
            </Text>
          </Group>
          <nav className={classes.top}>{links}</nav>
          <Group gap={6} wrap="nowrap">
            <ActionIcon variant="subtle" color="gray" size="lg" onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
              aria-label={language === "zh" ? "English" : "中文"}>
              <Text size="sm" fw={650}>
                {language === "zh" ? "EN" : "中"}
              </Text>
            </ActionIcon>
            <SchemeButton />
            <AccountMenu />
          </Group>
        </AppShell.Header>
        <AppShell.Main>
          {waiting.length > 0 && (
            <Alert color="yellow" mb="sm" py="xs">
              {waiting.length} {w("queuedCount")}
            </Alert>
          )}
          {!connected && (
            <Alert color="red" icon={<IconCloudOff />} mb="sm" py="xs">
              {w("offline")}
            </Alert>
          )}
          <Suspense fallback={<Loader />}>
            <Outlet />
          </Suspense>
        </AppShell.Main>
      </AppShell>
      <nav className={classes.tabs}>{links}</nav>
    </ConnectedContext.Provider>
  );
}

/** Sends what waited as soon as the hub is there again. */
function useFlush(connected: boolean) {
  const { w } = useWords();
  const queries = useQueryClient();
  useEffect(() => {
    onConflict((message) => notifications.show({ color: "red", title: w("conflict"), message }));
    const run = () => {
      void flush().then((sent) => {
        if (sent) void queries.invalidateQueries();
      });
    };
    if (connected) run();
    window.addEventListener("online", run);
    return () => window.removeEventListener("online", run);
  }, [connected, queries, w]);
}

function SchemeButton() {
  const { w } = useWords();
  const scheme = useComputedColorScheme("dark");
  const { setColorScheme } = useMantineColorScheme();
  return (
    <Tooltip label={w("theme")}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={w("theme")}
        onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}>
        {scheme === "dark" ? <IconSun size={19} /> : <IconMoon size={19} />}
      </ActionIcon>
    </Tooltip>
  );
}

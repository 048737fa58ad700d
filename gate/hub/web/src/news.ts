// News from the hub: keeps lists fresh, and holds the weights of the moment.
import { notifications } from "@mantine/notifications";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";

import type { Alert } from "./api";
import { GRADE_COLOURS } from "./theme";
import type { Language } from "./words";

const KEPT_MS = 60_000;
const FRESH_MS = 3_000;

export interface LiveWeight {
  site: string;
  scale: string;
  plate: string;
  ticket: string;
  samples: [number, number, boolean | null][];
  heard: number;
}

/** The last minute of every scale, outside of React so that ten readings a second draw only what shows them. */
class LiveWeights {
  private byKey = new Map<string, LiveWeight>();
  private listeners = new Set<() => void>();

  take(data: Omit<LiveWeight, "heard">) {
    const key = `${data.site}/${data.scale}`;
    const before = this.byKey.get(key)?.samples ?? [];
    const samples = [...before, ...data.samples];
    const newest = samples.at(-1)?.[0] ?? 0;
    this.byKey.set(key, { ...data, samples: samples.filter((s) => s[0] > newest - KEPT_MS), heard: Date.now() });
    this.tell();
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  get(site: string, scale?: string): LiveWeight | undefined {
    if (scale) return this.byKey.get(`${site}/${scale}`);
    for (const [key, value] of this.byKey) if (key.startsWith(`${site}/`)) return value;
    return undefined;
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

const weights = new LiveWeights();

export function useLiveWeight(site: string): { weight: LiveWeight | undefined; fresh: boolean } {
  const weight = useSyncExternalStore(weights.subscribe, () => weights.get(site));
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), FRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return { weight, fresh: weight !== undefined && Date.now() - weight.heard < FRESH_MS };
}

export const ConnectedContext = createContext(true);
export const useConnected = () => useContext(ConnectedContext);

const SOON_MS = 100;
const PACE_MS = 2_000;

/** Loads a kind of list again: at once after a quiet time, else once in two seconds, so that a storm costs little. */
function gathered(queries: QueryClient) {
  const timers = new Map<string, number>();
  const loaded = new Map<string, number>();
  return (kind: string) => {
    if (timers.has(kind)) return;
    const run = () => {
      timers.delete(kind);
      loaded.set(kind, Date.now());
      void queries.invalidateQueries({ queryKey: [kind] });
    };
    const since = Date.now() - (loaded.get(kind) ?? 0);
    const pace = PACE_MS * (0.75 + Math.random() / 2); // fifty pages hear the same news: not all at once
    timers.set(kind, window.setTimeout(run, Math.max(SOON_MS, pace - since)));
  };
}

export function useNews(language: Language): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const refresh = gathered(queries);
    const source = new EventSource("/api/v1/events");
    let lost = false;
    const told = new Set<string>();
    const loadAll = () => ["alerts", "counts", "passages", "sites"].forEach(refresh);
    source.addEventListener("hello", () => {
      if (lost) loadAll();
      lost = false;
      setConnected(true);
    });
    source.addEventListener("resync", loadAll);
    source.addEventListener("alert", (event) => {
      refresh("alerts");
      refresh("counts");
      refresh("alert");
      const alert = JSON.parse(event.data) as Alert;
      if (alert.severity >= 3 && alert.status === "open" && alert.state === "raised" && !told.has(alert.id)) {
        told.add(alert.id);
        notifications.show({
          id: alert.id,
          color: GRADE_COLOURS[alert.severity],
          title: alert.plate || alert.site,
          message: language === "zh" ? alert.zh : alert.en,
          autoClose: 8000,
        });
      }
    });
    source.addEventListener("passage", () => {
      refresh("passages");
      refresh("passage");
    });
    source.addEventListener("file", () => {
      refresh("alerts");
      refresh("alert");
      refresh("passage");
    });
    source.addEventListener("site", () => refresh("sites"));
    source.addEventListener("device", () => refresh("devices"));
    source.addEventListener("order", () => refresh("orders"));
    source.addEventListener("live", (event) => weights.take(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      lost = true;
      setConnected(false);
    });
    return () => source.close();
  }, [queries, language]);
  return connected;
}

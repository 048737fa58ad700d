// Actions taken on a phone: sent at once, or kept while there is no network and sent later, each once.
import { useSyncExternalStore } from "react";

import { ApiError, call, newId } from "./api";

const KEY = "gatewarden-actions";

export interface Waiting {
  path: string;
  body: Record<string, unknown>;
  client_id: string;
}

type Listener = () => void;
const listeners = new Set<Listener>();
let snapshot: Waiting[] = load();
let conflicts: ((problem: string) => void) | null = null;

function load(): Waiting[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as Waiting[];
  } catch {
    return [];
  }
}

function keep(next: Waiting[]): void {
  snapshot = next;
  localStorage.setItem(KEY, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Whether a failure means "no network", so that trying again later makes sense. */
function isOffline(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 502;
}

/** Do it now, or note it for later. "queued" when noted; throws what the hub answered when it refused. */
export async function act(path: string, body: Record<string, unknown>): Promise<"done" | "queued"> {
  const waiting: Waiting = { path, body, client_id: newId() };
  keep([...snapshot, waiting]);
  try {
    await call("POST", path, { ...body, client_id: waiting.client_id });
  } catch (error) {
    if (isOffline(error)) return "queued";
    keep(snapshot.filter((w) => w.client_id !== waiting.client_id));
    throw error;
  }
  keep(snapshot.filter((w) => w.client_id !== waiting.client_id));
  return "done";
}

let flushing = false;

/** Send what waits, oldest first. What the hub refuses is dropped and told. */
export async function flush(): Promise<number> {
  if (flushing) return 0;
  flushing = true;
  let sent = 0;
  try {
    for (const waiting of [...snapshot]) {
      try {
        await call("POST", waiting.path, { ...waiting.body, client_id: waiting.client_id });
        sent += 1;
      } catch (error) {
        if (isOffline(error)) break;
        conflicts?.((error as Error).message);
      }
      keep(snapshot.filter((w) => w.client_id !== waiting.client_id));
    }
  } finally {
    flushing = false;
  }
  return sent;
}

export function onConflict(tell: (problem: string) => void): void {
  conflicts = tell;
}

export function useWaiting(): Waiting[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

// Shapes being drawn, with every step kept for undo and redo; a draft survives a closed page.
import { useCallback, useState } from "react";

export type Point = [number, number];
export type What = "zones" | "boundaries" | "lanes";

export interface Shape {
  id: string;
  what: What;
  kind: string;
  points: Point[];
  on_ground: boolean;
  more: Record<string, unknown>;
}

interface Steps {
  past: Shape[][];
  now: Shape[];
  future: Shape[][];
}

const MOST = 200;

export interface History {
  shapes: Shape[];
  set: (next: Shape[]) => void;
  reset: (next: Shape[]) => void;
  undo: (() => void) | null;
  redo: (() => void) | null;
}

export function keptDraft(key: string): Shape[] | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as Shape[] | null;
  } catch {
    return null;
  }
}

export function useHistory(key: string, first: Shape[]): History {
  const [steps, setSteps] = useState<Steps>({ past: [], now: keptDraft(key) ?? first, future: [] });
  const move = useCallback(
    (make: (s: Steps) => Steps) =>
      setSteps((before) => {
        const after = make(before);
        localStorage.setItem(key, JSON.stringify(after.now));
        return after;
      }),
    [key],
  );
  const set = useCallback((next: Shape[]) => move((s) => ({ past: [...s.past.slice(-MOST), s.now], now: next, future: [] })), [move]);
  const reset = useCallback((next: Shape[]) => move((s) => ({ past: [...s.past, s.now], now: next, future: [] })), [move]);
  const undo = () =>
    move((s) => {
      const before = s.past.at(-1);
      return before ? { past: s.past.slice(0, -1), now: before, future: [s.now, ...s.future] } : s;
    });
  const redo = () =>
    move((s) => {
      const [after, ...rest] = s.future;
      return after ? { past: [...s.past, s.now], now: after, future: rest } : s;
    });
  return { shapes: steps.now, set, reset, undo: steps.past.length ? undo : null, redo: steps.future.length ? redo : null };
}

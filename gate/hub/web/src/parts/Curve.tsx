// A weight curve: kilograms over time.
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { clock } from "./format";

interface Props {
  samples: readonly (readonly [number, number, ...unknown[]])[]; // (t_ms, kg)
  height: number;
  spanMs?: number; // a moving window of this length, the whole curve without
  stableKg?: number | null;
  cursorMs?: number | null; // where a recording stands
  onPick?: (tMs: number) => void;
}

const AMBER = "#f5a70c";

export function Curve({ samples, height, spanMs, stableKg, cursorMs, onPick }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const marks = useRef({ stableKg, cursorMs, onPick });
  marks.current = { stableKg, cursorMs, onPick };
  const scheme = useComputedColorScheme("dark");

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const ink = scheme === "dark" ? "#9aa6b4" : "#5b6672";
    const grid = scheme === "dark" ? "rgba(150,165,180,.14)" : "rgba(40,50,60,.12)";
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: "12px sans-serif" };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { y: false, points: { size: 7 } },
        legend: { show: false },
        scales: {
          x: { range: (_, low, high) => (spanMs ? [high - spanMs / 1000, high] : [low, high]) },
          y: { range: (_, low, high) => [Math.min(0, low), Math.max(1000, high * 1.12)] },
        },
        axes: [
          { ...axis, size: 26, space: 90, values: (_, ticks) => ticks.map((t) => clock(t * 1000)) },
          { ...axis, size: 62, values: (_, ticks) => ticks.map((t) => t.toLocaleString("en-US")) },
        ],
        series: [
          {},
          { stroke: AMBER, width: 2.2, fill: (u) => fade(u), points: { show: false } },
        ],
        hooks: { draw: [(u) => drawMarks(u, marks.current.stableKg, marks.current.cursorMs)] },
      },
      [[], []],
      element,
    );
    plot.current = made;
    const size = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    size.observe(element);
    const pick = () => {
      const t = made.cursor.left === undefined ? null : made.posToVal(made.cursor.left, "x");
      if (t !== null) marks.current.onPick?.(t * 1000);
    };
    made.over.addEventListener("click", pick);
    return () => {
      size.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [height, scheme, spanMs]);

  useEffect(() => {
    plot.current?.setData([samples.map((s) => s[0] / 1000), samples.map((s) => s[1])]);
  }, [samples, height, scheme, spanMs]);

  useEffect(() => {
    plot.current?.redraw(false, false);
  }, [cursorMs, stableKg]);

  return <div ref={host} style={{ width: "100%", height, cursor: onPick ? "pointer" : undefined }} data-curve />;
}

function fade(u: uPlot): CanvasGradient {
  const gradient = u.ctx.createLinearGradient(0, u.bbox.top, 0, u.bbox.top + u.bbox.height);
  gradient.addColorStop(0, "rgba(245,167,12,.34)");
  gradient.addColorStop(1, "rgba(245,167,12,.02)");
  return gradient;
}

function drawMarks(u: uPlot, stableKg?: number | null, cursorMs?: number | null): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  if (stableKg) {
    const y = u.valToPos(stableKg, "y", true);
    ctx.strokeStyle = "#37b24d";
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  }
  if (cursorMs) {
    const x = u.valToPos(cursorMs / 1000, "x", true);
    ctx.strokeStyle = "#ff6b6b";
    ctx.setLineDash([]);
    if (x >= bbox.left && x <= bbox.left + bbox.width) line(ctx, x, bbox.top, x, bbox.top + bbox.height);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

// The site from above, drawn from its own plan, with a place marked. Nothing is fetched but the plan.
import { Paper, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { get, type Name } from "../api";
import { useWords } from "../words";
import classes from "./PlanMap.module.css";

type Point = [number, number];

interface Shape {
  id: string;
  name?: Name | null;
  ground?: Point[];
  kind?: string;
  closed?: boolean;
  width_m?: number;
  gates?: { id: string; use: string; from: Point; to: Point }[];
}

export interface Plan {
  cameras: { id: string; name: Name; size: Point; points?: { image: Point; ground: Point }[] }[];
  zones?: Shape[];
  boundaries?: Shape[];
  lanes?: Shape[];
}

const GRIDS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export function usePlan(site: string) {
  return useQuery({
    queryKey: ["plan", site],
    queryFn: () => get<Plan>(`/api/v1/sites/${encodeURIComponent(site)}/plan`),
    staleTime: 600_000,
    retry: false,
    enabled: site !== "",
  });
}

export function PlanMap({ site, place }: { site: string; place?: Point | null }) {
  const { w, language } = useWords();
  const { data: plan } = usePlan(site);
  if (!plan) return null;
  const on = (shapes?: Shape[]) => (shapes ?? []).filter((s) => (s.ground?.length ?? 0) > 1);
  const zones = on(plan.zones);
  const boundaries = on(plan.boundaries);
  const lanes = on(plan.lanes);
  const all = [...zones, ...boundaries, ...lanes].flatMap((s) => s.ground ?? []);
  if (place) all.push(place);
  if (all.length < 2) return null;
  const xs = all.map((p) => p[0]);
  const ys = all.map((p) => p[1]);
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys), 10);
  const pad = 0.08 * span;
  const [left, right] = [Math.min(...xs) - pad, Math.max(...xs) + pad];
  const [low, high] = [Math.min(...ys) - pad, Math.max(...ys) + pad];
  const at = (p: Point): Point => [p[0], -p[1]]; // north is up, and SVG's y runs down
  const path = (points: Point[], closed: boolean) => `M${points.map((p) => at(p).join(" ")).join("L")}${closed ? "Z" : ""}`;
  const unit = span / 100;
  const step = GRIDS.find((s) => span / s <= 12) ?? 1000;
  const lines: string[] = [];
  for (let x = Math.ceil(left / step) * step; x <= right; x += step) lines.push(`M${x} ${-high}V${-low}`);
  for (let y = Math.ceil(low / step) * step; y <= high; y += step) lines.push(`M${left} ${-y}H${right}`);
  const label = (s: Shape) => (language === "zh" ? s.name?.zh : s.name?.en || s.name?.zh) || s.id;
  return (
    <Paper withBorder p="sm">
      <Text size="sm" fw={600} c="dimmed" mb={4}>
        {w("map")}
      </Text>
      <svg className={classes.map} viewBox={`${left} ${-high} ${right - left} ${high - low}`} role="img" aria-label={w("map")}
        style={{ fontSize: 3.2 * unit, strokeWidth: 0.5 * unit }} data-testid="map">
        <path d={lines.join("")} className={classes.grid} />
        {zones.map((s) => (
          <path key={s.id} d={path(s.ground ?? [], true)} className={classes.zone} data-kind={s.kind}>
            <title>{label(s)}</title>
          </path>
        ))}
        {lanes.map((s) => (
          <path key={s.id} d={path(s.ground ?? [], false)} className={classes.lane} markerEnd="url(#arrow)" />
        ))}
        {boundaries.map((s) => (
          <path key={s.id} d={path(s.ground ?? [], Boolean(s.closed))} className={classes.boundary} />
        ))}
        {boundaries.flatMap((s) => s.gates ?? []).map((g) => (
          <path key={g.id} d={path([g.from, g.to], false)} className={classes.gate} style={{ strokeWidth: 1.2 * unit }} />
        ))}
        {zones.map((s) => {
          const points = s.ground ?? [];
          const [x, y] = at([Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[1]))]);
          return (
            <text key={s.id} x={x} y={y - unit} className={classes.label}>
              {label(s)}
            </text>
          );
        })}
        <text x={right - 2 * unit} y={-low - 2 * unit} textAnchor="end" className={classes.scale}>
          {step} m
        </text>
        <defs>
          <marker id="arrow" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="5" markerHeight="5" orient="auto-start-reverse">
            <path d="M0 0L10 5L0 10z" className={classes.arrow} />
          </marker>
        </defs>
        {place && (
          <g transform={`translate(${at(place).join(" ")})`} data-testid="place">
            <circle r={3.4 * unit} className={classes.ring} />
            <circle r={1.4 * unit} className={classes.dot} />
          </g>
        )}
      </svg>
    </Paper>
  );
}

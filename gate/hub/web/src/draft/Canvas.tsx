// The still with its shapes: corners are dragged, new shapes grow point by point.
import { type PointerEvent, type ReactNode, useRef, useState } from "react";

import classes from "./Canvas.module.css";
import type { Point, Shape } from "./history";

export interface Track {
  vehicle: string;
  kind: string;
  points: [number, number, number][];
}

interface Props {
  still: string;
  film: ReactNode;
  size: Point;
  shapes: Shape[];
  chosen: string | null;
  drawing: { points: Point[]; closed: boolean } | null;
  tracks: Track[];
  atMs: number | null;
  label: string;
  onChoose: (id: string | null) => void;
  onPoint: (p: Point) => void;
  onFinish: () => void;
  onChange: (id: string, points: Point[]) => void;
}

const SEEN_MS = 800; // a vehicle stands where it was seen last, so long

export function isClosed(shape: Shape): boolean {
  return shape.what === "zones" || shape.more.closed === true;
}

export function Canvas(props: Props) {
  const { size, shapes, chosen, drawing } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ id: string; corner: number; points: Point[] } | null>(null);
  const unit = size[0] / 200;

  function at(event: PointerEvent): Point {
    const box = svg.current?.getBoundingClientRect();
    if (!box) return [0, 0];
    const clamp = (v: number, most: number) => Math.round(Math.min(most, Math.max(0, v)) * 10) / 10;
    return [
      clamp(((event.clientX - box.left) / box.width) * size[0], size[0]),
      clamp(((event.clientY - box.top) / box.height) * size[1], size[1]),
    ];
  }

  function grab(event: PointerEvent, shape: Shape, corner: number, points = shape.points) {
    if (drawing) return;
    event.stopPropagation();
    svg.current?.setPointerCapture(event.pointerId);
    props.onChoose(shape.id);
    setDrag({ id: shape.id, corner, points });
  }

  function move(event: PointerEvent) {
    if (!drag) return;
    setDrag({ ...drag, points: drag.points.map((p, n) => (n === drag.corner ? at(event) : p)) });
  }

  function drop() {
    if (drag) props.onChange(drag.id, drag.points);
    setDrag(null);
  }

  const line = (points: Point[], closed: boolean) => (points.length ? `M${points.map((p) => p.join(" ")).join("L")}${closed ? "Z" : ""}` : "");
  return (
    <div className={classes.stage} style={{ aspectRatio: `${size[0]} / ${size[1]}` }}>
      <img src={props.still} alt="" className={classes.still} onError={(e) => e.currentTarget.remove()} />
      {props.film}
      <svg ref={svg} viewBox={`0 0 ${size[0]} ${size[1]}`} className={classes.canvas} data-drawing={drawing !== null} role="img" aria-label={props.label}
        style={{ strokeWidth: 0.5 * unit, fontSize: 4 * unit }} data-testid="canvas"
        onPointerDown={(e) => (drawing ? props.onPoint(at(e)) : props.onChoose(null))}
        onPointerMove={move} onPointerUp={drop} onDoubleClick={() => drawing && props.onFinish()}>
        {props.tracks.map((t) => (
          <path key={t.vehicle} d={line(t.points.map((p) => [p[1], p[2]]), false)} className={classes.track} />
        ))}
        {shapes.map((shape) => {
          const points = drag?.id === shape.id ? drag.points : shape.points;
          const own = chosen === shape.id;
          return (
            <g key={shape.id}>
              <path d={line(points, isClosed(shape))} className={classes.shape} data-what={shape.what} data-kind={shape.kind} data-chosen={own}
                data-closed={isClosed(shape)} onPointerDown={(e) => !drawing && (e.stopPropagation(), props.onChoose(shape.id))} />
              <text x={points[0]?.[0]} y={(points[0]?.[1] ?? 0) - 2 * unit} className={classes.name}>
                {shape.id}
              </text>
              {own && points.map((_, n) => (
                <circle key={`m${n}`} cx={mid(points, n)[0]} cy={mid(points, n)[1]} r={0.9 * unit} className={classes.between}
                  display={!isClosed(shape) && n === points.length - 1 ? "none" : undefined}
                  onPointerDown={(e) => grab(e, shape, n + 1, [...points.slice(0, n + 1), mid(points, n), ...points.slice(n + 1)])} />
              ))}
              {own && points.map((p, n) => (
                <circle key={n} cx={p[0]} cy={p[1]} r={1.6 * unit} className={classes.corner} onPointerDown={(e) => grab(e, shape, n)} />
              ))}
            </g>
          );
        })}
        {drawing && (
          <>
            <path d={line(drawing.points, drawing.closed)} className={classes.drawn} />
            {drawing.points.map((p, n) => (
              <circle key={n} cx={p[0]} cy={p[1]} r={1.4 * unit} className={classes.corner} />
            ))}
          </>
        )}
        {props.atMs !== null && props.tracks.map((t) => {
          const p = t.points.filter((q) => q[0] <= (props.atMs ?? 0)).at(-1);
          return p && (props.atMs ?? 0) - p[0] < SEEN_MS ? <circle key={t.vehicle} cx={p[1]} cy={p[2]} r={2.2 * unit} className={classes.vehicle} /> : null;
        })}
      </svg>
    </div>
  );
}

function mid(points: Point[], n: number): Point {
  const a = points[n] ?? [0, 0];
  const b = points[(n + 1) % points.length] ?? a;
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

// The hub's interface, and the one way pages call it.
export interface Name {
  zh: string;
  en: string;
}

export interface Me {
  id: number;
  name: string;
  shown_name: string;
  role: string;
  rights: string[];
  sites: string[] | null;
  csrf: string;
  has_password: boolean;
  has_codes: boolean;
}

export interface Site {
  id: string;
  name: Name;
  last_seen_ms: number | null;
  cameras: { id: string; name: Name; state: string }[];
  scales: { id: string; capacity_kg: number; e_kg: number }[];
  devices: Record<string, string>;
  barriers: Record<string, Barrier>;
  waiting: number;
  online: boolean;
  streams_with_gaps: number;
}

/** against: why the vehicle before it may not leave, null while nobody is there. */
export interface Barrier {
  open: boolean;
  blind: boolean;
  against: string[] | null;
}

export interface Order {
  id: string;
  barrier: string;
  command: "release" | "hold" | "reweigh";
  reason: string;
  user: string;
  created_ms: number;
  state: "waiting" | "taken" | "done" | "failed" | "refused" | "expired" | "unanswered";
  detail: string;
}

export interface Alert {
  id: string;
  site: string;
  finding: string;
  rule: string;
  severity: number;
  t_ms: number;
  received_ms: number;
  updated_ms: number;
  state: string;
  status: string;
  passage: string | null;
  plate: string;
  zh: string;
  en: string;
  confidence: number;
  level: number;
  due_ms: number | null;
  storm: string | null;
  silenced: boolean;
  picture?: number | null;
  colour?: string;
  weight_kg?: number | null;
}

export interface PlateReading {
  text: string;
  colour: string;
  rows: number;
  confidence: number;
}

export interface Weighing {
  t_ms: number;
  scale: string;
  number: number;
  start_ms: number;
  stable_kg?: number | null;
  stable_ms?: number | null;
  peak_kg: number;
  curve: [number, number][];
  steps: { t_ms: number; from_kg: number; to_kg: number }[];
}

export interface PassageRecord {
  id: string;
  plates?: PlateReading[];
  weighings?: Weighing[];
  movements?: { t_ms: number; kind: string; shape?: string; direction?: string; gate?: string }[];
  tickets?: { t_ms: number; ticket: string; plate: string; product: string; tonnes: number; state: string }[];
}

export interface Passage {
  id: string;
  site: string;
  start_ms: number;
  end_ms: number;
  kind: string;
  plate: string;
  colour?: string;
  weight_kg: number | null;
  ticket: string;
  product: string;
  closed: boolean;
  locked: boolean;
  severity?: number;
}

export interface EvidenceFile {
  id: number;
  owner: string;
  name: string;
  media_type: string;
  size: number;
  sha256: string;
}

export interface Action {
  t_ms: number;
  user: string;
  role: string;
  kind: string;
  disposition: string;
  reason: string;
}

export interface AlertDetail extends Alert {
  body: { numbers?: Record<string, number>; evidence?: string[]; place?: [number, number] | null };
  grouped: number;
  passage_record: (Passage & { body: PassageRecord }) | null;
  files: EvidenceFile[];
  actions: Action[];
  deliveries: {
    target: string; cause: string; state: string; t_ms: number; ok: boolean | null; digest: number; detail: string;
  }[];
}

export interface PassageDetail extends Passage {
  body: PassageRecord;
  alerts: (Alert & { body: { numbers?: Record<string, number> } })[];
  files: EvidenceFile[];
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

let csrf = "";

export function setCsrf(token: string): void {
  csrf = token;
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!answer.ok) {
    let detail = answer.statusText;
    try {
      const said = (await answer.json()) as { detail?: unknown };
      detail = typeof said.detail === "string" ? said.detail : JSON.stringify(said.detail);
    } catch {
      // no JSON: the status line has to do
    }
    throw new ApiError(answer.status, detail);
  }
  if (answer.status === 204) return undefined as T;
  return (await answer.json()) as T;
}

/** An id of one act. Browsers offer randomUUID by HTTPS and on this very machine alone. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);

export function fileUrl(id: number): string {
  return `/api/v1/files/${id}`;
}

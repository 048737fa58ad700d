import type { Language } from "../words";

const pad = (n: number) => String(n).padStart(2, "0");

export function clock(tMs: number): string {
  const t = new Date(tMs);
  return `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}`;
}

export function day(tMs: number): string {
  const t = new Date(tMs);
  return `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
}

/** Clock time today, with the date before it on other days. */
export function when(tMs: number): string {
  return day(tMs) === day(Date.now()) ? clock(tMs) : `${day(tMs).slice(5)} ${clock(tMs)}`;
}

export function tonnes(kg: number | null | undefined): string {
  return kg === null || kg === undefined ? "–" : `${(kg / 1000).toFixed(2)} t`;
}

export function duration(ms: number, language: Language): string {
  const s = Math.round(ms / 1000);
  const minutes = Math.floor(s / 60);
  if (minutes >= 60) return language === "zh" ? `${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  if (minutes) return language === "zh" ? `${minutes} 分 ${s % 60} 秒` : `${minutes} min ${s % 60} s`;
  return language === "zh" ? `${s} 秒` : `${s} s`;
}

/** Start of a local day as UTC milliseconds, `days` later. */
export function dayStart(text: string, days = 0): string {
  if (!text) return "";
  const t = new Date(`${text}T00:00:00`);
  t.setDate(t.getDate() + days);
  return String(t.getTime());
}

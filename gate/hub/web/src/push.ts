// This device's subscription to pushed alerts.
import { call, get } from "./api";

export type PushState = "unsupported" | "off" | "on" | "denied";

export async function register(): Promise<void> {
  if ("serviceWorker" in navigator) await navigator.serviceWorker.register("/worker.js");
}

export async function pushState(): Promise<PushState> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  const worker = await navigator.serviceWorker.getRegistration();
  return (await worker?.pushManager.getSubscription()) ? "on" : "off";
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const padded = (base64 + "=".repeat((4 - (base64.length % 4)) % 4)).replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (c) => c.charCodeAt(0));
}

export async function subscribe(): Promise<PushState> {
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const worker = await navigator.serviceWorker.ready;
  const { key } = await get<{ key: string }>("/api/v1/push/key");
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  await call("POST", "/api/v1/push/subscriptions", made.toJSON());
  return "on";
}

export async function unsubscribe(): Promise<PushState> {
  const worker = await navigator.serviceWorker.ready;
  const made = await worker.pushManager.getSubscription();
  if (made) {
    await call("POST", "/api/v1/push/unsubscribe", { endpoint: made.endpoint });
    await made.unsubscribe();
  }
  return "off";
}

/** Forget what was kept for offline use, so that the next user of this device does not see it. */
export function forgetKept(): void {
  navigator.serviceWorker?.controller?.postMessage("forget");
}

// Viewer of an exported case: plays every camera of a passage in step with its weight curve. No network.
"use strict";

(() => {
  const TEXT = {
    zh: {
      case: "案卷", exported: "导出", by: "导出人", purpose: "用途", verify: "核验", other: "English", original: "原始录像", burned: "叠加称重录像",
      findings: "发现", none: "无", plates: "车牌", tickets: "提煤单", weighings: "称重", files: "文件", rule: "规则", version: "版本", thresholds: "阈值", numbers: "数值", confidence: "置信度",
      severity: ["", "提示", "警告", "严重", "重大"], away: "此刻无录像", stable: "稳定重量", peak: "峰值", time: "时间", scale: "衡器", plate: "车牌", confidenceShort: "置信度", ticket: "单号", product: "品名", tonnes: "吨", state: "状态",
      path: "文件", size: "字节", sealed: "封存", gaps: "缺口", clock: "时钟偏差", software: "软件", models: "模型", unread: "车牌未读出", slip: "电子磅单", noCurve: "无称重曲线", record: "记录",
      clockSource: { synchronised: "已同步", unsynchronised: "未同步，偏差未知", unknown: "未知", recording: "录像自身的时间" },
      slipFields: { number: "磅单号", plate: "车牌", product: "货物", ticket: "提煤单", scale: "衡器", gross_kg: "毛重", gross_ms: "毛重时间", tare_kg: "皮重", tare_ms: "皮重时间", net_kg: "净重" },
    },
    en: {
      case: "Case", exported: "exported", by: "by", purpose: "purpose", verify: "Verify", other: "中文", original: "Original video", burned: "Video with weight",
      findings: "Findings", none: "none", plates: "Plates", tickets: "Tickets", weighings: "Weighings", files: "Files", rule: "Rule", version: "version", thresholds: "thresholds", numbers: "numbers", confidence: "confidence",
      severity: ["", "notice", "warning", "serious", "critical"], away: "no video at this time", stable: "Stable weight", peak: "Peak", time: "Time", scale: "Scale", plate: "Plate", confidenceShort: "Confidence", ticket: "Ticket", product: "Product", tonnes: "Tonnes", state: "State",
      path: "File", size: "Bytes", sealed: "Sealed", gaps: "Gaps", clock: "Clock offset", software: "Software", models: "Models", unread: "plate not read", slip: "Weighing slip", noCurve: "no weight curve", record: "Record",
      clockSource: { synchronised: "synchronised", unsynchronised: "not synchronised, offset unknown", unknown: "unknown", recording: "the recording's own time" },
      slipFields: { number: "Number", plate: "Plate", product: "Product", ticket: "Ticket", scale: "Scale", gross_kg: "Gross", gross_ms: "Gross at", tare_kg: "Tare", tare_ms: "Tare at", net_kg: "Net" },
    },
  };
  const DRIFT_S = 0.12; // a video this far from the common time is set back to it
  const byId = (id) => document.getElementById(id);
  const state = { language: CASE.language === "en" ? "en" : "zh", bundle: CASE.bundles[0], t: 0, start: 0, end: 1, playing: false, videos: [], last: 0, kind: "original" };
  const text = () => TEXT[state.language];

  function make(tag, attributes = {}, ...children) {
    const node = Object.assign(document.createElement(tag), attributes);
    node.append(...children.filter((c) => c !== null));
    return node;
  }

  // Local time of the computer, to the tenth of a second, with its offset.
  function clock(ms) {
    const date = new Date(ms), two = (n) => String(n).padStart(2, "0");
    const offset = -date.getTimezoneOffset(), sign = offset < 0 ? "-" : "+";
    const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${Math.floor(date.getMilliseconds() / 100)} ${zone}`;
  }

  const kilograms = (kg) => `${Math.round(kg).toLocaleString("en").replace(/,/g, " ")} kg`;

  // The weight at a time: the last reading at or before it, null outside every weighing.
  function weightAt(t) {
    for (const weighing of state.bundle.weighings) {
      const curve = weighing.curve ?? [];
      if (!curve.length || t < curve[0][0] || t > curve[curve.length - 1][0] + 1000) continue;
      let low = 0, high = curve.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (curve[middle][0] <= t) low = middle;
        else high = middle - 1;
      }
      return curve[low][1];
    }
    return null;
  }

  function choose(bundle) {
    state.bundle = bundle;
    const times = [bundle.subject.start_ms, bundle.subject.end_ms];
    for (const clip of bundle.clips) times.push(clip.start_ms, clip.end_ms);
    for (const w of bundle.weighings) for (const [t] of w.curve ?? []) times.push(t);
    [state.start, state.end] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
    if (state.end <= state.start) state.end = state.start + 1;
    state.t = state.start;
    state.playing = false;
    const kinds = ["burned", "original"].filter((k) => bundle.clips.some((c) => c.role === k));
    if (!kinds.includes(state.kind)) state.kind = kinds[0] ?? "original";
    render();
  }

  function render() {
    const t = text();
    document.documentElement.lang = state.language;
    document.title = `${t.case} ${CASE.case}`;
    byId("title").textContent = `${t.case} ${CASE.case}${CASE.title ? ` · ${CASE.title}` : ""}`;
    byId("about").textContent = `${CASE.site} · ${t.exported} ${clock(CASE.exported_ms)} · ${t.by} ${CASE.who} · ${t.purpose}: ${CASE.purpose}`;
    byId("language").textContent = t.other;
    byId("verify-button").textContent = t.verify;
    byId("bundles").replaceChildren(...CASE.bundles.map(bundleButton));
    byId("banner").replaceChildren(make("h2", { textContent: `${state.bundle.subject.plate || t.unread} · ${state.bundle.subject.id}` }));
    const kinds = ["original", "burned"].filter((k) => state.bundle.clips.some((c) => c.role === k));
    byId("kind").replaceChildren(...kinds.map((k) => make("option", { value: k, textContent: t[k], selected: k === state.kind })));
    renderVideos();
    renderDetails();
    if (!byId("verify").hidden) GatewardenVerify.mount(byId("verify"), state.language);
    show();
  }

  function bundleButton(bundle) {
    const t = text(), worst = Math.max(0, ...bundle.findings.map((f) => f.severity));
    const button = make("button", {}, make("div", { className: "plate", textContent: bundle.subject.plate || t.unread }), make("div", { className: "quiet", textContent: clock(bundle.subject.start_ms) }), make("div", { className: worst > 2 ? "tampered" : "quiet", textContent: worst ? `${t.severity[worst]} · ${t.findings} ${bundle.findings.length}` : `${t.findings}: ${t.none}` }));
    button.setAttribute("aria-current", String(bundle === state.bundle));
    button.addEventListener("click", () => choose(bundle));
    return button;
  }

  function renderVideos() {
    const clips = state.bundle.clips.filter((c) => c.role === state.kind);
    state.videos = clips.map((clip) => {
      const video = make("video", { src: clip.path, muted: true, preload: "auto", playsInline: true });
      const figure = make("figure", {}, video, make("figcaption", { textContent: clip.camera }), make("span", { className: "away", textContent: text().away }));
      return { clip, video, figure };
    });
    byId("videos").replaceChildren(...state.videos.map((v) => v.figure));
  }

  // Bring every video to the common time, and read the time off the first one that plays.
  function step(now) {
    const rate = Number(byId("rate").value);
    if (state.playing) {
      const lead = state.videos.find((v) => isInside(v) && !v.video.paused && v.video.readyState > 2 && !v.video.seeking && !v.video.ended);
      state.t = lead ? lead.clip.start_ms + lead.video.currentTime * 1000 : state.t + (now - state.last) * rate;
      if (state.t >= state.end) {
        state.t = state.end;
        state.playing = false;
      }
      for (const v of state.videos) follow(v, rate);
      show();
    }
    state.last = now;
    requestAnimationFrame(step);
  }

  const isInside = (v) => state.t >= v.clip.start_ms && state.t <= v.clip.end_ms;

  function follow(v, rate) {
    const inside = isInside(v), wanted = (state.t - v.clip.start_ms) / 1000;
    v.figure.classList.toggle("outside", !inside);
    v.video.playbackRate = rate;
    if (inside && Math.abs(v.video.currentTime - wanted) > DRIFT_S && !v.video.seeking && !v.video.ended) v.video.currentTime = wanted;
    if (state.playing && inside && v.video.paused && !v.video.ended) v.video.play().catch(() => {});
    if ((!state.playing || !inside) && !v.video.paused) v.video.pause();
  }

  function seek(t) {
    state.t = Math.min(state.end, Math.max(state.start, t));
    for (const v of state.videos) {
      v.figure.classList.toggle("outside", !isInside(v));
      if (isInside(v)) v.video.currentTime = (state.t - v.clip.start_ms) / 1000;
    }
    show();
  }

  function show() {
    for (const v of state.videos) v.figure.classList.toggle("outside", !isInside(v));
    byId("play").textContent = state.playing ? "❚❚" : "▶";
    byId("scrub").value = String(Math.round(((state.t - state.start) / (state.end - state.start)) * 1000));
    byId("clock").textContent = clock(state.t);
    const kg = weightAt(state.t);
    byId("weight").textContent = kg === null ? "–" : kilograms(kg);
    draw();
  }

  const MARGIN = { left: 64, right: 14, top: 14, bottom: 26 };

  function draw() {
    const canvas = byId("curve"), ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const c = canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    c.font = "12px system-ui, sans-serif";
    const top = niceTop(Math.max(1000, ...state.bundle.weighings.map((w) => w.peak_kg)));
    const x = (t) => MARGIN.left + ((t - state.start) / (state.end - state.start)) * (width - MARGIN.left - MARGIN.right);
    const y = (kg) => height - MARGIN.bottom - (kg / top) * (height - MARGIN.top - MARGIN.bottom);
    drawAxes(c, x, y, top, width, height);
    if (!state.bundle.weighings.length) c.fillText(text().noCurve, width / 2 - 40, height / 2);
    for (const weighing of state.bundle.weighings) drawWeighing(c, x, y, weighing);
    for (const finding of state.bundle.findings) drawTick(c, x(finding.t_ms), finding, height);
    drawCursor(c, x, y, height);
  }

  function niceTop(kg) {
    const unit = 10 ** Math.floor(Math.log10(kg));
    return [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].map((f) => f * unit).find((v) => v >= kg * 1.05) ?? unit * 20;
  }

  function drawAxes(c, x, y, top, width, height) {
    c.strokeStyle = "#e3e8ed";
    c.fillStyle = "#66727f";
    c.textAlign = "right";
    for (let i = 0; i <= 4; i++) {
      const kg = (top * i) / 4;
      line(c, MARGIN.left, y(kg), width - MARGIN.right, y(kg));
      c.fillText(`${(kg / 1000).toLocaleString("en")} t`, MARGIN.left - 8, y(kg) + 4);
    }
    c.textAlign = "center";
    for (let i = 0; i <= 6; i++) {
      const t = state.start + ((state.end - state.start) * i) / 6;
      c.fillText(clock(t).slice(11, 19), Math.min(width - 30, Math.max(MARGIN.left, x(t))), height - 8);
    }
    c.textAlign = "left";
  }

  function drawWeighing(c, x, y, weighing) {
    c.strokeStyle = "#0b6e99";
    c.lineWidth = 2;
    c.beginPath();
    (weighing.curve ?? []).forEach(([t, kg], i) => (i ? c.lineTo(x(t), y(kg)) : c.moveTo(x(t), y(kg))));
    c.stroke();
    c.lineWidth = 1;
    if (weighing.stable_ms == null || weighing.stable_kg == null) return;
    c.fillStyle = "#1a7f37";
    c.beginPath();
    c.arc(x(weighing.stable_ms), y(weighing.stable_kg), 4, 0, Math.PI * 2);
    c.fill();
    c.fillText(`${text().stable} ${kilograms(weighing.stable_kg)}`, x(weighing.stable_ms) + 8, y(weighing.stable_kg) - 6);
  }

  function drawTick(c, at, finding, height) {
    c.strokeStyle = finding.severity > 2 ? "#b3261e" : "#9a6700";
    c.setLineDash([3, 3]);
    line(c, at, MARGIN.top, at, height - MARGIN.bottom);
    c.setLineDash([]);
  }

  function drawCursor(c, x, y, height) {
    c.strokeStyle = "#1d2733";
    line(c, x(state.t), MARGIN.top, x(state.t), height - MARGIN.bottom);
    const kg = weightAt(state.t);
    if (kg === null) return;
    c.fillStyle = "#1d2733";
    c.beginPath();
    c.arc(x(state.t), y(kg), 4, 0, Math.PI * 2);
    c.fill();
  }

  function line(c, x0, y0, x1, y1) {
    c.beginPath();
    c.moveTo(x0, y0);
    c.lineTo(x1, y1);
    c.stroke();
  }

  function renderDetails() {
    const t = text(), b = state.bundle;
    const parts = [make("h2", { textContent: t.findings }), ...(b.findings.length ? b.findings.map(findingCard) : [make("p", { className: "quiet", textContent: t.none })])];
    if (b.crops.length) parts.push(make("h3", { textContent: t.plates }), make("div", { className: "crops" }, ...b.crops.map((c) => make("figure", {}, make("img", { src: c.path, alt: c.plate }), make("div", { className: "quiet", textContent: `${c.plate} · ${c.camera}` })))));
    if (b.weighings.length) parts.push(make("h3", { textContent: t.weighings }), table([t.scale, t.time, t.stable, t.peak], b.weighings.map((w) => [`${w.scale} #${w.number}`, clock(w.start_ms), w.stable_kg == null ? "–" : kilograms(w.stable_kg), kilograms(w.peak_kg)])));
    if (b.tickets.length) parts.push(make("h3", { textContent: t.tickets }), table([t.ticket, t.plate, t.product, t.tonnes, t.state], b.tickets.map((k) => [k.ticket, k.plate, k.product, k.tonnes, k.state])));
    if (b.slip) parts.push(make("h3", { textContent: t.slip }), table(["", ""], slipRows(b.slip)));
    parts.push(make("h3", { textContent: t.record }), table(["", ""], record(b)));
    parts.push(make("h3", { textContent: t.files }), table([t.path, t.size, "SHA-256"], b.files.map((f) => [f.path.slice(`bundles/${b.name}/`.length), f.size, f.sha256]), 2));
    byId("details").replaceChildren(...parts);
  }

  function record(b) {
    const t = text();
    const gaps = b.gaps.map((g) => `${g.device} ${clock(g.start_ms)} – ${clock(g.end_ms)} ${g.why}`).join("; ");
    const offset = b.clock ? clockOffset(b.clock) : t.clockSource.unknown;
    return [[t.sealed, clock(b.sealed_ms)], [t.clock, offset], [t.gaps, gaps || t.none], [t.software, b.software], [t.models, b.models.map((m) => `${m.name} ${m.sha256.slice(0, 16)}…`).join("; ") || "–"]];
  }

  // A slip's fields in the order of the printed slip; what is not known is a dash.
  function slipRows(slip) {
    const t = text(), shown = (name, value) => (value == null || value === "" ? "–" : name.endsWith("_kg") ? kilograms(value) : name.endsWith("_ms") ? clock(value) : value);
    return Object.entries(t.slipFields).map(([name, label]) => [label, shown(name, slip[name])]);
  }

  function clockOffset(c) {
    const source = text().clockSource[c.source] ?? c.source;
    const own = c.offset_ms == null ? source : `${source}: ${c.offset_ms} ± ${c.uncertainty_ms} ms`;
    const cameras = Object.entries(c.cameras ?? {}).map(([id, k]) => `${id} ${k.offset_ms > 0 ? "+" : ""}${k.offset_ms} ms (${k.source})`);
    return [own, ...cameras].join("; ");
  }

  function findingCard(f) {
    const t = text(), values = (o) => Object.entries(o ?? {}).map(([k, v]) => `${k} = ${v}`).join(", ") || "–";
    return make("div", { className: `finding s${f.severity}` },
      make("div", {}, make("b", { textContent: `${t.severity[f.severity]} ` }), f[state.language] || f.zh),
      make("div", { className: "quiet", textContent: `${t.rule} ${f.rule}, ${t.version} ${f.version ?? 1} · ${t.confidence} ${f.confidence} · ${clock(f.t_ms)}` }),
      make("div", { className: "quiet", textContent: `${t.numbers}: ${values(f.numbers)} · ${t.thresholds}: ${values(f.thresholds)}` }));
  }

  function table(head, rows, digestColumn = -1) {
    const cells = (row) => row.map((v, i) => make("td", { textContent: String(v), className: i === digestColumn ? "digest" : "" }));
    return make("table", {}, make("thead", {}, make("tr", {}, ...head.map((h) => make("th", { textContent: h })))), make("tbody", {}, ...rows.map((r) => make("tr", {}, ...cells(r)))));
  }

  byId("play").addEventListener("click", () => {
    state.playing = !state.playing;
    if (state.playing && state.t >= state.end) seek(state.start);
    for (const v of state.videos) follow(v, Number(byId("rate").value));
    show();
  });
  byId("scrub").addEventListener("input", (event) => seek(state.start + (Number(event.target.value) / 1000) * (state.end - state.start)));
  byId("kind").addEventListener("change", (event) => {
    state.kind = event.target.value;
    renderVideos();
    seek(state.t);
  });
  byId("curve").addEventListener("click", (event) => {
    const box = event.target.getBoundingClientRect();
    const share = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
    seek(state.start + share * (state.end - state.start));
  });
  byId("language").addEventListener("click", () => {
    state.language = state.language === "zh" ? "en" : "zh";
    const { t, playing } = state;
    render();
    state.playing = playing;
    seek(t);
  });
  byId("verify-button").addEventListener("click", () => {
    byId("verify").hidden = !byId("verify").hidden;
    if (!byId("verify").hidden) GatewardenVerify.mount(byId("verify"), state.language);
  });
  window.addEventListener("resize", draw);
  choose(state.bundle);
  requestAnimationFrame(step);
})();

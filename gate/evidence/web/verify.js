// Verification of evidence in a browser: the same checks, codes and words as `gatewarden evidence verify`, save
// time tokens (RFC 3161), which a browser cannot check. Nothing is sent anywhere.
"use strict";

const GatewardenVerify = (() => {
  const NO_DIGEST = "0".repeat(64);
  const KINDS = new Set(["key", "rotate", "revoke", "bundle", "tombstone", "lock", "unlock", "access", "export", "receipt", "time"]);
  const BUNDLE = { manifest: "manifest.json", format: "gatewarden-bundle/1", seal: "gatewarden-seal/1", entry: "bundle", time: "sealed_ms" };
  const CASE = { manifest: "case.json", format: "gatewarden-case/1", seal: "gatewarden-case-seal/1", entry: "export", time: "exported_ms" };
  const utf8 = new TextEncoder();
  const strict = () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  class Refused extends Error {
    constructor(field, text) {
      super(`${field}: ${text}`);
      this.field = field;
    }
  }

  const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => {
    if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text)) throw new Refused("hex", "expected hex digits");
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  };
  const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = async (bytes) => hex(await digest(bytes));
  const join = (...parts) => {
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  };
  const leafHash = (bytes) => digest(join(Uint8Array.of(0), bytes));
  const nodeHash = (left, right) => digest(join(Uint8Array.of(1), left, right));

  async function signed(publicKey, signature, message) {
    try {
      const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      return false;
    }
  }

  // {"body":{…},"signature":"…"}: what is signed are the body's bytes as they stand.
  function readStatement(bytes, format) {
    const text = strict().decode(bytes);
    const match = /^\{"body":(\{[^]*\}),"signature":"([0-9a-f]{128})"\}$/.exec(text);
    if (!match) throw new Refused("form", 'not in the form {"body":{…},"signature":"…"}');
    const body = JSON.parse(match[1]);
    if (body.format !== format) throw new Refused("format", `${body.format}, expected ${format}`);
    return { body, raw: bytes, signed: utf8.encode(match[1]), signature: unhex(match[2]) };
  }

  // Canonical JSON of values without fractions: sorted keys, no spaces.
  function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(",")}}`;
  }

  // The texts of an object's fields just as they stand, so that numbers need not be written anew.
  function fieldTexts(text) {
    const fields = new Map();
    let depth = 0, inString = false, start = 1;
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (inString) {
        if (c === "\\") i++;
        else if (c === '"') inString = false;
      } else if (c === '"') inString = true;
      else if (c === "{" || c === "[") depth++;
      else if (c === "}" || c === "]") depth--;
      if (!inString && ((c === "," && depth === 1) || (c === "}" && depth === 0))) {
        const part = text.slice(start, i);
        const name = /^"(?:[^"\\]|\\.)*"/.exec(part);
        if (name) fields.set(JSON.parse(name[0]), part.slice(name[0].length + 1));
        start = i + 1;
      }
    }
    return fields;
  }

  async function merkleRoot(leaves) {
    if (leaves.length === 0) return digest(new Uint8Array());
    if (leaves.length === 1) return leaves[0];
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return nodeHash(await merkleRoot(leaves.slice(0, split)), await merkleRoot(leaves.slice(split)));
  }

  async function included(leaf, index, size, proof, root) {
    if (!(index >= 0 && index < size)) return false;
    let fn = index, sn = size - 1, node = leaf;
    for (const step of proof) {
      if (sn === 0) return false;
      if (fn % 2 === 1 || fn === sn) {
        node = await nodeHash(step, node);
        while (fn % 2 === 0 && fn !== 0) {
          fn = Math.floor(fn / 2);
          sn = Math.floor(sn / 2);
        }
      } else node = await nodeHash(node, step);
      fn = Math.floor(fn / 2);
      sn = Math.floor(sn / 2);
    }
    return sn === 0 && hex(node) === hex(root);
  }

  // Which keys may sign, learnt from the chain alone.
  class Lineage {
    constructor() {
      this.site = null;
      this.keys = new Map();
      this.active = "";
    }

    check(body) {
      if (this.site !== null && body.site !== this.site) throw new Refused("site", `${body.site}, expected ${this.site}`);
      const key = this.keys.get(body.key);
      if (!key) throw new Refused("key", `${body.key} is no key of this site`);
      if (!Number.isSafeInteger(body.t_ms)) throw new Refused("t_ms", "expected UTC milliseconds");
      const place = body.number ?? (body.size ?? 0) - 1;
      if (key.revokedAt !== null && place >= key.revokedAt) throw new Refused("key", `${body.key} was revoked before`);
      if (key.untilMs !== null && body.t_ms > key.untilMs) throw new Refused("t_ms", `after the overlap of key ${body.key}`);
      return key;
    }

    async admit(entry) {
      if (this.keys.size > 0) {
        const key = this.check(entry.body);
        if (!(await signed(key.public, entry.signature, entry.signed))) throw new Refused("signature", "not made by the key named in it");
      }
      await this.learn(entry);
    }

    async learn(entry) {
      const { body } = entry;
      if (this.keys.size === 0) {
        if (body.kind !== "key" || body.number !== 0 || body.previous !== NO_DIGEST) throw new Refused("kind", "the first entry must introduce the first key");
        const key = await publicKey(body, body.key);
        if (!(await signed(key, entry.signature, entry.signed))) throw new Refused("signature", "not made by the key named in it");
        this.site = body.site;
        this.add(body.key, key);
      } else if (body.kind === "rotate") await this.rotate(body);
      else if (body.kind === "revoke") this.revoke(body);
      else if (body.kind === "key") throw new Refused("kind", "a first key where keys are known already");
    }

    async rotate(body) {
      if (this.keys.has(body.new_key) || !Number.isSafeInteger(body.old_until_ms)) throw new Refused("new_key", "known already, or no end of the overlap");
      const key = await publicKey(body, body.new_key);
      const word = readStatement(utf8.encode(body.acceptance), "gatewarden-key-acceptance/1");
      const expected = { format: "gatewarden-key-acceptance/1", key: body.new_key, site: this.site, succeeds: body.key };
      if (canonical(word.body) !== canonical(expected) || !(await signed(key, word.signature, word.signed))) throw new Refused("acceptance", "not the new key's own word");
      if (body.key === this.active) this.keys.get(this.active).untilMs = body.old_until_ms;
      this.add(body.new_key, key);
    }

    revoke(body) {
      const key = this.keys.get(body.revoked);
      if (!key || body.revoked === body.key || !Number.isSafeInteger(body.since_ms)) throw new Refused("revoked", "expected another key of this site");
      key.revokedAt = body.number;
      key.doubtfulMs = body.since_ms;
      if (body.revoked === this.active) this.active = body.key;
    }

    isDoubtful(body) {
      const since = this.keys.get(body.key)?.doubtfulMs ?? null;
      return since !== null && body.t_ms >= since;
    }

    add(name, key) {
      this.keys.set(name, { public: key, untilMs: null, revokedAt: null, doubtfulMs: null });
      this.active = name;
    }
  }

  async function publicKey(body, name) {
    const key = unhex(body.public_key);
    if (key.length !== 32 || (await sha256(key)) !== name) throw new Refused("public_key", "not the key whose fingerprint stands beside it");
    return key;
  }

  // One verification under way: the files by path, and what was found.
  class Scene {
    constructor(files, progress) {
      this.files = files;
      this.progress = progress;
      this.problems = [];
      this.report = { kind: "", site: "", fingerprint: "", signer: "", bundles: 0, files: 0, bytes: 0, entries: 0, counter_signed: 0 };
    }

    add(code, file = "", field = "", detail = "", link = "") {
      const level = window.GATEWARDEN_WORDS[code].level;
      this.problems.push({ code, level, file, field, link, detail: String(detail) });
    }

    get isBroken() {
      return this.problems.some((p) => p.level === "tampered");
    }

    async bytes(path) {
      return new Uint8Array(await this.files.get(path).arrayBuffer());
    }

    folders(under) {
      const names = new Set();
      for (const path of this.files.keys()) {
        const rest = path.startsWith(under) ? path.slice(under.length) : "";
        if (rest.includes("/")) names.add(rest.split("/", 1)[0]);
      }
      return [...names].sort();
    }
  }

  const why = (error) => (["key", "site", "t_ms"].includes(error.field) ? "wrong_key" : "unreadable");

  async function statement(scene, lineage, path, format) {
    if (!scene.files.has(path)) return scene.add("voucher_gone", path), null;
    try {
      const found = readStatement(await scene.bytes(path), format);
      const key = lineage.check(found.body);
      if (await signed(key.public, found.signature, found.signed)) return found;
      scene.add("bad_signature", path);
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      scene.add(why(error), path, why(error) === "wrong_key" ? error.field : "", error.message);
    }
    return null;
  }

  async function ownKeys(scene, prefix) {
    const lineage = new Lineage(), path = `${prefix}keys.jsonl`;
    if (!scene.files.has(path)) return scene.add("voucher_gone", path), lineage;
    try {
      for (const line of splitLines(await scene.bytes(path)).lines) await lineage.admit(readStatement(line, "gatewarden-chain/1"));
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      scene.add("unreadable", path, "", error.message);
    }
    return lineage;
  }

  function splitLines(bytes) {
    const lines = [];
    let start = 0;
    for (let i = bytes.indexOf(10); i >= 0; i = bytes.indexOf(10, start)) {
      lines.push(bytes.subarray(start, i));
      start = i + 1;
    }
    return { lines, rest: bytes.length - start };
  }

  async function checkSealed(scene, prefix, kind, known, apart) {
    try {
      return await checkParts(scene, prefix, kind, known, apart);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Refused)) throw error;
      scene.add("unreadable", prefix + kind.manifest, "", error.message);
      return { lineage: known ?? new Lineage(), manifest: null, entry: null };
    }
  }

  async function checkParts(scene, prefix, kind, known, apart) {
    const lineage = known ?? (await ownKeys(scene, prefix));
    const path = prefix + kind.manifest;
    const raw = scene.files.has(path) ? await scene.bytes(path) : null;
    if (raw === null) scene.add("voucher_gone", path);
    const seal = await statement(scene, lineage, `${prefix}seal.json`, kind.seal);
    const entry = await statement(scene, lineage, `${prefix}entry.json`, "gatewarden-chain/1");
    let manifest = null;
    if (raw !== null && seal !== null) {
      manifest = await readManifest(scene, path, raw, seal, kind);
      if (entry !== null) await checkEntry(scene, prefix, kind, seal, entry, (await sha256(raw)) === seal.body.manifest ? manifest : null);
    }
    if (manifest?.files) await checkFiles(scene, prefix, kind, manifest.files, apart);
    for (const gap of manifest?.gaps ?? []) scene.add("gap", path, "gaps", `${gap.device} ${gap.start_ms}-${gap.end_ms} ${gap.why}`);
    if (kind === BUNDLE) scene.report.bundles++;
    return { lineage, manifest, entry };
  }

  async function readManifest(scene, path, raw, seal, kind) {
    let text, manifest;
    try {
      text = strict().decode(raw);
      manifest = JSON.parse(text);
    } catch (error) {
      scene.add("unreadable", path, "", error.message);
      return null;
    }
    if ((await sha256(raw)) === seal.body.manifest) {
      const expected = { format: kind.format, site: seal.body.site, key: seal.body.key, number: seal.body.number, [kind.time]: seal.body.t_ms };
      for (const [name, value] of Object.entries(expected)) if (manifest[name] !== value) scene.add("field_differs", path, name, `${manifest[name]}, seal.json says ${value}`);
      return manifest;
    }
    const texts = fieldTexts(text), trusted = {}, changed = [];
    for (const name of [...new Set([...texts.keys(), ...Object.keys(seal.body.fields)])].sort()) {
      const is = texts.has(name) ? await sha256(utf8.encode(texts.get(name))) : undefined;
      if (is === seal.body.fields[name]) trusted[name] = manifest[name];
      else changed.push(name);
    }
    for (const name of changed.length ? changed : [""]) scene.add("field_altered", path, name, (texts.get(name) ?? "").slice(0, 120));
    return changed.length ? trusted : null;
  }

  async function checkEntry(scene, prefix, kind, seal, entry, manifest) {
    const path = `${prefix}entry.json`;
    const expected = { kind: kind.entry, number: seal.body.number, t_ms: seal.body.t_ms, manifest: seal.body.manifest, seal: await sha256(seal.raw) };
    for (const [name, value] of Object.entries(expected)) if (entry.body[name] !== value) scene.add("field_differs", path, name, `${entry.body[name]}, seal.json says ${value}`);
    for (const name of manifest ? ["previous", "bundle", "previous_manifest"] : []) if (entry.body[name] !== manifest[name]) scene.add("field_differs", path, name, "", `${entry.body.number} → ${entry.body.previous}`);
  }

  async function checkFiles(scene, prefix, kind, files, apart) {
    const listed = new Map(files.map((f) => [prefix + f.path, f]));
    const owner = new Map(files.map((f) => [f.sha256, prefix + f.path]));
    for (const [path, file] of listed) {
      if (!scene.files.has(path)) {
        scene.add("file_gone", path);
        continue;
      }
      scene.progress(path);
      const blob = scene.files.get(path);
      let is;
      try {
        is = await sha256(await blob.arrayBuffer());
      } catch (error) {
        is = error.message;
      }
      scene.report.files++;
      scene.report.bytes += blob.size;
      if (is === file.sha256 && blob.size === file.size) continue;
      if (owner.has(is)) scene.add("swapped", path, "", owner.get(is));
      else if (blob.size !== file.size) scene.add("resized", path, "", `${blob.size} bytes, sealed were ${file.size}`);
      else scene.add("altered", path, "sha256", is);
    }
    const vouchers = new Set([kind.manifest, "seal.json", "entry.json"].map((n) => prefix + n));
    for (const path of scene.files.keys()) {
      if (path.startsWith(prefix) && !(apart && path.startsWith(prefix + apart)) && !listed.has(path) && !vouchers.has(path)) scene.add("unlisted", path);
    }
  }

  async function verifyCase(scene, top) {
    const found = await checkSealed(scene, top, CASE, null, "bundles/");
    const head = scene.files.has(`${top}head.json`) ? await statement(scene, found.lineage, `${top}head.json`, "gatewarden-head/1") : null;
    if (head && scene.files.has(`${top}receipt.json`)) await caseReceipt(scene, `${top}receipt.json`, found.lineage, head.body);
    if (found.manifest?.bundles) {
      const listed = new Map(found.manifest.bundles.map((b) => [b.name, b])), under = `${top}bundles/`;
      const present = scene.folders(under);
      for (const name of listed.keys()) if (!present.includes(name)) scene.add("file_gone", under + name);
      for (const name of present) {
        const { entry } = await checkSealed(scene, `${under}${name}/`, BUNDLE, found.lineage);
        const own = listed.get(name), path = `${under}${name}/entry.json`;
        if (!own) scene.add("bundle_foreign", under + name);
        else if (entry && head) {
          if (entry.body.manifest !== own.manifest || entry.body.name !== name) scene.add("field_differs", path, "manifest", `case.json says ${own.manifest}`);
          else if (!(await included(await leafHash(entry.raw), entry.body.number, head.body.size, own.proof.map(unhex), unhex(head.body.root)))) scene.add("proof_wrong", path);
        }
      }
    }
    return [`${top}keys.jsonl`, found.lineage];
  }

  async function verifyBundle(scene, top, name) {
    const found = await checkSealed(scene, top, BUNDLE, null);
    const folder = top.replace(/\/$/, "") || name;
    if (found.entry && found.entry.body.name !== folder) scene.add("field_differs", `${top}entry.json`, "name", `${found.entry.body.name}, the folder is ${folder}`);
    return [`${top}keys.jsonl`, found.lineage];
  }

  class Ledger {
    constructor() {
      this.bundles = new Map();
      this.deleted = new Set();
      this.locks = new Map();
      this.lastManifest = NO_DIGEST;
    }

    check(body) {
      if (!KINDS.has(body.kind)) throw new Refused("kind", `${body.kind} is unknown`);
      if (body.kind === "bundle") {
        if (body.bundle !== this.bundles.size + 1) throw new Refused("bundle", `${body.bundle}, expected ${this.bundles.size + 1}`);
        if (body.previous_manifest !== this.lastManifest) throw new Refused("previous_manifest", "not the digest of the bundle sealed before");
      } else if (body.kind === "tombstone") {
        if (this.bundles.get(body.bundle_entry)?.manifest !== body.manifest) throw new Refused("manifest", "not the digest of the bundle it deletes");
        if ([...this.locks.values()].some((l) => l.includes(body.bundle_entry))) throw new Refused("bundle_entry", `${body.bundle_entry} is under an evidence lock`);
      } else if (["lock", "access", "export"].includes(body.kind)) {
        for (const number of body.bundles) if (!this.bundles.has(number)) throw new Refused("bundles", `${number} is no bundle of this chain`);
      }
    }

    adopt(body) {
      if (body.kind === "bundle") {
        this.bundles.set(body.number, body);
        this.lastManifest = body.manifest;
      } else if (body.kind === "tombstone") this.deleted.add(body.bundle_entry);
      else if (body.kind === "lock") this.locks.set(body.case, [...(this.locks.get(body.case) ?? []), ...body.bundles]);
      else if (body.kind === "unlock") this.locks.delete(body.case);
    }
  }

  async function auditChain(scene, path, bytes) {
    const audit = { lineage: new Lineage(), ledger: new Ledger(), tip: NO_DIGEST, leaves: [], signed: [], receipts: [], hubs: new Set() };
    const { lines, rest } = splitLines(bytes);
    let expected = 0, lastMs = null;
    for (const line of lines) {
      const where = `${path}:${expected + 1}`;
      let number = expected;
      try {
        const entry = readStatement(line, "gatewarden-chain/1"), { body } = entry;
        if (body.number !== expected || body.previous !== audit.tip) scene.add("broken_link", where, body.number !== expected ? "number" : "previous", `${body.number}, expected ${expected}`, `${expected - 1} → ${expected}`);
        if (!Number.isSafeInteger(body.number) || !Number.isSafeInteger(body.t_ms)) scene.add("bad_entry", where, "number", "expected whole numbers");
        else {
          number = body.number;
          if (lastMs !== null && body.t_ms < lastMs) scene.add("clock_back", where, "t_ms", `${lastMs} → ${body.t_ms}`);
          lastMs = body.t_ms;
          await auditEntry(scene, audit, entry, where, expected);
        }
      } catch (error) {
        if (error.name === "NotSupportedError") throw error;
        scene.add("unreadable", where, "", error.message);
      }
      audit.tip = await sha256(line);
      audit.leaves.push(await leafHash(line));
      expected = number + 1;
    }
    if (rest > 0) scene.add("entry_unfinished", `${path}:${lines.length + 1}`, "", `${rest} bytes`);
    for (const [where, body] of audit.signed) if (audit.lineage.isDoubtful(body)) scene.add("doubtful", where, "key", body.key);
    for (const [where, text, line] of audit.receipts) await auditReceipt(scene, audit, where, text, line);
    return audit;
  }

  async function auditEntry(scene, audit, entry, where, line) {
    const { body } = entry;
    try {
      if (audit.lineage.keys.size > 0 && !(await signed(audit.lineage.check(body).public, entry.signature, entry.signed))) return scene.add("bad_signature", where);
      await audit.lineage.learn(entry);
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      return scene.add("wrong_key", where, error.field ?? "", error.message);
    }
    audit.signed.push([where, body]);
    try {
      audit.ledger.check(body);
    } catch (error) {
      if (!scene.isBroken) scene.add("bad_entry", where, error.field ?? "", error.message);
    }
    audit.ledger.adopt(body);
    if (body.kind === "receipt") audit.receipts.push([where, body.receipt, line]);
  }

  // A receipt's body and head, with both signatures checked.
  async function readReceipt(bytes, lineage) {
    const receipt = readStatement(bytes, "gatewarden-receipt/1"), { head } = receipt.body;
    const hub = unhex(receipt.body.hub_public_key);
    if ((await sha256(hub)) !== receipt.body.hub_key || !(await signed(hub, receipt.signature, receipt.signed))) throw new Refused("receipt", "the hub's signature does not hold");
    const key = lineage.keys.get(head.key);
    if (!key || !(await signed(key.public, unhex(receipt.body.head_signature), utf8.encode(canonical(head))))) throw new Refused("receipt", "the site's signature on the head does not hold");
    return receipt.body;
  }

  async function auditReceipt(scene, audit, where, text, line) {
    try {
      const { head, hub_key: hub } = await readReceipt(utf8.encode(text), audit.lineage);
      if (!scene.isBroken && (head.size > line || hex(await merkleRoot(audit.leaves.slice(0, head.size))) !== head.root)) return scene.add("receipt_wrong", where, "receipt.head.root", `head of ${head.size} entries`);
      scene.report.counter_signed = Math.max(scene.report.counter_signed, head.size);
      audit.hubs.add(hub);
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      scene.add("receipt_wrong", where, "receipt", error.message);
    }
  }

  async function caseReceipt(scene, path, lineage, head) {
    try {
      const receipt = await readReceipt(await scene.bytes(path), lineage);
      if (canonical(receipt.head) !== canonical(head)) return scene.add("receipt_wrong", path, "head");
      scene.report.counter_signed = head.size;
      scene.add("unknown_hub", path, "hub_key", receipt.hub_key);
    } catch (error) {
      if (error.name === "NotSupportedError") throw error;
      scene.add("receipt_wrong", path, "", error.message);
    }
  }

  async function verifyHead(scene, audit, path) {
    const size = audit.leaves.length;
    if (!scene.files.has(path)) return size ? scene.add("head_gone", path) : undefined;
    const head = await statement(scene, audit.lineage, path, "gatewarden-head/1");
    if (head === null || scene.isBroken) return;
    if (head.body.size > size) scene.add("chain_cut", path, "size", `${head.body.size} entries signed, ${size} are left`);
    else if (head.body.size < size - 1) scene.add("head_wrong", path, "size", `${head.body.size}, the chain has ${size}`);
    else if (hex(await merkleRoot(audit.leaves.slice(0, head.body.size))) !== head.body.root) scene.add("head_wrong", path, "root");
    else if (head.body.size === size - 1) scene.add("head_behind", path, "size", `${head.body.size}, the chain has ${size}`);
    else if (head.body.last !== audit.tip) scene.add("head_wrong", path, "last");
  }

  async function verifyStore(scene, top) {
    const path = `${top}chain.jsonl`;
    const audit = await auditChain(scene, path, scene.files.has(path) ? await scene.bytes(path) : new Uint8Array());
    scene.report.entries = audit.leaves.length;
    await verifyHead(scene, audit, `${top}head.json`);
    const under = `${top}bundles/`, present = scene.folders(under);
    const known = new Map([...audit.ledger.bundles.values()].map((b) => [b.name, b]));
    for (const bundle of known.values()) {
      const isThere = present.includes(bundle.name);
      if (audit.ledger.deleted.has(bundle.number)) isThere && scene.add("bundle_left", under + bundle.name);
      else if (!isThere) scene.add("bundle_removed", under + bundle.name, "", "", `chain ${bundle.number}`);
    }
    for (const name of present) {
      const before = scene.problems.length;
      const { entry } = await checkSealed(scene, `${under}${name}/`, BUNDLE, audit.lineage);
      const sealed = known.get(name);
      if (sealed) {
        for (const field of entry ? ["number", "manifest", "seal", "t_ms"] : []) if (entry.body[field] !== sealed[field]) scene.add("field_differs", `${under}${name}/entry.json`, field, `${entry.body[field]} ≠ ${sealed[field]}`, `chain ${sealed.number}`);
      } else if (entry && entry.body.previous === audit.tip && entry.body.number === audit.leaves.length && scene.problems.length === before) scene.add("seal_unfinished", under + name);
      else scene.add("bundle_foreign", under + name, "", "", entry ? `${entry.body.number}` : "");
    }
    for (const hub of [...audit.hubs].sort()) scene.add("unknown_hub", "", "", hub);
    return [path, audit.lineage];
  }

  // Verify files (Map of path → Blob). fingerprint: 64 hex digits or "". name: of the folder or archive.
  async function verify(files, { fingerprint = "", name = "", progress = () => {} } = {}) {
    const scene = new Scene(files, progress);
    const marks = ["chain.jsonl", "head.json", "case.json", "manifest.json", "seal.json", "entry.json"];
    const inner = scene.folders("");
    const top = !marks.some((m) => files.has(m)) && inner.length === 1 && marks.some((m) => files.has(`${inner[0]}/${m}`)) ? `${inner[0]}/` : "";
    const has = (mark) => files.has(top + mark);
    let found;
    const holdsBundles = [...files.keys()].some((path) => path.startsWith(`${top}bundles/`));
    if (has("chain.jsonl") || (!has("case.json") && (has("head.json") || holdsBundles))) [scene.report.kind, found] = ["store", await verifyStore(scene, top)];
    else if (has("case.json")) [scene.report.kind, found] = ["case", await verifyCase(scene, top)];
    else if (marks.some(has)) [scene.report.kind, found] = ["bundle", await verifyBundle(scene, top, name)];
    else return null;
    const [file, lineage] = found;
    Object.assign(scene.report, { site: lineage.site ?? "", fingerprint: [...lineage.keys.keys()][0] ?? "", signer: lineage.active });
    if (!fingerprint) scene.add("no_fingerprint", "", "", scene.report.fingerprint);
    else if (!lineage.keys.has(fingerprint)) scene.add("wrong_fingerprint", file, "public_key", scene.report.fingerprint || "no key");
    const levels = new Set(scene.problems.map((p) => p.level));
    const standing = levels.has("tampered") ? "tampered" : levels.has("missing") ? "incomplete" : "valid";
    return { ...scene.report, standing, problems: scene.problems };
  }

  // The files inside a zip archive, read without unpacking it as a whole.
  async function unzip(blob) {
    const tailStart = Math.max(0, blob.size - 65_577);
    const tail = new DataView(await blob.slice(tailStart).arrayBuffer());
    let end = tail.byteLength - 22;
    while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
    if (end < 0) throw new Error("no zip archive");
    let count = tail.getUint16(end + 10, true), size = tail.getUint32(end + 12, true), offset = tail.getUint32(end + 16, true);
    if (end >= 20 && tail.getUint32(end - 20, true) === 0x07064b50) {
      const at = Number(tail.getBigUint64(end - 12, true));
      const large = new DataView(await blob.slice(at, at + 56).arrayBuffer());
      [count, size, offset] = [32, 40, 48].map((o) => Number(large.getBigUint64(o, true)));
    }
    const directory = new DataView(await blob.slice(offset, offset + size).arrayBuffer());
    const files = new Map();
    for (let at = 0; count > 0; count--) at = await unzipOne(blob, directory, at, files);
    return files;
  }

  async function unzipOne(blob, directory, at, files) {
    if (directory.getUint32(at, true) !== 0x02014b50) throw new Error("damaged zip archive");
    const method = directory.getUint16(at + 10, true);
    let packed = directory.getUint32(at + 20, true), plain = directory.getUint32(at + 24, true), offset = directory.getUint32(at + 42, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((o) => directory.getUint16(at + o, true));
    const name = strict().decode(new Uint8Array(directory.buffer, at + 46, nameLength));
    for (let e = at + 46 + nameLength, last = e + extraLength; e + 4 <= last; e += 4 + directory.getUint16(e + 2, true)) {
      if (directory.getUint16(e, true) !== 1) continue;
      let field = e + 4;
      const next = () => Number(directory.getBigUint64((field += 8) - 8, true));
      if (plain === 0xffffffff) plain = next();
      if (packed === 0xffffffff) packed = next();
      if (offset === 0xffffffff) offset = next();
    }
    const local = new DataView(await blob.slice(offset, offset + 30).arrayBuffer());
    const start = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
    let content = blob.slice(start, start + packed);
    if (method === 8) content = await new Response(content.stream().pipeThrough(new DecompressionStream("deflate-raw"))).blob();
    else if (method !== 0) throw new Error(`${name}: unknown compression ${method}`);
    if (!name.endsWith("/")) {
      if (files.has(name)) throw new Error(`${name}: stands twice in the archive`);
      files.set(name, content);
    }
    return at + 46 + nameLength + extraLength + commentLength;
  }

  // What a person chose: one zip archive, or a folder.
  async function chosen(fileList) {
    const list = [...fileList];
    if (list.length === 1 && !list[0].webkitRelativePath) return { files: await unzip(list[0]), name: list[0].name.replace(/\.zip$/, "") };
    const files = new Map(list.map((f) => [f.webkitRelativePath.replace(/^[^/]+\//, ""), f]));
    return { files, name: list[0]?.webkitRelativePath.split("/", 1)[0] ?? "" };
  }

  function say(problem, language) {
    const where = [problem.file, problem.field && `[${problem.field}]`, problem.link].filter(Boolean).join(" ");
    return `${where && `${where}: `}${window.GATEWARDEN_WORDS[problem.code][language]}${problem.detail ? ` (${problem.detail})` : ""}`;
  }

  const TEXT = {
    zh: { title: "核验证据", file: "选择压缩包", folder: "选择文件夹", fingerprint: "纸面上的指纹（64 位十六进制）", valid: "有效", incomplete: "有效但不完整", tampered: "被篡改", working: "正在核验", nothing: "所选内容不是证据包、证据库或案卷", unsupported: "此浏览器不能核验 Ed25519 签名：请使用新版 Chromium、Firefox 或 Safari，并经 HTTPS、localhost 或本地文件打开", local: "文件不会离开本机。时间戳（RFC 3161）须用命令行核验。", badFingerprint: "指纹应为 64 位十六进制", files: "文件", bundles: "证据包", site: "站点", key: "首个密钥" },
    en: { title: "Verify evidence", file: "Choose an archive", folder: "Choose a folder", fingerprint: "Fingerprint on paper (64 hex digits)", valid: "Valid", incomplete: "Valid but incomplete", tampered: "Tampered", working: "Verifying", nothing: "This is no bundle, no store and no case", unsupported: "This browser cannot check Ed25519 signatures: use a current Chromium, Firefox or Safari, over HTTPS, localhost or from a local file", local: "Nothing leaves this computer. Time tokens (RFC 3161) need the command line.", badFingerprint: "A fingerprint has 64 hex digits", files: "files", bundles: "bundles", site: "Site", key: "First key" },
  };

  // Build the verification form inside an element. language: "zh" or "en".
  function mount(element, language) {
    const text = TEXT[language];
    const make = (tag, attributes = {}, ...children) => {
      const node = Object.assign(document.createElement(tag), attributes);
      node.append(...children);
      return node;
    };
    const paper = make("input", { type: "text", placeholder: text.fingerprint, size: 66, className: "fingerprint", ariaLabel: text.fingerprint });
    const archive = make("input", { type: "file", accept: ".zip", className: "archive" });
    const folder = make("input", { type: "file", webkitdirectory: true, className: "folder" });
    const result = make("div", { className: "result", ariaLive: "polite" });
    const run = async (input) => {
      const fingerprint = paper.value.replace(/[\s:-]/g, "").toLowerCase();
      const show = (...children) => result.replaceChildren(...children);
      if (fingerprint && !/^[0-9a-f]{64}$/.test(fingerprint)) return show(make("p", { className: "tampered", textContent: text.badFingerprint }));
      try {
        const { files, name } = await chosen(input.files);
        const report = await verify(files, { fingerprint, name, progress: (path) => show(make("p", { textContent: `${text.working} ${path}` })) });
        if (report === null) return show(make("p", { textContent: text.nothing }));
        const about = `${text.site}: ${report.site} · ${report.bundles} ${text.bundles} · ${report.files} ${text.files} · ${(report.bytes / 1e6).toFixed(1)} MB`;
        const list = make("ul", {}, ...report.problems.map((p) => make("li", { className: p.level, textContent: say(p, language) })));
        show(make("h3", { className: report.standing, textContent: text[report.standing] }), make("p", { textContent: about }), make("p", { className: "key", textContent: `${text.key}: ${(report.fingerprint.match(/.{1,4}/g) ?? []).join(" ").toUpperCase()}` }), list);
      } catch (error) {
        show(make("p", { className: "tampered", textContent: error.name === "NotSupportedError" ? text.unsupported : `${text.tampered}: ${error.message}` }));
      }
    };
    archive.addEventListener("change", () => run(archive));
    folder.addEventListener("change", () => run(folder));
    const fields = make("p", {}, make("label", {}, `${text.file} `, archive), make("label", {}, ` ${text.folder} `, folder));
    element.replaceChildren(make("h2", { textContent: text.title }), make("p", {}, paper), fields, make("p", { className: "quiet", textContent: text.local }), result);
    if (!globalThis.crypto?.subtle) result.replaceChildren(make("p", { className: "tampered", textContent: text.unsupported }));
  }

  return { verify, unzip, mount };
})();

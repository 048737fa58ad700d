// Writes the digest of the sources into the bundle, so that a test can tell whether the bundle is theirs.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const parts = ["index.html", "package.json", "package-lock.json", "vite.config.ts", "postcss.config.mjs", "tsconfig.json"];
for (const folder of ["public", "src"]) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) parts.push(join(entry.parentPath, entry.name));
  }
}
const digest = createHash("sha256");
for (const path of parts.sort()) digest.update(`${path}\n`).update(readFileSync(path)).update("\n");
writeFileSync("dist/sources.sha256", `${digest.digest("hex")}\n`);

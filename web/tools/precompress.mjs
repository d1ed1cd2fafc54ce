// Writes FILE.gz and FILE.br beside every file of the build that gets at least a tenth smaller, so that the server
// compresses nothing while it serves. Same input, same bytes.
import { brotliCompressSync, gzipSync, constants } from 'node:zlib';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.env.TRYON_WEB_OUT ?? fileURLToPath(new URL('../../build/web', import.meta.url));
const textual = /\.(js|css|html|svg|json|txt|webmanifest|map)$/;

function walk(dir) {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

for (const path of walk(root)) {
  if (/\.(gz|br)$/.test(path)) rmSync(path);
}
for (const path of walk(root).filter((p) => textual.test(p))) {
  const bytes = readFileSync(path);
  const variants = {
    gz: gzipSync(bytes, { level: 9 }),
    br: brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  };
  for (const [ending, packed] of Object.entries(variants)) {
    if (packed.length < bytes.length * 0.9) writeFileSync(`${path}.${ending}`, packed);
  }
}

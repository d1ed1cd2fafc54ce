// Pages built for another place than tryon serve beside its own API.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './merchant.mjs';

// The build's own command with these variables, into folder.
export function build(folder, variables) {
  const made = spawnSync('npm', ['run', '--silent', 'build'], { cwd: join(root, 'web'), env: { ...process.env, ...variables, TRYON_WEB_OUT: folder }, encoding: 'utf8' });
  if (made.status !== 0 || !existsSync(join(folder, 'index.html'))) throw new Error(made.stdout + made.stderr);
  return readdirSync(folder);
}

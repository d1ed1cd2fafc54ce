// What the console's and the widget's tests share: the real server on a free port with a brand of its own, a browser,
// and a small "shop": a static server of another origin.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(join(root, 'web/package.json'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;
const program = process.env.TRYON ?? join(root, 'build/release/tryon');

let passed = 0;
let failed = 0;
// An argument picks tests by a part of their names: node tests/web/shopper.mjs 'screens at 390'. With a minus before it
// all but those.
const [, but, wanted] = /^(-?)(.*)$/s.exec(process.argv[2] ?? '');
export async function test(name, run) {
  if (name.includes(wanted) === (but === '-')) return;
  try {
    await run();
    passed++;
    console.log(`ok   ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${name}\n  ${e.stack ?? e}`);
  }
}
export function check(ok, what) {
  if (!ok) throw new Error(what);
}
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
export async function until(what, ask, ms = 20000) {
  for (const end = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 100))) {
    const value = await ask();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

// A server of pages: {"/path": [type, text]}.
export function shop(pages) {
  return new Promise((resolve) => {
    const server = createServer((q, r) => {
      const page = pages[q.url.split('?')[0]];
      r.writeHead(page ? 200 : 404, page ? { 'Content-Type': page[0], ...page[2] } : {});
      r.end(page ? page[1] : '');
    });
    server.listen(0, '127.0.0.1', () => resolve({ origin: `http://localhost:${server.address().port}`, pages, close: () => server.close() }));
  });
}

export async function service(origins = [], { env = {}, args = [] } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'tryon-web-'));
  const made = spawnSync(program, ['brand', '--data', data, 'create', 'Atelier Nord', ...origins], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const brand = JSON.parse(made.stdout);
  const child = spawn(program, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--workers', '1', ...args], { env: { ...process.env, TRYON_RATE: '1000', ...env } });
  let log = '';
  child.stderr.on('data', (d) => (log += d));
  const url = await until('the server', () => /serving on (http:\S+)/.exec(log)?.[1]).catch((e) => {
    throw new Error(`${e.message}: ${log}`);
  });
  const call = async (method, path, token, body, headers = {}) => {
    const r = await fetch(url + path, {
      method,
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { 'Content-Type': 'application/json' }), ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await r.text();
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    url, brand, call, log: () => log,
    stop: () => new Promise((resolve) => {
      child.on('exit', () => (rmSync(data, { recursive: true, force: true }), resolve()));
      child.kill('SIGTERM');
    }),
  };
}

// A shopper who answers a few questions and tries a garment on; `chooses` another size, puts it in the cart, buys it.
export async function shopper(s, garment, answers, { chooses, cart, buys, returns } = {}) {
  const { token } = await s.call('POST', '/v1/guests');
  const key = { 'X-TryOn-Key': s.brand.publishable_key ?? s.brand.secret_key };
  const avatar = await s.call('POST', '/v1/avatars', token, { ...answers, consent_version: '2026-11' }, key);
  await until('the avatar', async () => (await s.call('GET', `/v1/avatars/${avatar.id}`, token)).status === 'ready');
  const tryon = await s.call('POST', '/v1/tryons', token, { avatar_id: avatar.id, garment_id: garment, drape: false });
  if (chooses && chooses !== tryon.selected_size) await s.call('PATCH', `/v1/tryons/${tryon.id}`, token, { size: chooses });
  const event = (event_type) => s.call('POST', '/v1/events', s.brand.secret_key, { event_type, session_id: tryon.id, garment_id: garment });
  if (cart) await event('added_to_cart');
  if (buys) await event('purchase_completed');
  if (returns) await event('item_returned');
  return tryon;
}

export async function browser() {
  const b = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  return b;
}
// A page that keeps what went wrong on it: messages of the console, exceptions, requests to anybody else.
export async function open(b, options = {}, own = []) {
  const context = await b.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && faults.push(`${m.type()}: ${m.text()}`));
  page.on('pageerror', (e) => faults.push(String(e)));
  page.on('request', (q) => /^https?:/.test(q.url()) && own.length && !own.some((o) => q.url().startsWith(o)) && faults.push(`a request to ${q.url()}`));
  return { page, context, faults };
}
export async function axe(page) {
  // What fades in has its colours only in the end; what turns for ever has no end.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.playState === 'running' && a.effect.getComputedTiming().endTime < Infinity).map((a) => a.finished)));
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary?.split('\n')[1]?.trim()})`).slice(0, 3).join(' | ')}`);
}
// Half a day later: the context that a request brings along has run out.
export function later(route) {
  const headers = route.request().headers(), context = headers['x-tryon-key'];
  return route.continue({ headers: context ? { ...headers, 'x-tryon-key': `${context.slice(0, -8)}AAAAAAAA` } : headers });
}
export const SIZES = [{ name: '390', width: 390, height: 844 }, { name: '820', width: 820, height: 1180 }, { name: '1440', width: 1440, height: 900 }];

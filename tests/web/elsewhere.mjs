// The pages on a static host and the API on another address, as on Vercel: the folder that web/vercel.json's build makes,
// served by that file's own rules and web/middleware.ts. What of Vercel is imitated here is what its documentation says
// of these settings; the service itself has not been asked.
import { createServer } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { axe, browser, check, finish, open, root, service, shop, test, until } from './merchant.mjs';
import { build } from './pages.mjs';

const { transformSync } = createRequire(join(root, 'web/package.json'))('esbuild');
const rules = JSON.parse(readFileSync(join(root, 'web/vercel.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'tryon-elsewhere-')), dist = join(work, 'dist');

// A static host that knows cleanUrls, trailingSlash, headers and a middleware.
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const host = { origin: '', middleware: null, asked: [] };
const server = createServer(async (q, r) => {
  const url = new URL(q.url, host.origin), path = decodeURIComponent(url.pathname);
  host.asked.push(q.url);
  const headers = {};
  for (const rule of rules.headers) {
    if (new RegExp(`^${rule.source}$`).test(path)) for (const h of rule.headers) headers[h.key.toLowerCase()] = h.value;
  }
  if (host.middleware?.config.matcher.includes(path)) {
    const said = await host.middleware.default(new Request(url));
    check(said.headers.get('x-middleware-next') === '1', 'the middleware answered in the page’s place');
    said.headers.forEach((value, key) => key !== 'x-middleware-next' && (headers[key] = value));
  }
  if (rules.trailingSlash === false && path !== '/' && path.endsWith('/')) return r.writeHead(308, { location: path.slice(0, -1) + url.search }).end();
  const file = [path, `${path}.html`, join(path, 'index.html')].map((p) => join(dist, p)).find((p) => p.startsWith(dist) && existsSync(p) && statSync(p).isFile());
  if (!file) return r.writeHead(404, headers).end('not found');
  r.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', ...headers }).end(readFileSync(file));
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
host.origin = `http://127.0.0.1:${server.address().port}`;

const store = await shop({}), stranger = await shop({});
const s = await service([store.origin], { args: ['--demo'], env: { CORS_ORIGINS: host.origin } });
const chart = { unit: 'cm', basis: 'body', sizes: { S: { chest: 88 }, M: { chest: 96 }, L: { chest: 104 } } };
await s.call('POST', '/v1/garments', s.brand.secret_key, { name: 'Tee', category: 'tshirt', fabric: 'jersey', shopify_product_id: 'p1', size_chart: chart });
check(rules.buildCommand === 'TRYON_WEB_OUT=dist npm run build' && rules.outputDirectory === 'dist', 'another build than the one that is tested here');
build(dist, { NEXT_PUBLIC_API_URL: `${s.url}/` });
const module = join(work, 'middleware.mjs');
writeFileSync(module, transformSync(readFileSync(join(root, 'web/middleware.ts'), 'utf8'), { loader: 'ts' }).code);
process.env.NEXT_PUBLIC_API_URL = `${s.url}/`;
host.middleware = await import(pathToFileURL(module));

const b = await browser();
const page = (from) => ['text/html; charset=utf-8', `<!doctype html><html lang="en"><title>Tee</title><h1>A tee</h1><tryon-button brand="${s.brand.id}" product-id="p1"></tryon-button><script src="${from}/tryon.js" async></script></html>`];
store.pages['/tee'] = page(host.origin);
stranger.pages['/frame'] = ['text/html', `<!doctype html><title>x</title><iframe src="${host.origin}/embed?brand=${s.brand.id}&product_id=p1"></iframe>`];
store.pages['/frame'] = stranger.pages['/frame'];
const visit = async () => {
  const v = await open(b, { viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' }, [host.origin, s.url, store.origin]);
  v.addresses = [];
  v.page.on('request', (q) => v.addresses.push(q.url()));
  v.clean = () => {
    const faults = v.faults.filter((f) => !/GL Driver Message/.test(f));
    check(!faults.length, faults.join('\n'));
    check(!v.addresses.some((a) => /try_guest_|try_embed_/.test(a)), 'a token in an address');
  };
  return v;
};

await test('pages bring a policy that lets them reach the API and nobody else', async () => {
  for (const path of ['/', '/embed', '/console']) {
    const r = await fetch(host.origin + path), text = await r.text();
    check(r.status === 200, `${path}: ${r.status}`);
    const inside = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1].replaceAll('&#39;', "'") ?? '';
    check(inside.includes(`connect-src 'self' blob: ${s.url};`) && !/unsafe|\*/.test(inside), `${path}: ${inside}`);
    check(text.indexOf('Content-Security-Policy') < text.indexOf('<script'), `${path}: the policy comes after a script`);
    check(r.headers.get('x-content-type-options') === 'nosniff' && r.headers.get('referrer-policy') === 'no-referrer', path);
    const outside = r.headers.get('content-security-policy');
    check(outside.includes(path === '/embed' ? "frame-ancestors 'self'" : "frame-ancestors 'none'"), `${path}: ${outside}`);
  }
  const asset = /src="(\/assets\/[^"]+)"/.exec(await (await fetch(`${host.origin}/embed`)).text())[1];
  check(/immutable/.test((await fetch(host.origin + asset)).headers.get('cache-control')), asset);
});

await test('who may frame the fitting room is the brand’s own list, and nobody when the API cannot be asked', async () => {
  const policy = async (query) => (await fetch(`${host.origin}/embed?${query}`)).headers.get('content-security-policy');
  check((await policy(`brand=${s.brand.id}`)).endsWith(`frame-ancestors 'self' ${store.origin}`), await policy(`brand=${s.brand.id}`));
  check((await policy('shop=evil.example')).endsWith("frame-ancestors 'self'"), 'an unknown shop may frame');
  process.env.NEXT_PUBLIC_API_URL = 'http://127.0.0.1:1';
  check((await policy(`brand=${s.brand.id}`)).endsWith("frame-ancestors 'self'"), 'framed by anybody when the API is gone');
  process.env.NEXT_PUBLIC_API_URL = s.url;
  const framed = async (where) => {
    const v = await open(b);
    await v.page.goto(`${where.origin}/frame`);
    const shown = await until('the frame', () => v.page.frames()[1]).then((f) => f.waitForSelector('h1', { timeout: 6000 }).then(() => true, () => false));
    await v.context.close();
    return shown;
  };
  check(await framed(store), 'not in the brand’s own shop');
  check(!(await framed(stranger)), 'in a stranger’s page');
});

await test('from a shop’s page over the static host to a size, and into its bag', async () => {
  const v = await visit();
  await v.page.goto(`${store.origin}/tee`);
  await v.page.evaluate(() => addEventListener('tryon:add-to-cart', (e) => (window.bag = e.detail.size)));
  await v.page.getByRole('button', { name: 'Find my size' }).click();
  const f = v.page.frameLocator('iframe');
  await f.getByRole('button', { name: 'Agree and continue' }).click();
  await f.getByRole('button', { name: /Without a photo/ }).click();
  await f.getByLabel('Height', { exact: true }).fill('168');
  await f.getByRole('button', { name: 'Show my size' }).click();
  await f.locator('.verdict h2').waitFor({ timeout: 60000 });
  await until('a size on the stage', () => f.locator('canvas').getAttribute('data-ready'), 120000);
  await f.getByRole('button', { name: /^Add size/ }).click();
  await until('the bag', () => v.page.evaluate(() => window.bag));
  v.clean();
  await v.context.close();
});

await test('the demo shop and the console work from there too', async () => {
  const v = await visit();
  await v.page.goto(`${host.origin}/?product=tshirt`);
  await v.page.getByRole('button', { name: 'Find my size' }).click();
  await v.page.frameLocator('iframe').getByRole('button', { name: 'Agree and continue' }).waitFor();
  v.clean();
  await v.page.goto(`${host.origin}/console`);
  await v.page.getByLabel('Secret key').fill(s.brand.secret_key);
  await v.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await v.page.getByText('Tee').first().waitFor();
  check(!(await axe(v.page)).length, (await axe(v.page)).join('\n'));
  v.clean();
  await v.context.close();
});

await b.close();
await s.stop();
for (const x of [server, store, stranger]) x.close();
rmSync(work, { recursive: true, force: true });
finish();

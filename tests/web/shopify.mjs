// A merchant connects her Shopify shop in the console, and the shop's webhooks become purchases and returns in her
// analytics. Shopify is played by a small server that signs as Shopify's documentation says; the app has not been
// installed in a real shop.
import crypto from 'node:crypto';
import { createServer } from 'node:http';
import { browser, check, finish, open, service, shopper, test, until } from './merchant.mjs';

const SECRET = 'newer-secret older-secret', SHOP = 'atelier-nord.myshopify.com';
const hmac = (text, as) => crypto.createHmac('sha256', SECRET.split(' ').at(-1)).update(text).digest(as);
const asked = [];
let back = ''; // where the owner comes back to, once she has agreed
const shopify = createServer(async (q, r) => {
  let text = '';
  for await (const part of q) text += part;
  const url = new URL(q.url, 'http://x');
  asked.push([q.method, url.pathname, text]);
  if (url.pathname === '/admin/oauth/access_token') {
    const { client_id, client_secret, code } = JSON.parse(text);
    const good = client_id === 'app-id' && client_secret === SECRET.split(' ')[0] && code === 'once';
    r.writeHead(good ? 200 : 400, { 'Content-Type': 'application/json' }).end(JSON.stringify(good ? { access_token: 'shpat_x', scope: 'read_orders' } : { error: 'invalid_request' }));
    return;
  }
  const query = new URLSearchParams({ code: 'once', host: 'YWRtaW4uc2hvcGlmeS5jb20=', shop: SHOP, state: url.searchParams.get('state'), timestamp: String(Math.floor(Date.now() / 1000)) });
  query.sort();
  back = `${url.searchParams.get('redirect_uri')}?${query}&hmac=${hmac([...query].map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&'), 'hex')}`;
  r.writeHead(302, { Location: back }).end();
});
await new Promise((done) => shopify.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${shopify.address().port}`;
const s = await service(['https://www.atelier-nord.example'], { env: { SHOPIFY_API_KEY: 'app-id', SHOPIFY_API_SECRET: SECRET, SHOPIFY_BASE_URL: base } });
const secret = s.brand.secret_key;
const b = await browser();
const v = await open(b, { viewport: { width: 1440, height: 900 } });
const p = v.page;

await test('the owner agrees at Shopify and comes back to a connected shop', async () => {
  await p.goto(`${s.url}/console`);
  await p.getByLabel('Secret key').fill(secret);
  await p.getByRole('button', { name: 'Sign in', exact: true }).click();
  await p.getByRole('link', { name: 'In your shop' }).click();
  await p.getByRole('radio', { name: 'Shopify' }).check();
  await p.getByLabel('Your shop’s Shopify address').fill('www.atelier-nord.example');
  await p.getByRole('button', { name: 'Connect' }).click();
  await p.getByText('A Shopify address looks like').waitFor();
  await p.getByLabel('Your shop’s Shopify address').fill('atelier-nord');
  await p.getByRole('button', { name: 'Connect' }).click();
  await p.getByText('The shop is connected.').waitFor();
  check(p.url() === `${s.url}/console#/install`, `the code stays in the address: ${p.url()}`);
  check((await s.call('GET', '/v1/brand', secret)).shopify_shop_domain === SHOP, 'not connected');
  await p.getByText(`Connected shop: ${SHOP}`).waitFor();
});

const connect = (query, key = secret) => fetch(`${s.url}/v1/shopify/connect`, { method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ query }) });
await test('an answer that Shopify did not sign, or that another brand asked for, connects nothing', async () => {
  const query = back.split('?')[1];
  check((await connect(query.replace(SHOP, 'another.myshopify.com'))).status === 403, 'a changed shop');
  check((await connect(query.replace(/hmac=\w{8}/, 'hmac=00000000'))).status === 403, 'a wrong signature');
  check((await connect('')).status === 403, 'nothing');
  const other = await service([], { env: { SHOPIFY_API_KEY: 'app-id', SHOPIFY_API_SECRET: SECRET, SHOPIFY_BASE_URL: base } });
  const r = await fetch(`${other.url}/v1/shopify/connect`, { method: 'POST', headers: { Authorization: `Bearer ${other.brand.secret_key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ query }) });
  check(r.status === 403, `a state of another brand: ${r.status}`);
  await other.stop();
});

let delivery = 0;
const tell = async (topic, body, { id = `w${++delivery}`, shop = SHOP, sign = (text) => hmac(text, 'base64') } = {}) => {
  const text = JSON.stringify(body);
  const r = await fetch(`${s.url}/v1/hooks/shopify`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Shopify-Topic': topic, 'X-Shopify-Shop-Domain': shop, 'X-Shopify-Webhook-Id': id, 'X-Shopify-Hmac-Sha256': sign(text) }, body: text });
  return { status: r.status, ...(await r.json()) };
};
const flow = async () => (await s.call('GET', '/v1/analytics/size_flow', secret)).data;
const count = async (what) => (await flow()).reduce((n, f) => n + f[what], 0);

await test('an order is a purchase once, however often and in whatever topic it is told; a refund is a return', async () => {
  const chart = { unit: 'cm', basis: 'body', sizes: { S: { chest: 88 }, M: { chest: 96 }, L: { chest: 104 } } };
  const garment = await s.call('POST', '/v1/garments', secret, { name: 'Tee', category: 'tshirt', shopify_product_id: '1', size_chart: chart });
  const tryon = await shopper(s, garment.id, { height_cm: 170 });
  const line = { id: 466157049, quantity: 1, properties: [{ name: '_tryon_session', value: tryon.id }] };
  const order = { id: 450789469, note_attributes: [], line_items: [line, { id: 2, quantity: 1, properties: [] }] };
  check((await tell('orders/create', order, { id: 'same' })).repeated === false, 'the first');
  check((await tell('orders/create', order, { id: 'same' })).repeated === true, 'the same delivery again');
  check((await tell('orders/paid', order)).status === 200, 'another topic');
  check((await count('bought')) === 1, `${await count('bought')} bought`);
  check((await tell('refunds/create', { id: 9, refund_line_items: [{ id: 104689539, line_item: line }] })).status === 200, 'refund');
  check((await count('returned')) === 1, `${await count('returned')} returned`);
  const told = await flow();
  check(told.find((f) => f.bought)?.size === tryon.selected_size, JSON.stringify(told));
});

await test('what Shopify did not sign is refused with 401, the three topics about privacy are answered', async () => {
  check((await tell('orders/create', {}, { sign: () => hmac('other', 'base64') })).status === 401, 'a wrong signature');
  check((await tell('orders/create', {}, { sign: () => '' })).status === 401, 'no signature');
  check((await tell('orders/create', {}, { shop: 'nobody.myshopify.com' })).status === 200, 'an unknown shop');
  check((await tell('orders/create', {}, { shop: 'evil.example' })).status === 422, 'no shop at all');
  for (const topic of ['customers/data_request', 'customers/redact']) check((await tell(topic, { shop_domain: SHOP, customer: { id: 1 } })).status === 200, topic);
});

await test('when the app is taken out of the shop, the brand is no longer connected', async () => {
  check((await tell('app/uninstalled', { id: 1 })).status === 200, 'app/uninstalled');
  check((await s.call('GET', '/v1/brand', secret)).shopify_shop_domain === null, 'still connected');
  check((await tell('shop/redact', { shop_domain: SHOP })).status === 200, 'shop/redact, two days later');
  check(!v.faults.length, v.faults.join('\n'));
});

await b.close();
await s.stop();
shopify.close();
finish();

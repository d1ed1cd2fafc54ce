// One person, several ways in: a guest who signs in through Supabase, and a visit that goes on with the phone.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANON, gotrue } from './gotrue.mjs';
import { axe, browser, check, finish, later, open, root, service, test, until } from './merchant.mjs';
import { build } from './pages.mjs';

const { encode } = createRequire(join(root, 'web/package.json'))('uqr');
const auth = await gotrue();
const folder = mkdtempSync(join(tmpdir(), 'tryon-pages-'));
build(folder, { SUPABASE_URL: auth.url, SUPABASE_ANON_KEY: ANON });
const s = await service([], { args: ['--demo', '--web', folder], env: { SUPABASE_URL: auth.url } });
const room = `${s.url}/embed?shop=demo.tryon.invalid&product_id=demo-tshirt`;
const b = await browser();
const shots = join(root, 'build/web-shots');
mkdirSync(shots, { recursive: true });
// The figure stands still, as in tests/web/shopper.mjs.
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, reducedMotion: 'reduce' };
const DESK = { viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' };

async function visit(options = PHONE) {
  const v = await open(b, options, [s.url, auth.url]);
  v.addresses = [];
  v.page.on('request', (q) => v.addresses.push(q.url()));
  v.say = (name) => v.page.getByRole('button', { name, exact: typeof name === 'string' });
  v.verdict = () => v.page.locator('.verdict h2').waitFor({ timeout: 60000 });
  v.clean = (expected = /$^/) => {
    const faults = v.faults.filter((f) => !/GL Driver Message/.test(f) && !expected.test(f));
    check(!faults.length, faults.join('\n'));
    const told = v.addresses.find((a) => /try_guest_|eyJ|refresh_token=.|access_token/.test(a));
    check(!told, `a token in an address: ${told}`);
  };
  return v;
}
async function size(v, height) {
  await v.say('Agree and continue').click();
  await v.say(/Without a photo/).click();
  await v.page.getByLabel('Height', { exact: true }).fill(String(height));
  await v.say('Show my size').click();
  await v.verdict();
}
const mine = (token) => s.call('GET', '/v1/avatars', token).then((r) => r.items);
const stored = (v, key) => v.page.evaluate((k) => JSON.parse(localStorage.getItem(`tryon.${k}`)), key);
const dialog = (v) => v.page.getByRole('dialog');
const submit = (v, name) => dialog(v).getByRole('button', { name, exact: true });

await test('a guest signs in with a mailed code and keeps her figure', async () => {
  const v = await visit();
  await v.page.goto(room);
  await size(v, 171);
  const [before] = await mine((await stored(v, 'guest')).token);
  await v.say('Account').click();
  check(!(await axe(v.page)).length, (await axe(v.page)).join('\n'));
  await v.page.screenshot({ path: join(shots, '15-sign-in-390-light.png') });
  await v.page.getByRole('textbox', { name: 'E-mail', exact: true }).fill('nobody');
  await submit(v, 'Send me a code').click();
  await v.page.getByText('not a complete e-mail address').waitFor();
  await v.page.getByRole('textbox', { name: 'E-mail', exact: true }).fill('ada@example.org');
  await submit(v, 'Send me a code').click();
  await v.page.getByText('We have sent a code to ada@example.org.').waitFor();
  await v.page.getByLabel('Code from the e-mail').fill('000000');
  await submit(v, 'Sign in').click();
  await v.page.getByText('This code is wrong or too old.').waitFor();
  check(!(await axe(v.page)).length, (await axe(v.page)).join('\n'));
  await v.page.screenshot({ path: join(shots, '16-sign-in-code-390-light.png') });
  await v.page.route('**/v1/me/join', later); // on a page left open over night, too
  await v.page.getByLabel('Code from the e-mail').fill(auth.mails[0].token);
  await submit(v, 'Sign in').click();
  await dialog(v).waitFor({ state: 'detached' });
  const account = await stored(v, 'account');
  check((await stored(v, 'guest')) === null, 'the guest is still kept');
  const [after, ...more] = await mine(account.access_token);
  check(after.id === before.id && !more.length, 'the figure did not come along');
  await v.page.reload();
  await v.verdict();
  await v.say('Account').click();
  await v.page.getByText('You are signed in as ada@example.org.').waitFor();
  v.clean(/403/); // the browser notes the refused code
  await v.context.close();
});

// Opens the sheet and chooses the way with a password.
async function byPassword(v, email) {
  await v.say('Account').click();
  await v.page.getByRole('radio', { name: 'Password' }).check();
  await v.page.getByRole('textbox', { name: 'E-mail', exact: true }).fill(email);
}

// With the account of the test that follows.
async function signIn(v) {
  await byPassword(v, 'eva@example.org');
  await v.page.locator('input[type=password]').fill('a long and quiet sentence');
  await submit(v, 'Sign in').click();
  await v.verdict();
}

await test('an account with a password shows its figure on another device', async () => {
  const v = await visit();
  await v.page.goto(room);
  await size(v, 178);
  await byPassword(v, 'eva@example.org');
  await v.page.locator('input[type=password]').fill('short');
  await submit(v, 'Create an account').click();
  await v.page.getByText('too easy to guess').waitFor();
  await v.page.locator('input[type=password]').fill('a long and quiet sentence');
  await submit(v, 'Create an account').click();
  await dialog(v).waitFor({ state: 'detached' });
  v.clean(/422/);
  await v.context.close();
  const w = await visit(DESK);
  await w.page.goto(room);
  await byPassword(w, 'eva@example.org');
  await w.page.locator('input[type=password]').fill('not this one');
  await submit(w, 'Sign in').click();
  await w.page.getByText('do not go together').waitFor();
  await w.page.locator('input[type=password]').fill('a long and quiet sentence');
  await submit(w, 'Sign in').click();
  await w.verdict();
  // Signed out, the figure is not on this device; it waits.
  await w.say('Account').click();
  await submit(w, 'Sign out').click();
  await w.page.getByText('You are signed out.').waitFor();
  check((await stored(w, 'account')) === null && (await stored(w, 'guest')) === null, 'a token is left');
  await until('the sign-in service to hear of it', () => auth.calls.includes('POST /logout?scope=local'));
  w.clean(/400/);
  await w.context.close();
});

await test('a token that runs out is renewed, once for all requests; one that cannot be ends the visit kindly', async () => {
  auth.seconds = 30; // less than the minute that a token must have left
  const v = await visit();
  await v.page.goto(room);
  await signIn(v);
  check(auth.calls.filter((c) => /refresh_token/.test(c)).length >= 1, 'nothing was renewed');
  auth.expireAll();
  await v.page.reload();
  await v.say('Agree and continue').or(v.say(/Without a photo/)).waitFor();
  check((await stored(v, 'account')) === null, 'the account is still kept');
  auth.seconds = 3600;
  v.clean(/400/);
  await v.context.close();
});

await test('when her sign-in ends before the deletion, the page does not say that it was done', async () => {
  auth.seconds = 30;
  const v = await visit();
  await v.page.goto(room);
  await signIn(v);
  await v.say('Delete my data').click();
  auth.expireAll();
  await v.page.getByText('For your privacy a visit ends').waitFor({ timeout: 20000 });
  auth.seconds = 3600;
  const again = await fetch(`${auth.url}/auth/v1/token?grant_type=password`, { method: 'POST', headers: { apikey: ANON }, body: JSON.stringify({ email: 'eva@example.org', password: 'a long and quiet sentence' }) });
  check((await mine((await again.json()).access_token)).length, 'the figure is gone after all');
  v.clean(/400|401/);
  await v.context.close();
});

await test('one tap deletes a signed-in shopper’s data as it does a guest’s', async () => {
  const v = await visit();
  await v.page.goto(room);
  await v.say('Account').click();
  await v.page.getByRole('textbox', { name: 'E-mail', exact: true }).fill('ada@example.org');
  await submit(v, 'Send me a code').click();
  await v.page.getByLabel('Code from the e-mail').fill(await until('the mail', () => auth.mails.at(-1)?.token));
  await submit(v, 'Sign in').click();
  await v.verdict();
  const { access_token } = await stored(v, 'account');
  await v.say('Delete my data').click();
  await v.page.getByText('Everything about you has been deleted.').waitFor({ timeout: 20000 });
  check(!(await mine(access_token)).length, 'the figure is still there');
  v.clean();
  await v.context.close();
});

await test('a visit goes on with the phone and comes back by itself; its code is good once', async () => {
  const desk = await visit(DESK);
  await desk.page.goto(room);
  await desk.say('Agree and continue').click();
  await desk.say(/One photo/).click();
  const made = desk.page.waitForResponse((r) => r.url().endsWith('/v1/handoffs') && r.request().method() === 'POST');
  await desk.say('Continue on my phone').click();
  const { code } = await (await made).json();
  const address = `${room}#go=${code}&how=one`;
  // What the picture says is what a phone would read: the modules are those of this address.
  const { data } = encode(address, { border: 2 });
  let path = '';
  data.forEach((row, y) => row.forEach((dark, x) => dark && (path += `M${x} ${y}h1v1h-1z`)));
  await until('the picture', async () => (await desk.page.locator('.qr path').getAttribute('d')) === path);
  check(!(await axe(desk.page)).length, (await axe(desk.page)).join('\n'));
  await desk.page.screenshot({ path: join(shots, '17-phone-1440-light.png') });

  const phone = await visit();
  await phone.page.goto(address);
  await phone.page.getByRole('heading', { name: 'Photo from the front' }).waitFor();
  check(phone.page.url() === room, `the code is still in the address: ${phone.page.url()}`);
  await desk.page.getByText('Your phone is connected').waitFor();
  await desk.page.screenshot({ path: join(shots, '18-phone-there-1440-light.png') });
  await phone.page.locator('input[type=file]').setInputFiles(join(root, 'demo/photo.jpg'));
  await phone.say('Use this photo').click();
  await phone.page.getByLabel('Height', { exact: true }).fill('153');
  await phone.say('Show my size').click();
  await phone.verdict();
  await desk.verdict();
  check((await stored(desk, 'guest')).user_id === (await stored(phone, 'guest')).user_id, 'two persons');
  // The phone corrects; the desk finds it with the next visit.
  await phone.page.reload();
  await phone.verdict();
  phone.clean();
  await phone.context.close();

  const late = await visit();
  await late.page.goto(address);
  await late.page.getByText('This code was used already or is too old.').waitFor();
  await late.say('Agree and continue').waitFor();
  late.clean(/404/);
  await late.context.close();
  desk.clean(/404/); // the code it asked about was taken
  await desk.context.close();
});

await test('a phone that knows her already brings her figure along', async () => {
  const phone = await visit();
  await phone.page.goto(room);
  await size(phone, 166);
  const desk = await visit(DESK);
  await desk.page.goto(room);
  await desk.say('Agree and continue').click();
  const made = desk.page.waitForResponse((r) => r.url().endsWith('/v1/handoffs'));
  await desk.say('Continue on my phone').click();
  const { code } = await (await made).json();
  await phone.page.goto('about:blank');
  await phone.page.goto(`${room}#go=${code}`);
  await phone.verdict();
  await desk.verdict();
  phone.clean();
  desk.clean(/404/);
  await phone.context.close();
  await desk.context.close();
});

await b.close();
await s.stop();
auth.close();
rmSync(folder, { recursive: true, force: true });
finish();

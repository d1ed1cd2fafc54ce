// A merchant's day in the console, against the real server and its real pipeline.
import { mkdirSync, readFileSync } from 'node:fs';
import { axe, browser, check, finish, open, service, shopper, SIZES, test, until } from './merchant.mjs';

const s = await service(['https://www.atelier-nord.example']);
const secret = s.brand.secret_key;
const b = await browser();
const main = await open(b, { viewport: { width: 1440, height: 900 }, acceptDownloads: true }, [s.url]);
const p = main.page;
const go = (page) => p.goto(`${s.url}/console#/${page}`);
const button = (name) => p.getByRole('button', { name, exact: true });
let garment = '';

await test('a wrong key is told apart from half a key and from the public one', async () => {
  await p.goto(`${s.url}/console`);
  const field = p.getByLabel('Secret key'), enter = button('Sign in');
  await field.fill('try_live_short');
  await enter.click();
  await p.getByText('That does not look like a whole key.').waitFor();
  await field.fill(s.brand.publishable_key);
  await enter.click();
  await p.getByText('This is the public key').waitFor();
  await field.fill(`${secret.slice(0, -8)}AAAAAAAA`);
  await enter.click();
  await p.getByText('This key is not known here').waitFor();
  main.faults.splice(0); // the browser reports the 401 that was asked for
});

await test('the right key opens the console, stays in the tab and never in an address', async () => {
  await p.getByLabel('Secret key').fill(secret);
  await button('Sign in').click();
  await p.getByRole('heading', { name: 'No garments yet' }).waitFor();
  check(!p.url().includes('try_'), p.url());
  check((await p.evaluate(() => JSON.stringify(localStorage))).includes('try_') === false, 'the key is in localStorage');
  await p.reload();
  await p.getByRole('heading', { name: 'No garments yet' }).waitFor();
});

await test('a garment is made from a chart pasted out of a spreadsheet, and faults are shown while typing', async () => {
  await p.getByRole('link', { name: 'New garment' }).click();
  await p.getByLabel('Name').fill('Linen dress');
  await p.getByLabel('Product number in your shop').fill('8842011');
  await p.getByLabel('Kind').selectOption('dress');
  await p.getByLabel('Paste your size chart').fill('Größe\tOberweite (cm)\tTaille\tHüfte\tPreis\nS\t84-88\t66-70\t92–96\t79 €\nM\t90-94\t72-7x\t98-102\t79 €\nL\t98-104\t80-86\t104-110\t79 €\n');
  await p.getByText('What does the column “Preis” measure?').waitFor();
  await p.getByText('Waist of size M: “72-7x” is not a number.').waitFor();
  await button('Remove Preis').click();
  await p.getByLabel('Waist of size M').fill('72-76');
  await p.getByText('3 sizes, all numbers make sense.').waitFor();
  await button('Create garment').click();
  await p.getByText('Created. Now look at it on a row of bodies.').waitFor();
  garment = p.url().split('/').pop();
  const g = await s.call('GET', `/v1/garments/${garment}`, secret);
  check(g.category === 'dress' && g.shopify_product_id === '8842011', JSON.stringify(g));
  check(JSON.stringify(g.size_chart.sizes.M) === '{"chest":[90,94],"waist":[72,76],"hip":[98,102]}', JSON.stringify(g.size_chart));
});

await test('charts come sideways, in inches, with commas, semicolons and without headings', async () => {
  await go('garments/new');
  const paste = p.getByLabel('Paste your size chart'), again = button('Start over');
  const shown = (name) => p.getByLabel(name, { exact: true }).inputValue();
  await paste.fill(',S,M\nChest,"84 - 88",90\nHips,92,98\n');
  check((await shown('Chest of size S')) === '84 - 88' && (await shown('Hips of size M')) === '98', 'sideways');
  await again.click();
  await paste.fill('Size;Bust (in);Waist\nXS;32,5;25½\nS;34;27\n');
  check(await p.getByLabel('inches').isChecked(), 'inches were not seen');
  check((await shown('Chest of size XS')) === '32,5', 'decimal comma');
  await p.getByText('2 sizes, all numbers make sense.').waitFor();
  for (const head of ['Größe\tBrust in cm', 'Size\tChest in cm', 'Size\tChest']) {
    await again.click();
    await paste.fill(`${head}\nS\t88\nM\t96\n`);
    check(await p.getByLabel('centimetres').isChecked(), `“${head}” became inches`);
  }
  for (const head of ['Chest [in]', 'Chest in', 'Chest (inch)']) {
    await again.click();
    await paste.fill(`Size\t${head}\nS\t34\nM\t37\n`);
    check(await p.getByLabel('inches').isChecked(), `“${head}” became centimetres`);
  }
  await again.click();
  await paste.fill('S\t88\t70\nM\t96\t78\n');
  check((await p.getByText('What does the column').count()) === 2, 'columns without a name');
  await again.click();
  await button('Men, XS–XXL').click();
  await p.getByText('6 sizes, all numbers make sense.').waitFor();
});

await test('a product number and a fabric can be taken out again', async () => {
  await go(`garments/${garment}`);
  const product = p.getByLabel('Product number in your shop'), fabric = p.getByLabel('Fabric');
  const save = async (number, cloth) => {
    await product.fill(number);
    await fabric.selectOption(cloth);
    await Promise.all([p.waitForResponse((r) => r.request().method() === 'PATCH'), button('Save').click()]);
    const g = await s.call('GET', `/v1/garments/${garment}`, secret);
    check(g.shopify_product_id === (number || null) && g.fabric === (cloth || null), JSON.stringify(g));
  };
  await save('8842011', 'wool');
  await save('', '');
  await save('8842011', '');
});

await test('it is checked and shown on bodies', async () => {
  await go(`garments/${garment}`);
  await button('Check and preview').click();
  await p.locator('.sheet-picture img').waitFor({ timeout: 180000 });
  await p.waitForFunction(() => document.querySelector('.sheet-picture img').naturalWidth >= 900);
  await p.getByText('Woman 165 cm 67 kg').waitFor();
  check((await p.locator('.data tbody tr').count()) === 3, 'three women wear a dress');
});

await test('3D files are dragged in, one a size by their names, and wrong ones are refused with a word', async () => {
  const glb = [...Buffer.from('glTF\x02\0\0\0\x18\0\0\0\x04\0\0\0JSON{}  ', 'latin1')];
  const files = await p.evaluateHandle((bytes) => {
    const d = new DataTransfer();
    d.items.add(new File([new Uint8Array(bytes)], 'dress_M.glb'));
    d.items.add(new File([new Uint8Array(bytes)], 'linen final.glb'));
    d.items.add(new File(['no'], 'photo_S.glb'));
    return d;
  }, glb);
  let sent;
  const first = new Promise((r) => (sent = r));
  await p.route('**/sizes/M', (route) => first.then(() => route.continue()));
  await p.locator('.drop').dispatchEvent('drop', { dataTransfer: files });
  await p.getByText('photo_S.glb is not a GLB file.').waitFor();
  // Saved while the other is on its way: it waits its turn.
  await p.getByText('Uploading dress_M.glb').waitFor();
  await p.getByLabel('Which size is linen final.glb?').selectOption('L');
  await p.locator('.row', { hasText: 'linen final' }).getByRole('button', { name: 'Save' }).click();
  sent();
  await until('both files', async () => Object.keys((await s.call('GET', `/v1/garments/${garment}`, secret)).sizes).length === 2);
  await button('Remove the file of size L').click();
  await until('its removal', async () => Object.keys((await s.call('GET', `/v1/garments/${garment}`, secret)).sizes).join() === 'M');
  await button('Remove the file of size M').click();
  await until('its removal', async () => !Object.keys((await s.call('GET', `/v1/garments/${garment}`, secret)).sizes).length);
});

await test('what shoppers do is seen in the analytics, and goes out as CSV', async () => {
  await go('analytics');
  await p.getByText('Nothing yet in these days').waitFor();
  await shopper(s, garment, { height_cm: 166, weight_kg: 62, sex: 'female' }, { cart: true, buys: true });
  await shopper(s, garment, { height_cm: 160, weight_kg: 54, sex: 'female' }, { chooses: 'L' });
  await shopper(s, garment, { height_cm: 170, weight_kg: 72, sex: 'female' });
  await p.reload();
  await p.locator('.body-heat').waitFor();
  const bars = await p.locator('.bars').first().locator('.bar-value strong').allTextContents();
  check(bars.join() === '3,3,1,1,1', `the funnel says ${bars}`);
  check((await p.getByRole('table', { name: 'Latest try-ons' }).first().locator('tbody tr').count()) === 3, 'three try-ons');
  await p.locator('.said, .heat p').first().waitFor();
  const [download] = await Promise.all([p.waitForEvent('download'), button('Download as CSV: From avatar to purchase').click()]);
  const text = readFileSync(await download.path(), 'utf8');
  check(/Step,Times,Shoppers\r\nAvatars made,3,3\r\nTry-ons,3,3\r\n/.test(text), text);
  check(!/user|@/.test(text), 'a person is in the file');
});

await test('the shop’s address, the snippet and the check lead to a button that shows', async () => {
  await go('install');
  await p.getByText('https://www.atelier-nord.example').waitFor();
  await p.getByLabel('Address of your shop').fill('not an address');
  await button('Add address').click();
  await p.getByText('That is not a whole address.').waitFor();
  await p.getByLabel('Address of your shop').fill('Atelier-Nord.example/shop');
  await button('Add address').click();
  await p.getByText('https://atelier-nord.example', { exact: true }).waitFor();
  const keys = await s.call('GET', '/v1/keys', secret);
  check(keys.items.some((k) => k.origins.join() === 'https://www.atelier-nord.example,https://atelier-nord.example'), JSON.stringify(keys));
  const snippet = await p.locator('pre.code').textContent();
  check(snippet.includes(`brand="${s.brand.id}"`) && snippet.includes(`src="${s.url}/tryon.js"`), snippet);
  check(!/try_(live|pub)/.test(await p.locator('main').innerText()), 'a key is on the page');
  await p.getByLabel('Product number').fill('8842011');
  await button('Check').click();
  await p.getByText('Yes: the button will show').waitFor();
  await p.getByLabel('Product number').fill('1');
  await button('Check').click();
  await p.getByText('No garment has this product number').waitFor();
});

await test('a key is made, shown once, replaced and revoked', async () => {
  await go('keys');
  await button('New key').click();
  await button('Create key').click();
  const made = await p.locator('dialog code').textContent();
  check(/^try_live_/.test(made), made);
  await button('I have copied it').click();
  await p.locator('dialog').waitFor({ state: 'detached' });
  check((await p.content()).includes(made) === false, 'the key is still on the page');
  await button(`Replace ${made.slice(0, 14)}`).click();
  await p.getByRole('dialog').getByRole('button', { name: 'Replace' }).click();
  const next = await p.locator('dialog code').textContent();
  check(next !== made && (await fetch(`${s.url}/v1/brand`, { headers: { Authorization: `Bearer ${made}` } })).ok, 'the old one works on for a day');
  await button('I have copied it').click();
  await button(`Revoke ${next.slice(0, 14)}`).click();
  await p.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await until('its end', async () => (await fetch(`${s.url}/v1/brand`, { headers: { Authorization: `Bearer ${next}` } })).status === 401);
});

await test('how long data is kept is chosen, and the brand renamed', async () => {
  await go('settings');
  await p.getByLabel('Name shoppers see').fill('Atelier Süd');
  await p.getByLabel('Avatars and try-ons of shoppers who stay away').selectOption('30');
  await button('Save').click();
  await p.getByText('Saved.').waitFor();
  const brand = await s.call('GET', '/v1/brand', secret);
  check(brand.name === 'Atelier Süd' && brand.avatar_days === 30 && brand.event_days === null, JSON.stringify(brand));
  await p.getByText('Atelier Süd').first().waitFor();
});

await test('it speaks the merchant’s language', async () => {
  for (const [code, word] of [['de', 'Einstellungen'], ['es', 'Ajustes'], ['fr', 'Réglages'], ['ja', '設定'], ['en', 'Settings']]) {
    await p.locator('#language ~ .field select, section:has(#language) select').selectOption(code);
    await p.getByRole('heading', { level: 1, name: word }).waitFor();
    check((await p.evaluate(() => document.documentElement.lang)) === code, 'the page does not say its language');
  }
});

await test('nothing went wrong in the browser, and nobody else was asked for anything', async () => {
  check(!main.faults.length, main.faults.join('\n'));
});

// Every page at every size in both schemes: no rule of accessibility broken, nothing wider than the window.
const shots = process.env.TRYON_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });
for (const size of SIZES)
  for (const scheme of ['light', 'dark'])
    await test(`every page is accessible and fits at ${size.width}×${size.height}, ${scheme}`, async () => {
      const v = await open(b, { viewport: { width: size.width, height: size.height }, colorScheme: scheme, reducedMotion: 'reduce' }, [s.url]);
      const look = async (name) => {
        const bad = await axe(v.page);
        check(!bad.length, `${name}: ${bad.join('\n')}`);
        const wide = await v.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        check(wide <= 0, `${name} is ${wide} px too wide`);
        if (shots) await v.page.screenshot({ path: `${shots}/${name}-${size.width}-${scheme}.png`, fullPage: true });
      };
      await v.page.goto(`${s.url}/console`);
      await v.page.getByLabel('Secret key').waitFor();
      await look('signin');
      await v.page.evaluate((k) => sessionStorage.setItem('tryon.console.key', k), secret);
      await v.page.reload();
      for (const [path, ready] of [['garments', '.list-row'], ['garments/new', 'textarea'], [`garments/${garment}`, '.sheet-picture img'], ['analytics', '.body-heat'], ['install', '.copy'], ['keys', '.tag'], ['settings', 'form']]) {
        await v.page.goto(`${s.url}/console#/${path}`);
        await v.page.locator(ready).first().waitFor();
        await look(path.replace(garment, 'one').replace('/', '-'));
      }
      check(!v.faults.length, v.faults.join('\n'));
      await v.context.close();
    });

await test('a key that was revoked meanwhile leads back to the sign-in with a word', async () => {
  const { items } = await s.call('GET', '/v1/keys', secret);
  const mine = items.find((k) => k.kind === 'secret' && secret.startsWith(k.prefix) && !k.revoked_at);
  await s.call('DELETE', `/v1/keys/${mine.id}`, secret);
  await go('garments');
  await p.getByText('You were signed out: the key no longer works.').waitFor();
});

await b.close();
await s.stop();
finish();

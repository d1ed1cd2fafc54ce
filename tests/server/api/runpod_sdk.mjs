// RunPod's own client (npm runpod-sdk) drives our control plane:  node runpod_sdk.mjs URL OPERATOR_KEY
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
const require = createRequire(new URL('../../npm/', import.meta.url));
const sdk = (await import(require.resolve('runpod-sdk'))).default;
const [url, key] = process.argv.slice(2);
const endpoint = sdk(key, { baseUrl: url + '/v2' }).endpoint('avatar');
let passed = 0, failed = 0;
const test = async (name, body) => {
  try { await body(); passed++; console.log('ok  ', name); } catch (e) { failed++; console.log('FAIL', name, e); }
};
const input = (height_cm) => ({ input: { avatar_id: 'a1', answers: { height_cm } } });
await test('runSync gives the output', async () => {
  const r = await endpoint.runSync(input(180), 20000);
  assert.equal(r.status, 'COMPLETED');
  assert.equal(r.output.avatar_id, 'a1');
  assert.equal(r.output.measurements.height.value_cm, 180);
});
await test('run, then status until it ends', async () => {
  const job = await endpoint.run(input(170));
  assert.equal(job.status, 'IN_QUEUE');
  let s;
  for (let i = 0; i < 100; i++) { s = await endpoint.status(job.id); if (s.completed) break; await new Promise((r) => setTimeout(r, 100)); }
  assert.equal(s.status, 'COMPLETED');
  assert.ok(s.succeeded && s.delayTime >= 0 && s.executionTime >= 0);
});
await test('a handler that fails makes the job FAILED', async () => {
  const r = await endpoint.runSync(input(111), 20000);
  assert.equal(r.status, 'FAILED');
});
await test('cancel stops a running job', async () => {
  const job = await endpoint.run(input(113));
  await new Promise((r) => setTimeout(r, 400));
  assert.equal((await endpoint.cancel(job.id)).status, 'CANCELLED');
  assert.equal((await endpoint.status(job.id)).status, 'CANCELLED');
});
await test('health counts', async () => {
  const h = await endpoint.health();
  assert.ok(h.jobs.completed >= 2 && h.jobs.failed >= 1 && h.workers.idle + h.workers.running >= 1);
});
await test('purgeQueue answers', async () => { assert.equal((await endpoint.purgeQueue()).status, 'completed'); });
await test('a wrong key is refused', async () => {
  await assert.rejects(async () => {
    const r = await sdk('wrong', { baseUrl: url + '/v2' }).endpoint('avatar').run(input(1));
    if (!r?.id) throw new Error('refused');
  });
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

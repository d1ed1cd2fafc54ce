// Prints random requests and what another implementation (@smithy/signature-v4) signs for them, one JSON a line.
//   node sigv4_oracle.mjs COUNT SEED
import { createRequire } from 'node:module';
const require = createRequire(new URL('../../npm/', import.meta.url));
const { SignatureV4 } = require('@smithy/signature-v4');
const { Sha256 } = require('@aws-crypto/sha256-js');

let state = BigInt(process.argv[3] ?? 1);
const random = () => { // splitmix64
  state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  let z = state;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
};
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const CHARS = [...'abcXYZ019-._~ +=&%$@!*\'()[]{}:;,?#"<>|^`\\', 'é', '漢', '😀', '/'];
const text = (n, chars = CHARS) => Array.from({ length: 1 + below(n) }, () => pick(chars)).join('');
const escape = (s) => encodeURIComponent(s).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());

for (let i = 0; i < Number(process.argv[2] ?? 1000); i++) {
  const path = '/' + Array.from({ length: 1 + below(4) }, () => text(8, CHARS.filter((c) => c !== '/'))).join('/');
  const query = {};
  for (let k = below(4); k > 0; k--) query[text(6)] = random() < 0.2 ? '' : text(8);
  const headers = {};
  for (let k = below(3); k > 0; k--) headers['x-amz-meta-' + text(4, [...'abcdef'])] = text(10, [...'ab c  d-_']).trim() || 'v';
  const host = pick(['bucket.s3.eu-west-1.amazonaws.com', 'localhost:9000', 'storage.example.org']);
  const credentials = { accessKeyId: text(12, [...'ABCDEFGH2345']), secretAccessKey: text(40) };
  if (random() < 0.3) credentials.sessionToken = text(60, [...'abcdefghijklmnop/+=0123']);
  const region = pick(['eu-west-1', 'us-east-1', 'auto']);
  const date = new Date(1600000000000 + below(400000000) * 1000);
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false, applyChecksum: true });
  const method = pick(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);
  const request = { method, protocol: 'https:', hostname: host.split(':')[0], path: path.split('/').map(escape).join('/'),
    query, headers: { host, ...headers } };
  if (host.includes(':')) request.port = 9000;
  const presign = random() < 0.5;
  const row = { method, host, path, query: Object.entries(query), headers: Object.entries(headers), region, ...credentials,
    date: date.toISOString().replace(/[-:]|\.\d+/g, ''), presign };
  if (presign) {
    request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
    row.expires = 1 + below(604800);
    const out = await signer.presign(request, { expiresIn: row.expires, signingDate: date,
      unhoistableHeaders: new Set(Object.keys(headers)) });
    row.query.push(['x-amz-content-sha256', 'UNSIGNED-PAYLOAD']);
    row.payload = 'UNSIGNED-PAYLOAD';
    row.signature = out.query['X-Amz-Signature'];
  } else {
    const body = random() < 0.5 ? text(100) : '';
    if (body) request.body = body;
    const out = await signer.sign(request, { signingDate: date });
    row.payload = out.headers['x-amz-content-sha256'];
    row.authorization = out.headers.authorization;
  }
  console.log(JSON.stringify(row));
}

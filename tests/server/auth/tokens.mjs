// Mints tokens with another implementation (npm jose): good ones and the usual forgeries. JSON a line: {name, good, token}.
// The first line is {jwks}, the second {rotated} (the same keys and one more). Secret and issuer as in test_jwt.c.
import { createRequire } from 'node:module';
const require = createRequire(new URL('../../npm/', import.meta.url));
const { pathToFileURL } = await import('node:url');
const jose = await import(pathToFileURL(require.resolve('jose')));
import crypto from 'node:crypto';

globalThis.crypto ??= crypto.webcrypto; // Node 18, Debian 12's, has it only as a module

const secret = new TextEncoder().encode('a-shared-secret-of-thirty-two-bytes!');
const ec = await jose.generateKeyPair('ES256', { extractable: true });
const rsa = await jose.generateKeyPair('RS256', { extractable: true });
const stranger = await jose.generateKeyPair('ES256', { extractable: true });
const next = await jose.generateKeyPair('ES256', { extractable: true });
const jwk = async (key, kid, alg) => ({ ...(await jose.exportJWK(key.publicKey)), kid, alg, use: 'sig' });
const keys = [await jwk(ec, 'ec-1', 'ES256'), await jwk(rsa, 'rsa-1', 'RS256')];
console.log(JSON.stringify({ jwks: { keys } }));
console.log(JSON.stringify({ rotated: { keys: [...keys, await jwk(next, 'ec-2', 'ES256')] } }));

const now = Math.floor(Date.now() / 1000);
const claims = { iss: 'https://x.supabase.co/auth/v1', aud: 'authenticated', exp: now + 3600, iat: now, role: 'authenticated',
  sub: '0b6d1f5e-8f3a-4b4e-9d7e-2f6a3c1d5e70', email: 'a@example.org', session_id: crypto.randomUUID() };
const sign = (c, header, key) => new jose.SignJWT(c).setProtectedHeader(header).sign(key);
const HS = { alg: 'HS256', typ: 'JWT' }, ES = { alg: 'ES256', typ: 'JWT', kid: 'ec-1' }, RS = { alg: 'RS256', typ: 'JWT', kid: 'rsa-1' };
const b64 = (x) => Buffer.from(typeof x === 'string' ? x : JSON.stringify(x)).toString('base64url');
const hmac = (header, c, key) => { const t = b64(header) + '.' + b64(c); return t + '.' + crypto.createHmac('sha256', key).update(t).digest('base64url'); };
const say = (good, name, token) => console.log(JSON.stringify({ good, name, token }));
const es = await sign(claims, ES, ec.privateKey), rs = await sign(claims, RS, rsa.privateKey), hs = await sign(claims, HS, secret);
const [h, p, s] = es.split('.');
const pem = await jose.exportSPKI(rsa.publicKey);

say(true, 'HS256', hs);
say(true, 'ES256', es);
say(true, 'RS256', rs);
say(true, 'audience in a list', await sign({ ...claims, aud: ['other', 'authenticated'] }, ES, ec.privateKey));
say(true, 'expired within the leeway', await sign({ ...claims, exp: now - 3 }, HS, secret));
say(false, 'alg none', b64({ alg: 'none', typ: 'JWT' }) + '.' + p + '.');
say(false, 'alg None with a signature', b64({ alg: 'None', kid: 'ec-1' }) + '.' + p + '.' + s);
say(false, 'HS256 with the RSA public key as the secret', hmac({ alg: 'HS256', typ: 'JWT', kid: 'rsa-1' }, claims, pem));
say(false, 'HS256 with the JWK text as the secret', hmac({ alg: 'HS256', typ: 'JWT', kid: 'ec-1' }, claims, JSON.stringify(keys[0])));
say(false, 'HS256 with an empty secret', hmac(HS, claims, ''));
say(false, 'RS256 token that says ES256 key', await sign(claims, { ...RS, kid: 'ec-1' }, rsa.privateKey));
say(false, 'ES256 token that says RSA key', await sign(claims, { ...ES, kid: 'rsa-1' }, ec.privateKey));
say(false, 'unknown kid', await sign(claims, { ...ES, kid: 'nobody' }, ec.privateKey));
say(false, 'no kid', await sign(claims, { alg: 'ES256' }, ec.privateKey));
say(false, 'a stranger signs with our kid', await sign(claims, ES, stranger.privateKey));
say(false, 'key inside the token', await sign(claims, { ...ES, kid: 'mine', jwk: await jose.exportJWK(stranger.publicKey) }, stranger.privateKey));
say(false, 'key address inside the token', await sign(claims, { ...ES, kid: 'mine', jku: 'http://127.0.0.1/evil' }, stranger.privateKey));
say(false, 'expired', await sign({ ...claims, exp: now - 60 }, ES, ec.privateKey));
say(false, 'no expiry', await sign({ ...claims, exp: undefined }, ES, ec.privateKey));
say(false, 'expiry as text', hmac(HS, { ...claims, exp: String(now + 3600) }, secret));
say(false, 'not yet valid', await sign({ ...claims, nbf: now + 600 }, ES, ec.privateKey));
say(false, 'issued in the future', await sign({ ...claims, iat: now + 600 }, ES, ec.privateKey));
say(false, 'wrong issuer', await sign({ ...claims, iss: 'https://evil.example/auth/v1' }, ES, ec.privateKey));
say(false, 'wrong audience', await sign({ ...claims, aud: 'anon' }, ES, ec.privateKey));
say(false, 'no audience', await sign({ ...claims, aud: undefined }, ES, ec.privateKey));
say(false, 'service role', await sign({ ...claims, role: 'service_role' }, HS, secret));
say(false, 'no subject', await sign({ ...claims, sub: undefined }, ES, ec.privateKey));
say(false, 'subject that is no id', await sign({ ...claims, sub: "x' or 1=1" }, ES, ec.privateKey));
say(false, 'claims changed', h + '.' + b64({ ...claims, sub: crypto.randomUUID() }) + '.' + s);
say(false, 'signature cut', es.slice(0, -4));
say(false, 'signature absent', h + '.' + p + '.');
say(false, 'signature of zeros', h + '.' + p + '.' + Buffer.alloc(64).toString('base64url'));
say(false, 'signature in DER', h + '.' + p + '.' + crypto.sign('sha256', Buffer.from(h + '.' + p), crypto.KeyObject.from(ec.privateKey)).toString('base64url'));
say(false, 'padded base64', h + '.' + p + '.' + s + '==');
say(false, 'four parts', es + '.x');
say(false, 'crit', hmac({ ...HS, crit: ['b64'], b64: false }, claims, secret));
say(false, 'duplicate claim', (() => { const t = b64(HS) + '.' + b64(JSON.stringify(claims).replace('{', '{"sub":"' + crypto.randomUUID() + '",')); return t + '.' + crypto.createHmac('sha256', secret).update(t).digest('base64url'); })());
say(false, 'HS512', await sign(claims, { alg: 'HS512' }, secret));
say(false, 'ES256 after rotation', await sign(claims, { ...ES, kid: 'ec-2' }, next.privateKey)); // good once {rotated} is known

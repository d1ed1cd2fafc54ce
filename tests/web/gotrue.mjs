// Supabase Auth as far as a shopper meets it: GoTrue's REST wire on a port of this machine, mails kept in a list, tokens
// signed by npm jose. Another implementation than ours on both ends of the token.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import crypto from 'node:crypto';
import { join } from 'node:path';
import { root } from './merchant.mjs';

const require = createRequire(join(root, 'tests/npm/'));
globalThis.crypto ??= crypto.webcrypto; // Node 18, Debian 12's, has it only as a module
const jose = await import(pathToFileURL(require.resolve('jose')));

export const ANON = 'sb_publishable_for_the_tests';

export async function gotrue({ seconds = 3600 } = {}) {
  const keys = await jose.generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const users = new Map(), mails = [], sessions = new Map(), calls = [];
  const self = { url: '', users, mails, calls, seconds, close: () => server.close() };
  const user = (email, password) => {
    if (!users.has(email)) users.set(email, { id: crypto.randomUUID(), email, password });
    return users.get(email);
  };
  const open = async (u) => {
    const now = Math.floor(Date.now() / 1000), refresh_token = crypto.randomBytes(9).toString('base64url');
    const session_id = crypto.randomUUID();
    const access_token = await new jose.SignJWT({ role: 'authenticated', aal: 'aal1', session_id, email: u.email, phone: '', is_anonymous: false })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'k1' }).setIssuer(`${self.url}/auth/v1`).setAudience('authenticated').setSubject(u.id).setIssuedAt(now).setExpirationTime(now + self.seconds).sign(keys.privateKey);
    sessions.set(refresh_token, u);
    return { access_token, token_type: 'bearer', expires_in: self.seconds, expires_at: now + self.seconds, refresh_token, user: { id: u.id, aud: 'authenticated', email: u.email } };
  };
  const fail = (status, error_code, msg) => ({ status, body: { code: status, error_code, msg } });
  const routes = {
    'POST /otp': ({ email, create_user }) => {
      if (!users.has(email) && !create_user) return fail(422, 'otp_disabled', 'Signups not allowed for otp');
      user(email);
      const token = String(100000 + crypto.randomInt(900000));
      mails.push({ email, token });
      return { status: 200, body: {} };
    },
    'POST /verify': async ({ type, email, token }) => {
      const i = mails.findIndex((m) => m.email === email && m.token === token);
      if (type !== 'email' || i < 0) return fail(403, 'otp_expired', 'Token has expired or is invalid');
      mails.splice(i, 1);
      return { status: 200, body: await open(user(email)) };
    },
    'POST /signup': async ({ email, password }) => {
      if (users.has(email)) return fail(422, 'user_already_exists', 'User already registered');
      if ((password ?? '').length < 8) return fail(422, 'weak_password', 'Password should be at least 8 characters.');
      return { status: 200, body: await open(user(email, password)) };
    },
    'POST /token?grant_type=password': async ({ email, password }) => {
      const u = users.get(email);
      return u?.password && u.password === password ? { status: 200, body: await open(u) } : fail(400, 'invalid_credentials', 'Invalid login credentials');
    },
    'POST /token?grant_type=refresh_token': async ({ refresh_token }) => {
      const u = sessions.get(refresh_token);
      if (!u) return fail(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
      sessions.delete(refresh_token); // good once
      return { status: 200, body: await open(u) };
    },
    'POST /logout?scope=local': (_, q) => ({ status: /^Bearer ey/.test(q.headers.authorization) ? 204 : 401, body: {} }),
    'GET /.well-known/jwks.json': () => ({ status: 200, body: { keys: [jwk] } }),
  };
  const server = createServer(async (q, r) => {
    let text = '';
    for await (const part of q) text += part;
    const name = `${q.method} ${q.url.replace('/auth/v1', '')}`;
    calls.push(name);
    const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'apikey, authorization, content-type', 'Access-Control-Allow-Methods': 'POST, GET' };
    const { status, body } = q.method === 'OPTIONS' ? { status: 204 }
      : !name.startsWith('GET') && q.headers.apikey !== ANON ? fail(401, 'no_api_key', 'No API key found in request')
      : routes[name] ? await routes[name](text ? JSON.parse(text) : {}, q)
      : fail(404, 'not_found', 'no such path');
    r.writeHead(status, { ...cors, 'Content-Type': 'application/json' });
    r.end(status === 204 ? undefined : JSON.stringify(body));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  self.url = `http://127.0.0.1:${server.address().port}`;
  self.expireAll = () => sessions.clear();
  return self;
}

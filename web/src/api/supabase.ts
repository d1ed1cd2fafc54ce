// Signing in through Supabase Auth: the few calls of its REST wire that a shopper needs. Its tokens are the API's too.
export interface Session {
  email: string;
  access_token: string;
  refresh_token: string;
  expires_at: number; // seconds since 1970
}

const BASE = __SUPABASE_URL__.replace(/\/$/, '');
// Signing in is offered where the build was told of a project (tools/variables.ts).
export const canSignIn = BASE !== '' && __SUPABASE_ANON_KEY__ !== '';

// code: Supabase's own word for what went wrong ("otp_expired"), or "offline".
export class SignInError extends Error {
  constructor(readonly code: string, readonly status: number) {
    super(code);
    this.name = 'SignInError';
  }
}

interface Answer {
  access_token?: string;
  refresh_token?: string;
  expires_in?: number;
  expires_at?: number;
  user?: { email?: string };
  error_code?: string;
  error?: string;
}

async function send(path: string, json: unknown, token = __SUPABASE_ANON_KEY__): Promise<Answer> {
  let status = 0;
  try {
    const response = await fetch(`${BASE}/auth/v1/${path}`, {
      method: 'POST',
      headers: { apikey: __SUPABASE_ANON_KEY__, Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(json),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      signal: AbortSignal.timeout(20000),
    });
    status = response.status;
    const text = await response.text();
    const answer = (text ? JSON.parse(text) : {}) as Answer;
    if (response.ok) return answer;
    throw new SignInError(answer.error_code ?? answer.error ?? 'unknown', status);
  } catch (e) {
    throw e instanceof SignInError ? e : new SignInError(status ? 'unknown' : 'offline', status);
  }
}

function session(a: Answer, email: string): Session | null {
  if (!a.access_token || !a.refresh_token) return null;
  const expires_at = a.expires_at ?? Math.floor(Date.now() / 1000) + (a.expires_in ?? 3600);
  return { email: a.user?.email ?? email, access_token: a.access_token, refresh_token: a.refresh_token, expires_at };
}

function surely(s: Session | null): Session {
  if (!s) throw new SignInError('unknown', 200);
  return s;
}

// A code by mail; the account is made at its first use.
export const sendCode = async (email: string): Promise<void> => void (await send('otp', { email, create_user: true }));
export const useCode = async (email: string, token: string): Promise<Session> => surely(session(await send('verify', { type: 'email', email, token }), email));
export const withPassword = async (email: string, password: string): Promise<Session> => surely(session(await send('token?grant_type=password', { email, password }), email));
// null: the project wants the address confirmed by mail first.
export const signUp = async (email: string, password: string): Promise<Session | null> => session(await send('signup', { email, password }), email);
export const refresh = async (old: Session): Promise<Session> => surely(session(await send('token?grant_type=refresh_token', { refresh_token: old.refresh_token }), old.email));
// Of this device alone.
export const signOut = async (s: Session): Promise<void> => void (await send('logout?scope=local', {}, s.access_token));

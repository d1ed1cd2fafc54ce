// Who she is to the server: a guest by a token of ours, or somebody who signed in through Supabase.
import { ApiError, request } from '../api/http';
import { canSignIn, refresh, signOut, SignInError, type Session } from '../api/supabase';
import type { Guest } from '../api/types';
import { keep, kept } from './keep';

let guest = kept<Guest>('localStorage', 'guest');
if (guest && Date.parse(guest.expires_at) < Date.now()) guest = undefined;
let account = canSignIn ? kept<Session>('localStorage', 'account') : undefined;
let context: string | undefined; // for which brand she acts

export const transport = { token: () => account?.access_token ?? guest?.token, context: () => context };
// For what is hers in every shop. The context lasts half a day, and the server refuses one that has run out before it
// looks at her token.
export const herself = { token: transport.token };
export const guestToken = (): string | undefined => guest?.token;
export const email = (): string | undefined => account?.email;
export const known = (): boolean => !!(account ?? guest);
export const hasContext = (): boolean => !!context;
export const setContext = (c: string | null): void => void (context = c ?? undefined);

export function setGuest(g: Guest | undefined): void {
  guest = g;
  keep('localStorage', 'guest', g);
}

export function setAccount(s: Session | undefined): void {
  account = s;
  keep('localStorage', 'account', s);
}

export function forget(): void {
  setGuest(undefined);
  setAccount(undefined);
}

// Leaves the account on this device; the sign-in service hears of it when it can be reached.
export function leave(): void {
  const s = account;
  forget();
  if (s) void signOut(s).catch(() => undefined);
}

let renewing: Promise<void> | null = null;

async function renew(): Promise<void> {
  // Another tab may have done it: a refresh token is good once.
  const stored = kept<Session>('localStorage', 'account');
  if (stored && account && stored.access_token !== account.access_token && stored.expires_at > account.expires_at) {
    account = stored;
    return;
  }
  try {
    if (account) setAccount(await refresh(account));
  } catch (e) {
    if (!(e instanceof SignInError) || e.status === 0 || e.status === 429 || e.status >= 500) throw new ApiError('offline', 0, '');
    setAccount(undefined); // she has to sign in again
    throw new ApiError('unauthorized', 401, '');
  }
}

// Before a request: an account's token that is about to run out is renewed. force: the server did not take it.
export async function fresh(force = false): Promise<void> {
  if (!account || (!force && account.expires_at * 1000 > Date.now() + 60000)) return;
  await (renewing ??= renew().finally(() => (renewing = null)));
}

// What another guest of this device had becomes hers. What cannot be joined any more is not worth an error.
export async function join(token: string): Promise<void> {
  await request(herself, '/v1/me/join', { method: 'POST', json: { guest_token: token } }).catch((e: unknown) => {
    if (!(e instanceof ApiError) || e.status !== 404) throw e;
  });
}

// The guest that she was becomes the account that she is.
export async function settle(): Promise<void> {
  if (!account || !guest) return;
  await fresh();
  await join(guest.token);
  setGuest(undefined);
}

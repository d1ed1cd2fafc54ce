// All of the room's state and everything that changes it. Components read it and call the actions; nothing else talks to
// the server.
import { ApiError, apiUrl, bytes, request, type Call } from '../api/http';
import { watch } from '../api/sse';
import type { Session } from '../api/supabase';
import type { Avatar, AvatarChange, AvatarEvent, Embed, Guest, Sex, Tryon } from '../api/types';
import { useSyncExternalStore } from '../i18n/store';
import type { Key } from './i18n';
import * as me from './identity';
import { takeCode, type Handed } from './code';
import { keep, kept } from './keep';
import { Shop } from './shop';
import { usualUnits, type Units } from './units';

export type Step = 'loading' | 'trouble' | 'welcome' | 'method' | 'front' | 'side' | 'answers' | 'work' | 'room';
export type Method = 'none' | 'one' | 'two';
export type Liking = 'snug' | 'regular' | 'loose';
export interface Given { height?: number; weight?: number; sex?: Sex; age?: number }
export interface Work { stage: Key; part: number | null } // part null: not known
export interface State {
  step: Step;
  trouble: 'shop' | 'garment' | 'server' | null;
  embed: Embed | null;
  method: Method;
  photos: { front?: Blob; side?: Blob };
  given: Given;
  units: Units;
  work: Work;
  failure: { photo: boolean; text: string } | null;
  notice: Key | null;
  offline: boolean;
  avatar: Avatar | null;
  updating: boolean; // the figure on the stage is being fitted anew
  tryon: Tryon | null;
  size: string | null;
  beside: string | null; // the size compared with
  liking: Liking; // how close she likes to wear things
  cart: 'idle' | 'busy' | 'added' | 'failed';
  deleting: 'no' | 'soon' | 'now' | 'stuck';
}

const CONSENT = '2026-11';
const UNDO_MS = 5000;
const address = new URLSearchParams(location.search);

interface Saved { method: Method; given: Given; consent: boolean; key?: string; photos: boolean }

let state: State = {
  step: 'loading',
  trouble: null,
  embed: null,
  method: 'none',
  photos: {},
  given: {},
  units: kept<Units>('localStorage', 'units') ?? usualUnits(navigator.languages),
  work: { stage: 'work_queue', part: null },
  failure: null,
  notice: null,
  offline: false,
  avatar: null,
  updating: false,
  tryon: null,
  size: null,
  beside: null,
  liking: kept<Liking>('localStorage', 'liking') ?? 'regular',
  cart: 'idle',
  deleting: 'no',
};
const listeners = new Set<() => void>();

export const get = (): State => state;
export function set(change: Partial<State>): void {
  state = { ...state, ...change };
  listeners.forEach((f) => f());
}
export const useRoom = (): State => useSyncExternalStore((f) => (listeners.add(f), () => listeners.delete(f)), get);

// --- talking to the server

// What asks for her data: let go of when they are deleted.
let hers = new AbortController();

export async function call<T>(path: string, c: Call = {}): Promise<T> {
  for (let renewed = false; ; renewed = true) {
    try {
      await me.fresh();
      const answer = await request<T>(me.transport, path, { signal: hers.signal, ...c });
      if (state.offline) set({ offline: false });
      return answer;
    } catch (e) {
      if (!(e instanceof ApiError)) throw e;
      if (e.offline) set({ offline: true });
      if (e.status !== 401 || renewed) throw e;
      // The page was open so long that its context ran out, or an account's token did: a new one, once.
      if (/open for too long/.test(e.message)) await loadEmbed();
      else if (me.email()) await me.fresh(true);
      else throw e;
    }
  }
}

export async function ensureGuest(): Promise<void> {
  if (!me.known()) me.setGuest(await call<Guest>('/v1/guests', { method: 'POST', retries: 2 }));
}

export const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));

// Waits until there is a connection again, or a while has passed.
export async function untilOnline(attempt: number): Promise<void> {
  const most = Math.min(15000, 1000 * 2 ** attempt);
  await Promise.race([sleep(most), new Promise((r) => addEventListener('online', r, { once: true }))]);
}

// Keeps at it while the server cannot be reached; other errors are the caller's.
export async function persistent<T>(job: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await job();
    } catch (e) {
      if (!(e instanceof ApiError) || (!e.offline && e.status !== 429 && e.status < 500)) throw e;
      set({ offline: true });
      await untilOnline(attempt);
    }
  }
}

// --- the shop around us

let product = address.get('product_id');
let variant = address.get('variant_id');
export const shop = new Shop((message) => {
  if (message.type === 'cart') set({ cart: message.ok ? 'added' : 'failed' });
  if (message.type === 'open') {
    variant = message.variant_id ?? variant;
    if (message.product_id && message.product_id !== product) {
      product = message.product_id;
      void start();
    }
  }
});
let shopOpen = false;

function event(type: string, metadata?: Record<string, unknown>): void {
  if (!me.hasContext()) return;
  const body = { event_type: type, garment_id: state.embed?.garment?.id, session_id: state.tryon?.id, ...(metadata && { metadata }) };
  void request(me.transport, '/v1/events', { method: 'POST', json: body, signal: hers.signal }).catch(() => undefined); // counting must never disturb
}

async function loadEmbed(): Promise<void> {
  const query = new URLSearchParams();
  for (const name of ['shop', 'brand', 'garment']) {
    const value = address.get(name);
    if (value) query.set(name, value);
  }
  if (product) query.set('product_id', product);
  const embed = await request<Embed>({ token: () => undefined }, `/v1/embed?${query}`);
  me.setContext(embed.context);
  set({ embed });
}

// --- steps, and the browser's back button

const ORDER: Step[] = ['welcome', 'method', 'front', 'side', 'answers', 'work', 'room'];

export function go(step: Step, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push' && state.step !== step) history.pushState({ step }, '');
  else history.replaceState({ step }, '');
  set({ step });
}

addEventListener('popstate', (e: PopStateEvent) => {
  const to = (e.state as { step?: Step } | null)?.step;
  if (!to || !ORDER.includes(to)) return;
  // What is done cannot be gone back into: the figure stays.
  if (to === 'work' || (to === 'side' && !state.photos.front)) history.back();
  else if (to === 'room' && !state.avatar) set({ step: 'welcome' });
  else set({ step: to });
});

function save(change: Partial<Saved>): void {
  const old = kept<Saved>('sessionStorage', 'visit') ?? { method: 'none', given: {}, consent: false, photos: false };
  keep('sessionStorage', 'visit', { ...old, ...change });
}

export async function start(): Promise<void> {
  set({ step: 'loading', trouble: null, failure: null });
  try {
    await persistent(loadEmbed);
  } catch {
    set({ step: 'trouble', trouble: 'shop', offline: false });
    return;
  }
  set({ offline: false });
  if (!shopOpen) {
    shopOpen = true;
    shop.open(state.embed!.origins);
    // The shop's page does not hear keys pressed in here.
    addEventListener('keydown', (e) => {
      if (e.key === 'Escape' && !e.defaultPrevented && !document.querySelector('dialog[open]')) shop.say({ type: 'close' });
    });
  }
  if (!state.embed!.garment) {
    set({ step: 'trouble', trouble: 'garment' });
    return;
  }
  event('widget_opened');
  const handed = takeCode();
  if (handed && (await arrive(handed))) return;
  const visit = kept<Saved>('sessionStorage', 'visit');
  if (visit) set({ method: visit.method, given: visit.given });
  if (me.known() && (await toNewest())) return;
  if (visit?.consent) {
    if (visit.method !== 'none' && visit.photos) set({ notice: 'photos_gone' });
    go('method', 'replace');
  } else {
    go('welcome', 'replace');
  }
}

export const newestOf = (all: Avatar[]): Avatar | undefined => all.find((a) => a.status !== 'failed' && (a.status === 'ready' || a.job_id));

// To the figure that is there already, or is being made.
async function toNewest(): Promise<boolean> {
  try {
    await persistent(me.settle); // a sign-in that was cut off in the middle
    const newest = newestOf((await persistent(() => call<{ items: Avatar[] }>('/v1/avatars'))).items);
    if (!newest) return false;
    await show(newest);
    return true;
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) {
      me.forget();
      set({ notice: 'expired_text' });
    }
    return false;
  }
}

export async function show(avatar: Avatar): Promise<void> {
  go(avatar.status === 'ready' ? 'room' : 'work', 'replace');
  await (avatar.status === 'ready' ? enterRoom(avatar) : follow(avatar));
}

// She signed in: what the guest had is hers now, and what she had before is here.
export async function signedIn(session: Session): Promise<void> {
  me.setAccount(session);
  try {
    await persistent(me.settle);
  } catch (e) {
    me.setAccount(undefined); // the server does not know this sign-in service: she stays the guest she was
    throw e;
  }
  set({ notice: null, offline: false });
  if (!state.avatar && state.step !== 'work') await toNewest();
}

export function signedOut(): void {
  me.leave();
  empty('signed_out');
}

// A visit that was begun on another device goes on here: she has agreed there. With a way of measuring that was chosen
// there it goes on with the photo. False: the code is of no use any more.
async function arrive(handed: Handed): Promise<boolean> {
  const before = me.guestToken();
  try {
    const guest = await persistent(() => request<Guest>({ token: () => undefined }, '/v1/handoffs/take', { method: 'POST', json: { code: handed.code } }));
    me.forget();
    me.setGuest(guest);
    if (before) await persistent(() => me.join(before));
  } catch {
    set({ notice: 'handoff_gone', offline: false });
    return false;
  }
  set({ offline: false });
  save({ consent: true, method: handed.method, photos: false });
  if (handed.method === 'none') {
    if (!(await toNewest())) go('method', 'replace');
    return true;
  }
  set({ method: handed.method });
  go('front', 'replace');
  return true;
}

export function agree(): void {
  save({ consent: true });
  set({ notice: null });
  go('method');
}

export function chooseMethod(method: Method): void {
  save({ method, photos: method !== 'none' });
  set({ method, photos: {}, notice: null });
  go(method === 'none' ? 'answers' : 'front');
}

export function givePhoto(which: 'front' | 'side', photo: Blob | null): void {
  const photos = { ...state.photos };
  if (photo) photos[which] = photo;
  else delete photos[which];
  set({ photos });
  go(which === 'front' && state.method === 'two' && photo ? 'side' : 'answers');
}

export function setUnits(units: Units): void {
  keep('localStorage', 'units', units);
  set({ units });
}

// --- making the avatar

let sending = false;

export async function submit(given: Given): Promise<void> {
  if (sending) return; // a double tap
  sending = true;
  const { front, side } = state.photos;
  save({ given });
  set({ given, failure: null, work: { stage: front ? 'work_upload' : 'work_queue', part: front ? 0 : null } });
  go('work');
  try {
    const answers: Record<string, string | number> = { height_cm: given.height!, consent_version: CONSENT };
    if (given.weight) answers['weight_kg'] = given.weight;
    if (given.sex) answers['sex'] = given.sex;
    if (given.age) answers['age'] = given.age;
    // The same key for every attempt: however often it is sent, one avatar comes of it.
    const key = crypto.randomUUID();
    const c: Call = { method: 'POST', headers: { 'Idempotency-Key': key }, retries: 1 };
    if (front) {
      const form = new FormData();
      for (const [name, value] of Object.entries(answers)) form.append(name, String(value));
      form.append('photo', front, 'front');
      if (side) form.append('side', side, 'side');
      Object.assign(c, { form, timeoutMs: 180000, onUpload: (part: number) => set({ work: { stage: 'work_upload', part: part * 0.3 } }) });
    } else {
      c.json = answers;
    }
    const avatar = await persistent(async () => {
      await ensureGuest();
      try {
        return await call<Avatar>('/v1/avatars', c);
      } catch (e) {
        if (!(e instanceof ApiError) || e.status !== 401) throw e;
        me.forget(); // the token ran out: a new guest
        await ensureGuest();
        return call<Avatar>('/v1/avatars', c);
      }
    });
    set({ offline: false, photos: {} });
    save({ photos: false });
    await follow(avatar);
  } catch (e) {
    fail(e);
  } finally {
    sending = false;
  }
}

function fail(e: unknown): void {
  const error = e instanceof ApiError ? e : null;
  set({ failure: { photo: error?.kind === 'media-type' || error?.field === 'photo', text: error?.message ?? '' }, updating: false });
}

// To the end of an avatar's making, by the server's own events; by asking when streams do not get through.
export async function finish(id: string, on: (status: Avatar['status'], part: number) => void): Promise<Avatar> {
  for (let attempt = 0; ; attempt++) {
    try {
      await me.fresh();
      await watch(me.transport, `/v1/avatars/${id}/events`, (_, data) => {
        const d = data as AvatarEvent;
        if (d.status) on(d.status, d.progress);
        attempt = 0;
        return d.status === 'ready' || d.status === 'failed';
      }, hers.signal);
    } catch {
      // asked for below
    }
    const now = await persistent(() => call<Avatar>(`/v1/avatars/${id}`));
    if (now.status === 'ready' || now.status === 'failed') return now;
    on(now.status, now.progress);
    await sleep(Math.min(3000, 300 * (attempt + 1)));
  }
}

async function follow(avatar: Avatar): Promise<void> {
  const photo = !!state.photos.front || state.work.stage === 'work_upload';
  const from = photo ? 0.3 : 0;
  const done = await finish(avatar.id, (status, part) =>
    set({ work: status === 'pending' ? { stage: 'work_queue', part: from } : { stage: part < 0.2 ? 'work_read' : 'work_body', part: from + (0.9 - from) * part } }));
  if (done.status === 'failed') {
    set({ failure: { photo: photo || !!done.mode, text: done.failure ?? '' } });
    return;
  }
  set({ work: { stage: 'work_dress', part: 0.95 } });
  await enterRoom(done);
}

// --- the room

let dressing = 0; // the newest try-on; older ones stop following

async function enterRoom(avatar: Avatar): Promise<void> {
  const mine = ++dressing;
  set({ avatar, tryon: null, beside: null, cart: 'idle' });
  const make = (retry: boolean): Promise<Tryon> => persistent(() => call<Tryon>('/v1/tryons', { method: 'POST', json: { avatar_id: avatar.id, garment_id: state.embed!.garment!.id, preference: state.liking }, retries: retry ? 1 : 0 }));
  let tryon: Tryon;
  try {
    tryon = await make(true);
  } catch (e) {
    if (mine !== dressing) return;
    if (state.step === 'work') return fail(e);
    set({ updating: false, notice: 'failed_general' });
    return;
  }
  if (mine !== dressing) return;
  const best = tryon.fit?.recommended ?? tryon.selected_size ?? closest(tryon);
  set({ tryon, size: best, updating: false, offline: false, notice: null });
  if (state.step !== 'room') go('room', state.step === 'work' ? 'replace' : 'push');
  shop.say({ type: 'recommended', size: tryon.fit?.recommended ?? null, probability: probability(tryon, tryon.fit?.recommended), session_id: tryon.id, garment_id: state.embed!.garment!.id });
  event('fit_viewed', { recommended: tryon.fit?.recommended ?? null });
  for (let attempt = 0; mine === dressing && pending(state.tryon); attempt++) {
    await sleep(attempt < 20 ? 500 : 1500);
    if (mine !== dressing) return;
    try {
      const now = await call<Tryon>(`/v1/tryons/${tryon.id}`);
      if (mine === dressing) set({ tryon: now });
    } catch (e) {
      if (e instanceof ApiError && !e.offline && e.status !== 429) return;
      await untilOnline(attempt);
    }
  }
}

const pending = (t: Tryon | null): boolean => !!t && Object.values(t.drapes ?? {}).some((d) => d.status === 'pending' || d.status === 'processing');
const probability = (t: Tryon, size: string | null | undefined): number | null => (size && t.fit?.sizes[size]?.probability) || null;

// The size that comes nearest when none is recommended.
export function closest(t: Tryon): string | null {
  const all = Object.entries(t.fit?.sizes ?? {});
  return all.sort((a, b) => b[1].score - a[1].score)[0]?.[0] ?? Object.keys(t.drapes ?? {})[0] ?? null;
}

export function sizesOf(s: State): string[] {
  const known = s.tryon?.fit?.order ?? (s.tryon?.fit ? Object.keys(s.tryon.fit.sizes) : s.embed?.garment?.sizes);
  return known ?? [];
}

export function chooseSize(size: string): void {
  if (size === state.size) return;
  set({ size, cart: 'idle', beside: state.beside === size ? null : state.beside });
  const t = state.tryon;
  if (!t) return;
  shop.say({ type: 'size-selected', size, session_id: t.id, garment_id: state.embed!.garment!.id });
  // The server counts it; the picture does not wait for that.
  void call(`/v1/tryons/${t.id}`, { method: 'PATCH', json: { size } }).catch(() => undefined);
}

// Closer or easier: the drapes stay, the verdict is another.
export function like(liking: Liking): void {
  if (liking === state.liking) return;
  keep('localStorage', 'liking', liking);
  set({ liking });
  const t = state.tryon;
  if (!t?.fit) return;
  void persistent(() => call<Tryon>(`/v1/tryons/${t.id}`, { method: 'PATCH', json: { preference: liking } })).then((now) => {
    if (state.tryon?.id !== t.id || state.liking !== liking) return; // another one came meanwhile
    const before = state.tryon.fit?.recommended;
    set({ tryon: { ...state.tryon, fit: now.fit }, offline: false });
    const best = now.fit?.recommended;
    shop.say({ type: 'recommended', size: best ?? null, probability: probability(now, best), session_id: t.id, garment_id: state.embed!.garment!.id });
    if (best && state.size === before) chooseSize(best);
  }, () => set({ notice: 'failed_general' }));
}

export function compareWith(size: string | null): void {
  set({ beside: size });
}

export async function correct(key: string, cm: number): Promise<void> {
  const a = state.avatar;
  if (!a) return;
  set({ updating: true, notice: null });
  try {
    const json: AvatarChange = key === 'height' ? { height_cm: cm } : { tape: { [key]: cm } };
    const changed = await persistent(() => call<Avatar>(`/v1/avatars/${a.id}`, { method: 'PATCH', json }));
    const done = await finish(changed.id, () => undefined);
    if (done.status === 'failed') {
      await takeBack(a, key);
      throw new ApiError('failed', 422, done.failure ?? '');
    }
    await enterRoom(done);
  } catch (e) {
    set({ updating: false });
    throw e;
  }
}

// A refused correction has spoilt the avatar, and the next visit would begin anew: the value from before makes it good.
async function takeBack(before: Avatar, key: string): Promise<void> {
  const { height_cm, tape } = before.answers;
  const json: AvatarChange = key === 'height' ? { height_cm: height_cm! } : { tape: { [key]: tape?.[key] ?? null } };
  const changed = await persistent(() => call<Avatar>(`/v1/avatars/${before.id}`, { method: 'PATCH', json }));
  const done = await finish(changed.id, () => undefined);
  if (done.status === 'ready') void enterRoom(done); // what was draped on her went with the correction
}

let cartTimer = 0;
export function addToCart(): void {
  const { tryon, size, embed, cart } = state;
  if (!tryon || !size || cart === 'busy') return;
  event('added_to_cart', { size });
  shop.say({ type: 'add-to-cart', size, session_id: tryon.id, garment_id: embed!.garment!.id, product_id: product ?? embed!.garment!.product_id, variant_id: variant });
  if (!shop.framed) return set({ cart: 'added' });
  set({ cart: 'busy' });
  clearTimeout(cartTimer);
  // A shop that does not answer has done what it does: the room does not hang on it.
  cartTimer = window.setTimeout(() => state.cart === 'busy' && set({ cart: 'added' }), 4000);
}

export function again(): void {
  set({ failure: null, photos: {} });
  go('method');
}

// --- her data

let undo = 0;

// One tap; a few seconds in which it can be taken back.
export function deleteSoon(): void {
  if (state.deleting !== 'no') return;
  set({ deleting: 'soon' });
  undo = window.setTimeout(() => void deleteNow(), UNDO_MS);
}

export function deleteUndo(): void {
  clearTimeout(undo);
  set({ deleting: 'no' });
}

async function deleteNow(): Promise<void> {
  clearTimeout(undo);
  set({ deleting: 'now' });
  dressing++;
  hers.abort();
  try {
    await me.fresh();
    await request(me.herself, '/v1/me', { method: 'DELETE', retries: 2 }).catch((e: unknown) => {
      // A guest whom the server does not know is gone already.
      if (e instanceof ApiError && (e.status === 404 || (e.status === 401 && me.guestToken() && !me.email()))) return;
      throw e;
    });
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) {
      me.forget();
      return empty('expired_text'); // her sign-in is over; what is hers waits until she signs in again
    }
    set({ deleting: 'stuck' });
    setTimeout(() => state.deleting === 'stuck' && void deleteNow(), 5000);
    return;
  }
  me.leave();
  empty('data_deleted');
}

function empty(notice: Key): void {
  dressing++;
  hers.abort();
  hers = new AbortController();
  keep('sessionStorage', 'visit', undefined);
  set({ deleting: 'no', avatar: null, tryon: null, size: null, beside: null, given: {}, photos: {}, method: 'none', failure: null, notice });
  go('welcome', 'replace');
}

// Leaving within the seconds of grace does not save the data: she asked for it to go.
addEventListener('pagehide', () => {
  const token = me.transport.token();
  if (state.deleting !== 'soon' || !token) return;
  void fetch(apiUrl('/v1/me'), { method: 'DELETE', keepalive: true, headers: { Authorization: `Bearer ${token}` } });
  me.forget();
});

export async function download(): Promise<void> {
  const all = await call<unknown>('/v1/me/export');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: 'application/json' }));
  link.download = 'my-data.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export const fetchBytes = (url: string): Promise<ArrayBuffer> => bytes(url, hers.signal);
addEventListener('online', () => state.offline && set({ offline: false }));

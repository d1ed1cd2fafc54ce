// Who is signed in, and the calls the console makes. The key lives in this tab's sessionStorage and in a header.
import { ApiError, request, type Call, type Transport } from '../api/http';
import { t } from './i18n';

const SLOT = 'tryon.console.key';
const listeners = new Set<() => void>();
let told = ''; // why one was signed out

export const session = {
  key: (): string | null => sessionStorage.getItem(SLOT),
  why: () => told,
  signIn(key: string) {
    told = '';
    sessionStorage.setItem(SLOT, key);
    listeners.forEach((f) => f());
  },
  signOut(why = '') {
    told = why;
    sessionStorage.removeItem(SLOT);
    listeners.forEach((f) => f());
  },
  subscribe: (f: () => void) => (listeners.add(f), () => listeners.delete(f)),
};

const transport: Transport = { token: () => session.key() ?? undefined };

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  try {
    return await request<T>(transport, path, options);
  } catch (e) {
    if (e instanceof ApiError && e.status === 401) session.signOut(t('signed_out'));
    throw e;
  }
}

// Is this key good? Asked before it is kept.
export const tryKey = (key: string) => request<Brand>({ token: () => key }, '/v1/brand');

// A sentence for the person; the server's own where it has one.
export function sentence(e: unknown): string {
  if (e instanceof ApiError) return e.offline ? t('offline') : e.message || t('failed');
  return t('failed');
}

export interface Brand {
  id: string;
  name: string;
  shopify_shop_domain: string | null;
  avatar_quota_per_day: number | null;
  avatar_days: number | null;
  event_days: number | null;
}
export interface ApiKey {
  id: string;
  kind: 'secret' | 'publishable';
  prefix: string;
  scopes: string[];
  origins: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  key?: string;
}
export interface Garment {
  id: string;
  name: string;
  category: string | null;
  fabric: string | null;
  shopify_product_id: string | null;
  sizes: Record<string, string>;
  size_chart: SizeChart | null;
  updated_at: string;
}
export type Cell = number | [number, number];
export interface SizeChart {
  unit: 'cm' | 'in';
  basis: Basis;
  columns?: Record<string, { basis: Basis }>;
  sizes: Record<string, Record<string, Cell | { value: Cell; basis?: Basis }>>;
}
export type Basis = 'body' | 'garment_flat' | 'garment_circ';
export interface Preview {
  status: 'none' | 'pending' | 'processing' | 'ready' | 'failed';
  progress: number;
  size: string | null;
  error: string | null;
  sheet_url: string | null;
  report: {
    findings: string[];
    sizes: Record<string, { from: 'file' | 'chart' }>;
    bodies: { label: string; size: string; fits: boolean; class: string; says: string; ok: boolean }[];
  } | null;
}

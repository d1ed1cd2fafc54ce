// The code that brings a visit from one device to another. It stands behind the # of the address, which browsers send to
// nobody; it is good once, for ten minutes, and leaves the address before anything else happens.
import type { Method } from './store';

export interface Handed { code: string; method: Method }

export function address(code: string, method: Method): string {
  return `${location.href.split('#')[0]!}#go=${code}${method === 'none' ? '' : `&how=${method}`}`;
}

export function takeCode(): Handed | null {
  const given = new URLSearchParams(location.hash.slice(1));
  const code = given.get('go');
  if (!code) return null;
  history.replaceState(history.state, '', location.href.split('#')[0]!);
  const how = given.get('how');
  return { code, method: how === 'one' || how === 'two' ? how : 'none' };
}

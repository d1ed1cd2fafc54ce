// What the widget on the shop's page and the fitting room in its iframe say to each other by postMessage. Both check the
// sender's window and origin before they read anything.
//
//   room → shop   ready               to "*", says nothing else: the room does not know yet who frames it
//   shop → room   open                from an origin of the brand's list; from then on the room speaks to that origin only
//   room → shop   recommended, size-selected, add-to-cart, close, resize
//   shop → room   cart                how adding to the cart went
export const PROTOCOL = 'tryon/1';

export type ToRoom =
  | { tryon: typeof PROTOCOL; type: 'open'; product_id?: string; variant_id?: string; locale?: string }
  | { tryon: typeof PROTOCOL; type: 'cart'; ok: boolean };

export type ToShop =
  | { tryon: typeof PROTOCOL; type: 'ready' }
  | { tryon: typeof PROTOCOL; type: 'recommended'; size: string | null; probability: number | null; session_id: string; garment_id: string }
  | { tryon: typeof PROTOCOL; type: 'size-selected'; size: string; session_id: string; garment_id: string }
  | { tryon: typeof PROTOCOL; type: 'add-to-cart'; size: string; session_id: string; garment_id: string; product_id: string | null; variant_id: string | null }
  | { tryon: typeof PROTOCOL; type: 'close' };

export function isMessage(data: unknown): data is { tryon: typeof PROTOCOL; type: string } {
  return typeof data === 'object' && data !== null && (data as { tryon?: unknown }).tryon === PROTOCOL;
}

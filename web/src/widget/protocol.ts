// What the widget on a shop's page and the fitting room in its frame say to each other with postMessage. Both sides
// import this file; it has no code that runs but two small functions.
//
// The frame's address is /embed?brand=&product_id=&variant_id=&shop=&lang=; none of it is trusted: the server looks the
// brand and garment up, and frame-ancestors lets only that brand's pages frame it. So the frame may take whoever is its
// parent for the shop, and answers to the origin that its first message came from. The widget listens to the frame's
// window at the service's origin only. Every message is {tryon: 1, type, …}.

export const PROTOCOL = 1;

export interface Choice {
  size: string;
  session_id: string | null; // of the try-on, for attribution of a purchase
  garment_id: string | null;
}

// From the frame to the shop's page.
export type FromRoom =
  | { type: 'ready' } // sent once to '*': it says nothing but that someone listens; the answer is 'hello'
  | ({ type: 'recommended'; probability: number | null } & Omit<Choice, 'size'> & { size: string | null }) // null: none fits
  | ({ type: 'size-selected' } & Choice)
  | ({ type: 'add-to-cart'; variant_id: string | null } & Choice)
  | { type: 'close' }; // also when Escape is pressed inside the frame

// From the shop's page to the frame.
export type FromShop =
  | { type: 'hello'; variants: Record<string, string> | null; variant_id: string | null } // variants: size → variant's id
  | { type: 'variant'; variant_id: string | null } // chosen on the page meanwhile
  | { type: 'cart'; ok: boolean; message: string | null }; // what became of add-to-cart

export type Stamped<T> = T & { tryon: typeof PROTOCOL };

export function stamp<T extends FromRoom | FromShop>(m: T): Stamped<T> {
  return { ...m, tryon: PROTOCOL };
}

export function isStamped(data: unknown): data is { tryon: typeof PROTOCOL; type: string } {
  return !!data && typeof data === 'object' && (data as { tryon?: unknown }).tryon === PROTOCOL;
}

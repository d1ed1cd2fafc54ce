// Runs on Vercel before /embed is answered: who may frame the page is looked up at the API for each request, as
// tryon serve does it. Whatever goes wrong, only our own pages may. A response without a body and with
// x-middleware-next lets the page follow, with the headers given here.
export const config = { matcher: ['/embed'] };

declare const process: { env: Record<string, string | undefined> };

export default async function middleware(request: Request): Promise<Response> {
  const api = (process.env['PUBLIC_API_URL'] ?? process.env['NEXT_PUBLIC_API_URL'] ?? '').replace(/\/$/, '');
  const asked = new URL(request.url).searchParams;
  const query = new URLSearchParams();
  for (const name of ['shop', 'brand', 'garment', 'product_id']) {
    const value = asked.get(name);
    if (value) query.set(name, value);
  }
  let origins: string[] = [];
  try {
    const answer = await fetch(`${api}/v1/embed?${query}`, { signal: AbortSignal.timeout(3000) });
    if (answer.ok) origins = ((await answer.json()) as { origins: string[] }).origins;
  } catch {
    // nobody else may frame it
  }
  const safe = origins.filter((o) => /^https?:\/\/[a-z0-9.-]+(:\d+)?$/.test(o));
  return new Response(null, {
    headers: {
      'x-middleware-next': '1',
      'content-security-policy': `base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors ${["'self'", ...safe].join(' ')}`,
      'cache-control': 'no-cache',
    },
  });
}

import type { Plugin } from 'vite';

// Where the API is another server's, the pages come from one that knows nothing of it: they bring their own
// Content-Security-Policy. tryon serve sends one with each page, and a build for it has none inside.
export function policyInPages(env: Record<string, string | undefined> = process.env): Plugin {
  const origin = (...names: string[]) => names.map((n) => env[n]).filter((v): v is string => !!v).map((v) => new URL(v).origin)[0];
  const api = origin('PUBLIC_API_URL', 'NEXT_PUBLIC_API_URL');
  const others = [api, origin('SUPABASE_URL', 'PUBLIC_SUPABASE_URL', 'NEXT_PUBLIC_SUPABASE_URL'), origin('PUBLIC_STORAGE_URL', 'NEXT_PUBLIC_STORAGE_URL')];
  const from = [...new Set(others.filter((o) => o))].join(' ');
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: ${from}; connect-src 'self' blob: ${from}; media-src 'self' blob:; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'`;
  return {
    name: 'policy-in-pages',
    transformIndexHtml: () => (api ? [{ tag: 'meta', injectTo: 'head-prepend' as const, attrs: { 'http-equiv': 'Content-Security-Policy', content: policy } }] : []),
  };
}

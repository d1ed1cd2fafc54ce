/// <reference types="vite/client" />
// Set by the build (tools/variables.ts); empty when not given.
declare const __API_URL__: string; // where the API is; empty: where the page came from
declare const __SUPABASE_URL__: string;
declare const __SUPABASE_ANON_KEY__: string;

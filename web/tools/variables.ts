// What a build may be told by the environment. Only these names reach the browser. The NEXT_PUBLIC_ names are aliases
// that hosting panels often hold already.
export function buildVariables(env: Record<string, string | undefined> = process.env): Record<string, string> {
  const first = (...names: string[]) => JSON.stringify(names.map((n) => env[n]).find((v) => v) ?? '');
  return {
    __API_URL__: first('PUBLIC_API_URL', 'NEXT_PUBLIC_API_URL'),
    __SUPABASE_URL__: first('SUPABASE_URL', 'PUBLIC_SUPABASE_URL', 'NEXT_PUBLIC_SUPABASE_URL'),
    __SUPABASE_ANON_KEY__: first('SUPABASE_ANON_KEY', 'PUBLIC_SUPABASE_ANON_KEY', 'NEXT_PUBLIC_SUPABASE_ANON_KEY'),
  };
}

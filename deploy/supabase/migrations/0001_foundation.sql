-- What a Supabase project already has and a plain PostgreSQL lacks: the three roles a request can act as, and the
-- functions that read who is asking from the transaction's settings. Each is made only where it is missing, so the
-- same files install on both.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', r);
    END IF;
    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', r);
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'auth') THEN
    CREATE SCHEMA auth;
  END IF;
  IF to_regprocedure('auth.uid()') IS NULL THEN
    CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
      $f$ SELECT nullif(coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                 nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'), '')::uuid $f$;
    GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
  END IF;
END $$;

-- The brand a request acts for: a top-level claim that only our own server sets (a shopper can write user_metadata of
-- his token, never its top level).
CREATE FUNCTION public.tryon_brand() RETURNS uuid LANGUAGE sql STABLE AS
  $f$ SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'brand_id', '')::uuid $f$;

-- Row-level security on every table. A request acts as role "authenticated" with claims {"sub": user} or {"brand_id":
-- brand}; a table without a policy is the server's own. service_role on Supabase bypasses all of this by its own right.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['users', 'guest_tokens', 'consents', 'brands', 'api_keys', 'avatars', 'garments',
      'tryon_sessions', 'events', 'jobs', 'job_turns', 'job_counts', 'workers', 'blobs', 'idempotency_keys',
      'webhooks_received', 'usage_days'] LOOP
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC, anon, authenticated', t);
    EXECUTE format('GRANT ALL ON public.%I TO service_role', t);
  END LOOP;
  IF to_regclass('public.schema_migrations') IS NOT NULL THEN
    ALTER TABLE public.schema_migrations ENABLE ROW LEVEL SECURITY;
    REVOKE ALL ON public.schema_migrations FROM PUBLIC, anon, authenticated;
  END IF;
END $$;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;

GRANT SELECT ON users, consents, avatars, garments, tryon_sessions, events, brands, api_keys, usage_days TO authenticated;
GRANT UPDATE (selected_size, updated_at) ON tryon_sessions TO authenticated;
GRANT INSERT, UPDATE, DELETE ON garments TO authenticated;
GRANT INSERT ON events TO authenticated;

-- Shoppers.
CREATE POLICY own_user ON users FOR SELECT TO authenticated USING (id = (SELECT auth.uid()));
CREATE POLICY own_consents ON consents FOR SELECT TO authenticated USING (user_id = (SELECT auth.uid()));
CREATE POLICY own_avatars ON avatars FOR SELECT TO authenticated USING (user_id = (SELECT auth.uid()));
CREATE POLICY own_sessions ON tryon_sessions FOR SELECT TO authenticated USING (user_id = (SELECT auth.uid()));
CREATE POLICY own_sessions_size ON tryon_sessions FOR UPDATE TO authenticated
  USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));

-- Brands.
CREATE POLICY brand_self ON brands FOR SELECT TO authenticated USING (id = (SELECT tryon_brand()));
CREATE POLICY brand_keys ON api_keys FOR SELECT TO authenticated USING (brand_id = (SELECT tryon_brand()));
CREATE POLICY brand_usage ON usage_days FOR SELECT TO authenticated USING (brand_id = (SELECT tryon_brand()));
CREATE POLICY brand_garments ON garments FOR ALL TO authenticated
  USING (brand_id = (SELECT tryon_brand())) WITH CHECK (brand_id = (SELECT tryon_brand()));
CREATE POLICY brand_sessions ON tryon_sessions FOR SELECT TO authenticated USING (brand_id = (SELECT tryon_brand()));
CREATE POLICY brand_events ON events FOR SELECT TO authenticated USING (brand_id = (SELECT tryon_brand()));
CREATE POLICY brand_events_add ON events FOR INSERT TO authenticated WITH CHECK (brand_id = (SELECT tryon_brand()));

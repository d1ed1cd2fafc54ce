-- Buckets and their policies, where there is a Supabase Storage (a plain PostgreSQL has none and skips this). A path
-- begins with its owner's id. An owner needs all four policies to upload, replace, read, sign and delete; the public
-- bucket needs none to be read, and no policy means nobody can list it.
DO $$
DECLARE b text;
BEGIN
  IF to_regclass('storage.buckets') IS NULL OR to_regclass('storage.objects') IS NULL THEN
    RETURN;
  END IF;
  INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types) VALUES
    ('photos', 'photos', false, 26214400, ARRAY['image/jpeg', 'image/png', 'image/webp', 'image/heic', 'image/heif']),
    ('avatars', 'avatars', false, 67108864, NULL),
    ('garments', 'garments', true, 67108864, ARRAY['model/gltf-binary'])
  ON CONFLICT (id) DO UPDATE SET public = excluded.public, file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;
  FOREACH b IN ARRAY ARRAY['photos', 'avatars'] LOOP
    EXECUTE format('CREATE POLICY %I ON storage.objects FOR SELECT TO authenticated USING (bucket_id = %L AND
      (storage.foldername(name))[1] = (SELECT auth.uid())::text)', 'tryon_' || b || '_read', b);
    EXECUTE format('CREATE POLICY %I ON storage.objects FOR INSERT TO authenticated WITH CHECK (bucket_id = %L AND
      (storage.foldername(name))[1] = (SELECT auth.uid())::text)', 'tryon_' || b || '_add', b);
    EXECUTE format('CREATE POLICY %I ON storage.objects FOR UPDATE TO authenticated USING (bucket_id = %L AND
      (storage.foldername(name))[1] = (SELECT auth.uid())::text) WITH CHECK (bucket_id = %L AND
      (storage.foldername(name))[1] = (SELECT auth.uid())::text)', 'tryon_' || b || '_replace', b, b);
    EXECUTE format('CREATE POLICY %I ON storage.objects FOR DELETE TO authenticated USING (bucket_id = %L AND
      (storage.foldername(name))[1] = (SELECT auth.uid())::text)', 'tryon_' || b || '_delete', b);
  END LOOP;
END $$;

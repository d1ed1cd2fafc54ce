-- One drape a size: made once for an avatar and a garment as they are, shown by every session that asks for the same.
DROP INDEX tryon_sessions_drape;
ALTER TABLE tryon_sessions DROP COLUMN drape_url, DROP COLUMN drape_status, DROP COLUMN drape_key;
CREATE TABLE drapes (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  avatar_id uuid NOT NULL REFERENCES avatars ON DELETE CASCADE,
  garment_id uuid REFERENCES garments ON DELETE SET NULL,
  size text NOT NULL,
  content_key text NOT NULL,        -- what it depends on, by content
  job_id text,                      -- that makes it
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'ready', 'failed')),
  glb_url text,
  garment_url text,
  bin_url text,
  quality jsonb,
  failure text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (avatar_id, content_key)
);
CREATE INDEX drapes_user ON drapes(user_id);
CREATE INDEX drapes_garment ON drapes(garment_id);
CREATE INDEX drapes_job ON drapes(job_id);
CREATE TABLE tryon_drapes (
  session_id uuid NOT NULL REFERENCES tryon_sessions ON DELETE CASCADE,
  drape_id uuid NOT NULL REFERENCES drapes ON DELETE CASCADE,
  place integer NOT NULL,           -- as the chart orders the sizes
  PRIMARY KEY (session_id, drape_id)
);
CREATE INDEX tryon_drapes_drape ON tryon_drapes(drape_id);

ALTER TABLE drapes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tryon_drapes ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON drapes, tryon_drapes FROM PUBLIC, anon, authenticated;
GRANT ALL ON drapes, tryon_drapes TO service_role;
GRANT SELECT ON drapes, tryon_drapes TO authenticated;
-- A session's policies decide who sees its drapes: the shopper herself and the brand she tried something on at.
CREATE POLICY own_drapes ON drapes FOR SELECT TO authenticated USING (user_id = (SELECT auth.uid()));
CREATE POLICY session_drapes ON tryon_drapes FOR SELECT TO authenticated
  USING (session_id IN (SELECT id FROM tryon_sessions));

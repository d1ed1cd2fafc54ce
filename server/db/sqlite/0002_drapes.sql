-- One drape a size: made once for an avatar and a garment as they are, shown by every session that asks for the same.
DROP INDEX tryon_sessions_drape;
ALTER TABLE tryon_sessions DROP COLUMN drape_url;
ALTER TABLE tryon_sessions DROP COLUMN drape_status;
ALTER TABLE tryon_sessions DROP COLUMN drape_key;
CREATE TABLE drapes (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  avatar_id TEXT NOT NULL REFERENCES avatars ON DELETE CASCADE,
  garment_id TEXT REFERENCES garments ON DELETE SET NULL,
  size TEXT NOT NULL,
  content_key TEXT NOT NULL,        -- what it depends on, by content
  job_id TEXT,                      -- that makes it
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'ready', 'failed')),
  glb_url TEXT,
  garment_url TEXT,
  bin_url TEXT,
  quality TEXT,
  failure TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (avatar_id, content_key)
) STRICT;
CREATE INDEX drapes_user ON drapes(user_id);
CREATE INDEX drapes_garment ON drapes(garment_id);
CREATE INDEX drapes_job ON drapes(job_id);
CREATE TABLE tryon_drapes (
  session_id TEXT NOT NULL REFERENCES tryon_sessions ON DELETE CASCADE,
  drape_id TEXT NOT NULL REFERENCES drapes ON DELETE CASCADE,
  place INTEGER NOT NULL,           -- as the chart orders the sizes
  PRIMARY KEY (session_id, drape_id)
) STRICT;
CREATE INDEX tryon_drapes_drape ON tryon_drapes(drape_id);

-- What a brand settles in its console, and the pictures of its garments on a row of bodies. The twin of
-- deploy/supabase/migrations/0006_console.sql.
ALTER TABLE brands ADD COLUMN avatar_days INTEGER;  -- avatars made for it go so many days after their last use; NULL: kept
ALTER TABLE brands ADD COLUMN event_days INTEGER;   -- events and try-ons go after so many days; NULL: kept
CREATE TABLE garment_previews (     -- the latest of each garment
  garment_id TEXT PRIMARY KEY REFERENCES garments ON DELETE CASCADE,
  brand_id TEXT NOT NULL REFERENCES brands ON DELETE CASCADE,
  job_id TEXT NOT NULL,
  size TEXT NOT NULL,
  sheet_url TEXT,                   -- NULL until the job is done
  report TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX garment_previews_brand ON garment_previews(brand_id);
CREATE INDEX garment_previews_job ON garment_previews(job_id);
CREATE INDEX avatars_brand_updated ON avatars(brand_id, updated_at);

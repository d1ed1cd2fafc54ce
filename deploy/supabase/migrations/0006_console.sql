-- What a brand settles in its console, and the pictures of its garments on a row of bodies.
ALTER TABLE brands ADD COLUMN avatar_days integer;  -- avatars made for it go so many days after their last use; NULL: kept
ALTER TABLE brands ADD COLUMN event_days integer;   -- events and try-ons go after so many days; NULL: kept
CREATE TABLE garment_previews (     -- the latest of each garment
  garment_id uuid PRIMARY KEY REFERENCES garments ON DELETE CASCADE,
  brand_id uuid NOT NULL REFERENCES brands ON DELETE CASCADE,
  job_id text NOT NULL,
  size text NOT NULL,
  sheet_url text,                   -- NULL until the job is done
  report jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX garment_previews_brand ON garment_previews(brand_id);
CREATE INDEX garment_previews_job ON garment_previews(job_id);
CREATE INDEX avatars_brand_updated ON avatars(brand_id, updated_at);
ALTER TABLE garment_previews ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON garment_previews FROM PUBLIC, anon, authenticated;
GRANT ALL ON garment_previews TO service_role;
GRANT SELECT ON garment_previews TO authenticated;
CREATE POLICY brand_previews ON garment_previews FOR SELECT TO authenticated
  USING (brand_id = (SELECT tryon_brand()));

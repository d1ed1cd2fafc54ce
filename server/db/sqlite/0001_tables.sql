-- Tables of the service on SQLite, STRICT: ids and JSON as TEXT, times as milliseconds since 1970, booleans as 0 and 1.
-- The twin of deploy/supabase/migrations/0002_tables.sql; a test compares their columns.
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT UNIQUE NOT NULL,
  is_guest INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE guest_tokens (
  hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX guest_tokens_user ON guest_tokens(user_id);
CREATE TABLE consents (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  version TEXT NOT NULL,
  purpose TEXT NOT NULL,
  ip_hash TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_user ON consents(user_id);
CREATE TABLE brands (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  shopify_shop_domain TEXT UNIQUE,
  api_key TEXT UNIQUE,              -- SHA-256 of the current secret key, never the key
  avatar_quota_per_day INTEGER,     -- NULL: no quota
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  brand_id TEXT NOT NULL REFERENCES brands ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('secret', 'publishable')),
  prefix TEXT NOT NULL,             -- the first characters, to recognise a key by
  hash TEXT UNIQUE NOT NULL,        -- SHA-256
  scopes TEXT NOT NULL DEFAULT '[]',
  origins TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_brand ON api_keys(brand_id);
CREATE TABLE avatars (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  brand_id TEXT REFERENCES brands ON DELETE SET NULL,
  photo_url TEXT,
  side_photo_url TEXT,
  glb_url TEXT,
  web_glb_url TEXT,                 -- the same, packed for browsers (meshopt)
  preview_url TEXT,
  measurements TEXT,
  smpl_params_url TEXT,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'ready', 'failed')),
  failure TEXT,
  answers TEXT NOT NULL DEFAULT '{}',
  consent_version TEXT,
  progress REAL NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX avatars_user_id ON avatars(user_id);
CREATE INDEX avatars_brand ON avatars(brand_id);
CREATE TABLE garments (
  id TEXT PRIMARY KEY,
  brand_id TEXT NOT NULL REFERENCES brands ON DELETE CASCADE,
  name TEXT NOT NULL,
  category TEXT,
  fabric TEXT,
  shopify_product_id TEXT,
  sizes TEXT NOT NULL DEFAULT '{}',
  size_chart TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX garments_brand_id ON garments(brand_id, id);
CREATE UNIQUE INDEX garments_product ON garments(brand_id, shopify_product_id);
CREATE TABLE tryon_sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT REFERENCES users ON DELETE CASCADE,
  brand_id TEXT NOT NULL REFERENCES brands ON DELETE CASCADE,
  avatar_id TEXT REFERENCES avatars ON DELETE SET NULL,
  garment_id TEXT REFERENCES garments ON DELETE SET NULL,
  selected_size TEXT,
  fit_result TEXT,
  drape_url TEXT,
  drape_status TEXT NOT NULL DEFAULT 'none' CHECK (drape_status IN ('none', 'pending', 'processing', 'ready', 'failed')),
  drape_key TEXT,                   -- what the drape depends on, by content: the cache
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tryon_sessions_user ON tryon_sessions(user_id);
CREATE INDEX tryon_sessions_brand ON tryon_sessions(brand_id, created_at);
CREATE INDEX tryon_sessions_avatar ON tryon_sessions(avatar_id);
CREATE INDEX tryon_sessions_garment ON tryon_sessions(garment_id);
CREATE INDEX tryon_sessions_drape ON tryon_sessions(drape_key) WHERE drape_key IS NOT NULL;
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  brand_id TEXT NOT NULL REFERENCES brands ON DELETE CASCADE,
  user_id TEXT REFERENCES users ON DELETE SET NULL,
  session_id TEXT REFERENCES tryon_sessions ON DELETE SET NULL,
  garment_id TEXT REFERENCES garments ON DELETE SET NULL,
  event_type TEXT NOT NULL,
  dedupe_key TEXT,                  -- the sender's own name for it: a repeated delivery counts once
  metadata TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX events_brand_id ON events(brand_id, created_at);
CREATE INDEX events_event_type ON events(event_type);
CREATE INDEX events_user ON events(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events(session_id) WHERE session_id IS NOT NULL;
CREATE INDEX events_garment ON events(garment_id) WHERE garment_id IS NOT NULL;
CREATE UNIQUE INDEX events_dedupe ON events(brand_id, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  queue TEXT NOT NULL,              -- the endpoint a worker takes it from
  kind TEXT NOT NULL CHECK (kind IN ('avatar', 'drape', 'plain')),
  tenant TEXT NOT NULL DEFAULT '',  -- whose turn it counts against: a brand's id, or '' for nobody's
  user_id TEXT REFERENCES users ON DELETE CASCADE,
  avatar_id TEXT REFERENCES avatars ON DELETE CASCADE,
  session_id TEXT REFERENCES tryon_sessions ON DELETE CASCADE,
  priority INTEGER NOT NULL DEFAULT 0,
  turn INTEGER NOT NULL DEFAULT 0,   -- start-time fair queueing: smallest first within a priority
  state TEXT NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'delayed', 'running', 'completed', 'failed', 'cancelled', 'timed_out')),
  input TEXT NOT NULL DEFAULT '{}',
  output TEXT,
  progress TEXT,
  error TEXT,
  webhook TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL DEFAULT 3,
  execution_ms INTEGER NOT NULL DEFAULT 600000,
  run_at INTEGER,               -- of a delayed job
  lease_owner TEXT,
  lease_until INTEGER,
  stop_told INTEGER NOT NULL DEFAULT 1, -- false: its worker has yet to hear that it was cancelled
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_ready ON jobs(queue, priority DESC, turn, id) WHERE state = 'queued';
CREATE INDEX jobs_delayed ON jobs(run_at) WHERE state = 'delayed';
CREATE INDEX jobs_leased ON jobs(lease_until) WHERE state = 'running';
CREATE INDEX jobs_stopping ON jobs(lease_owner) WHERE stop_told = 0;
CREATE INDEX jobs_avatar ON jobs(avatar_id) WHERE avatar_id IS NOT NULL;
CREATE INDEX jobs_session ON jobs(session_id) WHERE session_id IS NOT NULL;
CREATE INDEX jobs_user ON jobs(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX jobs_finished ON jobs(finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_expiring ON jobs(expires_at) WHERE expires_at IS NOT NULL AND state IN ('queued', 'delayed');
CREATE TABLE job_turns (
  queue TEXT NOT NULL,
  tenant TEXT NOT NULL,             -- '*': the queue's own clock, the turn last taken
  turn INTEGER NOT NULL,
  PRIMARY KEY (queue, tenant)
) STRICT;
CREATE TABLE job_counts (           -- kept with each change of state, so that a health check never counts the table
  queue TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, state)
) STRICT;
CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  queue TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  version text
) STRICT;
CREATE TABLE blobs (                -- every object we ever began to write: the sweeper needs no listing of a bucket
  bucket TEXT NOT NULL,
  path TEXT NOT NULL,
  user_id TEXT REFERENCES users ON DELETE SET NULL,
  brand_id TEXT REFERENCES brands ON DELETE SET NULL,
  state TEXT NOT NULL CHECK (state IN ('writing', 'live', 'doomed', 'deleted')),
  size INTEGER,
  sha256 TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (bucket, path)
) STRICT;
CREATE INDEX blobs_unsettled ON blobs(updated_at) WHERE state <> 'live';
CREATE INDEX blobs_user ON blobs(user_id) WHERE user_id IS NOT NULL;
CREATE TABLE idempotency_keys (
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,        -- SHA-256 of the request: the same key with another body is a mistake, not a repeat
  resource_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT;
CREATE INDEX idempotency_keys_created ON idempotency_keys(created_at);
CREATE TABLE webhooks_received (
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (source, id)
) STRICT;
CREATE TABLE usage_days (
  brand_id TEXT NOT NULL REFERENCES brands ON DELETE CASCADE,
  day TEXT NOT NULL,
  avatars INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (brand_id, day)
) STRICT;

-- Tables of the service. Foreign keys say what erasure does: CASCADE goes with its owner, SET NULL keeps a count that
-- no longer points at anyone.
CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text UNIQUE NOT NULL,
  is_guest boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE guest_tokens (
  hash text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX guest_tokens_user ON guest_tokens(user_id);
CREATE TABLE consents (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  version text NOT NULL,
  purpose text NOT NULL,
  ip_hash text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX consents_user ON consents(user_id);
CREATE TABLE brands (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  shopify_shop_domain text UNIQUE,
  api_key text UNIQUE,              -- SHA-256 of the current secret key, never the key
  avatar_quota_per_day integer,     -- NULL: no quota
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  brand_id uuid NOT NULL REFERENCES brands ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('secret', 'publishable')),
  prefix text NOT NULL,             -- the first characters, to recognise a key by
  hash text UNIQUE NOT NULL,        -- SHA-256
  scopes jsonb NOT NULL DEFAULT '[]',
  origins jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX api_keys_brand ON api_keys(brand_id);
CREATE TABLE avatars (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  brand_id uuid REFERENCES brands ON DELETE SET NULL,
  photo_url text,
  side_photo_url text,
  glb_url text,
  web_glb_url text,                 -- the same, packed for browsers (meshopt)
  preview_url text,
  measurements jsonb,
  smpl_params_url text,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'ready', 'failed')),
  failure text,
  answers jsonb NOT NULL DEFAULT '{}',
  consent_version text,
  progress double precision NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX avatars_user_id ON avatars(user_id);
CREATE INDEX avatars_brand ON avatars(brand_id);
CREATE TABLE garments (
  id uuid PRIMARY KEY,
  brand_id uuid NOT NULL REFERENCES brands ON DELETE CASCADE,
  name text NOT NULL,
  category text,
  fabric text,
  shopify_product_id text,
  sizes jsonb NOT NULL DEFAULT '{}',
  size_chart jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX garments_brand_id ON garments(brand_id, id);
CREATE UNIQUE INDEX garments_product ON garments(brand_id, shopify_product_id);
CREATE TABLE tryon_sessions (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users ON DELETE CASCADE,
  brand_id uuid NOT NULL REFERENCES brands ON DELETE CASCADE,
  avatar_id uuid REFERENCES avatars ON DELETE SET NULL,
  garment_id uuid REFERENCES garments ON DELETE SET NULL,
  selected_size text,
  fit_result jsonb,
  drape_url text,
  drape_status text NOT NULL DEFAULT 'none' CHECK (drape_status IN ('none', 'pending', 'processing', 'ready', 'failed')),
  drape_key text,                   -- what the drape depends on, by content: the cache
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tryon_sessions_user ON tryon_sessions(user_id);
CREATE INDEX tryon_sessions_brand ON tryon_sessions(brand_id, created_at);
CREATE INDEX tryon_sessions_avatar ON tryon_sessions(avatar_id);
CREATE INDEX tryon_sessions_garment ON tryon_sessions(garment_id);
CREATE INDEX tryon_sessions_drape ON tryon_sessions(drape_key) WHERE drape_key IS NOT NULL;
CREATE TABLE events (
  id uuid PRIMARY KEY,
  brand_id uuid NOT NULL REFERENCES brands ON DELETE CASCADE,
  user_id uuid REFERENCES users ON DELETE SET NULL,
  session_id uuid REFERENCES tryon_sessions ON DELETE SET NULL,
  garment_id uuid REFERENCES garments ON DELETE SET NULL,
  event_type text NOT NULL,
  dedupe_key text,                  -- the sender's own name for it: a repeated delivery counts once
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_brand_id ON events(brand_id, created_at);
CREATE INDEX events_event_type ON events(event_type);
CREATE INDEX events_user ON events(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events(session_id) WHERE session_id IS NOT NULL;
CREATE INDEX events_garment ON events(garment_id) WHERE garment_id IS NOT NULL;
CREATE UNIQUE INDEX events_dedupe ON events(brand_id, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE TABLE jobs (
  id text PRIMARY KEY,
  queue text NOT NULL,              -- the endpoint a worker takes it from
  kind text NOT NULL CHECK (kind IN ('avatar', 'drape', 'plain')),
  tenant text NOT NULL DEFAULT '',  -- whose turn it counts against: a brand's id, or '' for nobody's
  user_id uuid REFERENCES users ON DELETE CASCADE,
  avatar_id uuid REFERENCES avatars ON DELETE CASCADE,
  session_id uuid REFERENCES tryon_sessions ON DELETE CASCADE,
  priority integer NOT NULL DEFAULT 0,
  turn bigint NOT NULL DEFAULT 0,   -- start-time fair queueing: smallest first within a priority
  state text NOT NULL DEFAULT 'queued'
    CHECK (state IN ('queued', 'delayed', 'running', 'completed', 'failed', 'cancelled', 'timed_out')),
  input jsonb NOT NULL DEFAULT '{}',
  output jsonb,
  progress jsonb,
  error text,
  webhook text,
  attempts integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL DEFAULT 3,
  execution_ms bigint NOT NULL DEFAULT 600000,
  run_at timestamptz,               -- of a delayed job
  lease_owner text,
  lease_until timestamptz,
  stop_told boolean NOT NULL DEFAULT true, -- false: its worker has yet to hear that it was cancelled
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  started_at timestamptz,
  finished_at timestamptz
);
CREATE INDEX jobs_ready ON jobs(queue, priority DESC, turn, id) WHERE state = 'queued';
CREATE INDEX jobs_delayed ON jobs(run_at) WHERE state = 'delayed';
CREATE INDEX jobs_leased ON jobs(lease_until) WHERE state = 'running';
CREATE INDEX jobs_stopping ON jobs(lease_owner) WHERE NOT stop_told;
CREATE INDEX jobs_avatar ON jobs(avatar_id) WHERE avatar_id IS NOT NULL;
CREATE INDEX jobs_session ON jobs(session_id) WHERE session_id IS NOT NULL;
CREATE INDEX jobs_user ON jobs(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX jobs_finished ON jobs(finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_expiring ON jobs(expires_at) WHERE expires_at IS NOT NULL AND state IN ('queued', 'delayed');
CREATE TABLE job_turns (
  queue text NOT NULL,
  tenant text NOT NULL,             -- '*': the queue's own clock, the turn last taken
  turn bigint NOT NULL,
  PRIMARY KEY (queue, tenant)
);
CREATE TABLE job_counts (           -- kept with each change of state, so that a health check never counts the table
  queue text NOT NULL,
  state text NOT NULL,
  count bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, state)
);
CREATE TABLE workers (
  id text PRIMARY KEY,
  queue text NOT NULL,
  seen_at timestamptz NOT NULL,
  version text
);
CREATE TABLE blobs (                -- every object we ever began to write: the sweeper needs no listing of a bucket
  bucket text NOT NULL,
  path text NOT NULL,
  user_id uuid REFERENCES users ON DELETE SET NULL,
  brand_id uuid REFERENCES brands ON DELETE SET NULL,
  state text NOT NULL CHECK (state IN ('writing', 'live', 'doomed', 'deleted')),
  size bigint,
  sha256 text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bucket, path)
);
CREATE INDEX blobs_unsettled ON blobs(updated_at) WHERE state <> 'live';
CREATE INDEX blobs_user ON blobs(user_id) WHERE user_id IS NOT NULL;
CREATE TABLE idempotency_keys (
  owner text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,        -- SHA-256 of the request: the same key with another body is a mistake, not a repeat
  resource_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys(created_at);
CREATE TABLE webhooks_received (
  source text NOT NULL,
  id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, id)
);
CREATE TABLE usage_days (
  brand_id uuid NOT NULL REFERENCES brands ON DELETE CASCADE,
  day text NOT NULL,
  avatars integer NOT NULL DEFAULT 0,
  PRIMARY KEY (brand_id, day)
);

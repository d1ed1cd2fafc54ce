-- What the sweep looks for (server/db/retention.c) by its age.
CREATE INDEX guest_tokens_expires ON guest_tokens(expires_at);
CREATE INDEX webhooks_received_at ON webhooks_received(received_at);
CREATE INDEX avatars_unused_photos ON avatars(updated_at) WHERE photo_url IS NOT NULL AND status IN ('pending', 'failed');

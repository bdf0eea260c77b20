-- What tools keep across calls.
CREATE TABLE millrace_contexts (
  key text PRIMARY KEY,
  version text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX millrace_contexts_expiry ON millrace_contexts (expires_at);

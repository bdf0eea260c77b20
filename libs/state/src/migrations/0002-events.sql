-- What happened to an aggregate, from version 1 on. Rows are never changed.
CREATE TABLE millrace_events (
  tenant text NOT NULL,
  aggregate text NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  type text NOT NULL,
  data json NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant, aggregate, version)
);

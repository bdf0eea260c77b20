-- The last known state of an aggregate, to be rebuilt from there.
CREATE TABLE millrace_snapshots (
  tenant text NOT NULL,
  aggregate text NOT NULL,
  version bigint NOT NULL,
  reducer integer NOT NULL,
  state json NOT NULL,
  PRIMARY KEY (tenant, aggregate)
);

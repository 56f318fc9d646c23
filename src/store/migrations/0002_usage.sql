-- The ledger: one row for each billed response. Money is in pico-dollars, time in milliseconds since 1970 UTC.

-- How far each transcript has been read. A row stays when its file disappears.
CREATE TABLE usage_file(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  source INTEGER NOT NULL,        -- ledger::usage::Source
  dev INTEGER NOT NULL,
  ino INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  offset INTEGER NOT NULL,        -- end of the last complete line
  head INTEGER NOT NULL,          -- fingerprints: a rewritten file is noticed
  tail INTEGER NOT NULL,
  reader_rev INTEGER NOT NULL,
  state TEXT NOT NULL             -- what the reader keeps
) STRICT;
CREATE INDEX usage_file_inode ON usage_file(ino, dev);

CREATE TABLE usage_model(
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  vendor TEXT NOT NULL,           -- as the transcript names it, else ''
  name TEXT NOT NULL,             -- as the transcript names it, '' where it does not
  UNIQUE(source, vendor, name)
) STRICT;

-- The agents' own conversations.
CREATE TABLE usage_session(
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  name TEXT NOT NULL,
  UNIQUE(source, name)
) STRICT;

-- Whose a conversation was, from when on. A resumed conversation may have had several owners.
CREATE TABLE usage_owner(
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES usage_session(id),
  from_ms INTEGER NOT NULL,
  swarm TEXT NOT NULL,
  agent TEXT NOT NULL,
  role TEXT,
  instance TEXT NOT NULL,
  UNIQUE(session_id, from_ms)
) STRICT;
CREATE INDEX usage_owner_instance ON usage_owner(instance);

-- Which task a conversation was working on, from when until when.
CREATE TABLE usage_task(
  id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES usage_session(id),
  from_ms INTEGER NOT NULL,
  until_ms INTEGER,
  task TEXT NOT NULL,
  UNIQUE(session_id, from_ms)
) STRICT;

CREATE TABLE usage_event(
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  dedup TEXT NOT NULL,            -- identifies the bill within its source
  ts_ms INTEGER NOT NULL,
  session_id INTEGER NOT NULL,
  model_id INTEGER NOT NULL,
  owner_id INTEGER,
  task_id INTEGER,
  file_id INTEGER NOT NULL,
  flags INTEGER NOT NULL,         -- 1 sidechain, 2 estimated, 4 fast, 8 us; service tier * 16
  input INTEGER NOT NULL,
  output INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write_5m INTEGER NOT NULL,
  cache_write_1h INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  web_searches INTEGER NOT NULL,
  reported INTEGER,               -- what the agent itself says it cost, where that holds
  cost INTEGER,                   -- NULL: not priced
  price_rev INTEGER NOT NULL,     -- the prices that made `cost`
  UNIQUE(source, dedup)
) STRICT;
CREATE INDEX usage_event_ts ON usage_event(ts_ms);
CREATE INDEX usage_event_session ON usage_event(session_id, ts_ms);

-- The latest word of each agent on each of its usage limits.
CREATE TABLE usage_limit(
  source INTEGER NOT NULL,
  name TEXT NOT NULL,             -- five_hour, seven_day, …
  ts_ms INTEGER NOT NULL,
  percent_used REAL,
  resets_ms INTEGER,
  reached INTEGER NOT NULL,
  PRIMARY KEY(source, name)
) STRICT;

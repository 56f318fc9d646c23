-- Messages between agents and the person, and how far each got.

CREATE TABLE message(
  id TEXT PRIMARY KEY,            -- ULID
  server TEXT NOT NULL,           -- identity of the tmux server: its socket path
  swarm TEXT NOT NULL,
  idem_key TEXT,
  thread_id TEXT NOT NULL,
  reply_to TEXT,
  schema TEXT NOT NULL,           -- handoff/v1
  kind TEXT NOT NULL,
  prio INTEGER NOT NULL,
  sender TEXT NOT NULL,           -- agent, human, swarm
  recipient TEXT NOT NULL,        -- agent, @role, human
  need TEXT NOT NULL,             -- seen, ack, outcome
  subject TEXT NOT NULL,
  body TEXT NOT NULL,             -- at most 256 KiB
  body_sha256 TEXT NOT NULL,
  more TEXT NOT NULL,             -- JSON: context, artifacts, git
  created TEXT NOT NULL,
  expires TEXT
) STRICT;
CREATE UNIQUE INDEX message_key ON message(server, swarm, sender, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX message_thread ON message(thread_id);

CREATE TABLE delivery(
  message_id TEXT PRIMARY KEY REFERENCES message(id),
  seq INTEGER NOT NULL,           -- order of arrival within the swarm
  way TEXT NOT NULL,              -- doorbell, typed, now
  agent TEXT,                     -- who has it; a message to a role has nobody at first
  instance TEXT,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  shown INTEGER NOT NULL DEFAULT 0,
  reminded INTEGER NOT NULL DEFAULT 0,
  evidence TEXT,
  proof TEXT,
  proof_at TEXT,
  note TEXT,
  due TEXT,
  since TEXT NOT NULL,
  seen_at TEXT,
  acked_at TEXT,
  over INTEGER NOT NULL DEFAULT 0 -- nothing will be done about it any more
) STRICT;
CREATE INDEX delivery_open ON delivery(message_id) WHERE over = 0;

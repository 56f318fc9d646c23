-- What swarm must know after the monitor, the tmux server or the machine went away.

-- One row per swarm and tmux server. `spec` is the resolved configuration without environment values.
CREATE TABLE swarm(
  id INTEGER PRIMARY KEY,
  server TEXT NOT NULL,           -- identity of the tmux server: its socket path
  name TEXT NOT NULL,
  session TEXT,                   -- $n, NULL while down
  file TEXT,                      -- the swarm.toml it was made from
  spec TEXT NOT NULL,             -- JSON
  up_at TEXT NOT NULL,
  down_at TEXT,
  UNIQUE(server, name)
) STRICT;

-- One row per incarnation of an agent.
CREATE TABLE instance(
  id TEXT PRIMARY KEY,            -- uuid v7
  swarm_id INTEGER NOT NULL REFERENCES swarm(id),
  agent TEXT NOT NULL,
  profile TEXT NOT NULL,
  directory TEXT NOT NULL,
  pane TEXT,
  pid INTEGER,
  pid_start INTEGER,              -- start time of the process in clock ticks since boot: a pid alone proves nothing
  session TEXT,                   -- the agent's own conversation id, as soon as it is known
  token TEXT,
  restarts INTEGER NOT NULL DEFAULT 0,
  adopted INTEGER NOT NULL DEFAULT 0,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  exit_status INTEGER,
  exit_signal INTEGER,
  end_reason TEXT
) STRICT;
CREATE INDEX instance_agent ON instance(swarm_id, agent, started_at);
CREATE INDEX instance_session ON instance(session);

-- Append-only: what happened, who did it, and why.
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,               -- RFC 3339, UTC
  swarm TEXT,
  agent TEXT,
  instance TEXT,
  kind TEXT NOT NULL,             -- agent.spawned, agent.status, …
  actor TEXT NOT NULL,            -- who caused it
  cause TEXT,
  correlation TEXT,
  data TEXT NOT NULL DEFAULT '{}' -- JSON
) STRICT;
CREATE INDEX event_agent ON event(swarm, agent, id);

-- What the budgets stand on besides the bills: what people allowed on top, what they were told, and when agents worked.

CREATE TABLE budget(
  server TEXT NOT NULL,           -- identity of the tmux server: its socket path
  swarm TEXT NOT NULL,
  scope TEXT NOT NULL,            -- swarm, @role or the agent's name
  stretch TEXT NOT NULL,          -- turn, task, day, total
  period_ms INTEGER NOT NULL,     -- when the turn, task, day or swarm began that this is about
  extra_usd INTEGER,              -- pico-dollars allowed on top, and so on
  extra_tokens INTEGER,
  extra_seconds INTEGER,
  told_percent INTEGER NOT NULL DEFAULT 0,  -- the highest threshold people were told of
  PRIMARY KEY(server, swarm, scope, stretch)
) STRICT, WITHOUT ROWID;

-- One row for each turn and each task of an agent, and each first prompt that waits; `ended_ms` is NULL while it goes on.
CREATE TABLE work(
  id INTEGER PRIMARY KEY,
  server TEXT NOT NULL,
  swarm TEXT NOT NULL,
  agent TEXT NOT NULL,
  role TEXT,
  kind TEXT NOT NULL,             -- turn, task or prompt
  name TEXT NOT NULL,             -- of the task, '' for a turn
  began_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  base_usd INTEGER NOT NULL,      -- what the agent had spent since `up` when it began
  base_tokens INTEGER NOT NULL,
  usd INTEGER,                    -- what it came to
  tokens INTEGER
) STRICT;
CREATE UNIQUE INDEX work_agent ON work(server, swarm, agent, kind, began_ms);

-- Agents that somebody put on hold.
CREATE TABLE hold(
  server TEXT NOT NULL,
  swarm TEXT NOT NULL,
  agent TEXT NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  since TEXT NOT NULL,
  PRIMARY KEY(server, swarm, agent)
) STRICT, WITHOUT ROWID;

CREATE INDEX usage_owner_agent ON usage_owner(swarm, agent);

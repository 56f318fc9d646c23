-- Where the last attempt to type a message began: what was there before proves nothing about it.

CREATE TABLE mark(
  message_id TEXT PRIMARY KEY REFERENCES message(id),
  at TEXT NOT NULL,
  transcript TEXT,                -- the receiver's
  bytes INTEGER,                  -- how long that was
  screen INTEGER                  -- how often the text, or its doorbell, stood on the screen and above it
) STRICT;

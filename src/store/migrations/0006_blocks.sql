-- Whether handoffs are taken from marked blocks in the replies of an instance: it is so from its start, or not at all.
ALTER TABLE instance ADD COLUMN handoff_block INTEGER NOT NULL DEFAULT 0;

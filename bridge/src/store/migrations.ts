/**
 * The schema, step by step: the index of a step plus one is the `user_version` it leads to. Steps are only ever added.
 * Times are seconds since 1970.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE bridge (
    bridge_id TEXT NOT NULL
  ) STRICT;

  CREATE TABLE accounts (
    account_id TEXT PRIMARY KEY,
    self TEXT NOT NULL,
    linked INTEGER NOT NULL,
    head INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  -- owner: an account id, or the name of a link that has no account yet.
  CREATE TABLE auth (
    owner TEXT NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, type, id)
  ) STRICT, WITHOUT ROWID;

  -- once: what makes the event the same event, where WhatsApp may tell it twice.
  CREATE TABLE journal (
    account_id TEXT NOT NULL REFERENCES accounts,
    seq INTEGER NOT NULL,
    once TEXT,
    event TEXT NOT NULL,
    stored_at REAL NOT NULL,
    PRIMARY KEY (account_id, seq),
    UNIQUE (account_id, once)
  ) STRICT;
  CREATE INDEX journal_by_time ON journal (stored_at);

  CREATE TABLE cursors (
    account_id TEXT NOT NULL REFERENCES accounts,
    consumer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (account_id, consumer)
  ) STRICT, WITHOUT ROWID;

  -- number: the age of a chat. listed: has a conversation or is on the engine's lists; others were only seen as senders.
  CREATE TABLE chats (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts,
    chat_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    listed INTEGER NOT NULL DEFAULT 0,
    listed_name TEXT,
    own_name TEXT,
    participants INTEGER,
    is_admin INTEGER,
    active_at REAL NOT NULL DEFAULT 0,
    UNIQUE (account_id, chat_id)
  ) STRICT;

  -- digits: the phone number of the alias, for numbers typed in any other form.
  CREATE TABLE aliases (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    value TEXT NOT NULL,
    kind TEXT NOT NULL,
    digits TEXT,
    chat INTEGER NOT NULL REFERENCES chats ON DELETE CASCADE,
    UNIQUE (account_id, value)
  ) STRICT;
  CREATE INDEX aliases_by_chat ON aliases (chat);
  CREATE INDEX aliases_by_digits ON aliases (account_id, digits);

  -- poll: question, options and selectable of a poll, as JSON.
  CREATE TABLE messages (
    account_id TEXT NOT NULL REFERENCES accounts,
    message_id TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    from_me INTEGER NOT NULL,
    raw BLOB NOT NULL,
    poll TEXT,
    stored_at REAL NOT NULL,
    PRIMARY KEY (account_id, message_id),
    UNIQUE (account_id, chat_id, external_id)
  ) STRICT;
  CREATE INDEX messages_by_external_id ON messages (account_id, external_id);
  CREATE INDEX messages_by_time ON messages (stored_at);

  CREATE TABLE votes (
    account_id TEXT NOT NULL,
    poll_id TEXT NOT NULL,
    voter_id TEXT NOT NULL,
    options TEXT NOT NULL,
    timestamp REAL NOT NULL,
    PRIMARY KEY (account_id, poll_id, voter_id),
    FOREIGN KEY (account_id, poll_id) REFERENCES messages ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;

  -- state: queued, sent or failed. retry: may be tried again until expires_at. The payload is the raw message.
  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    chat_id TEXT NOT NULL,
    state TEXT NOT NULL,
    retry INTEGER NOT NULL,
    expires_at REAL NOT NULL,
    sent_at REAL,
    error TEXT,
    UNIQUE (account_id, request_id),
    FOREIGN KEY (account_id, message_id) REFERENCES messages ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX outbox_queued ON outbox (account_id, number) WHERE state = 'queued';
  CREATE INDEX outbox_by_message ON outbox (account_id, message_id);
  `,
  `
  -- sender_id: a chat id; NULL for the account itself. kind: what was sent or received, also reactions and the like. said: kind, text, media and so on as JSON; NULL
  -- when deleted. choices: what can be answered with, as JSON. timestamp: WhatsApp's.
  ALTER TABLE messages ADD COLUMN sender_id TEXT;
  ALTER TABLE messages ADD COLUMN kind TEXT NOT NULL DEFAULT 'other';
  ALTER TABLE messages ADD COLUMN said TEXT;
  ALTER TABLE messages ADD COLUMN choices TEXT;
  ALTER TABLE messages ADD COLUMN quoted_message_id TEXT;
  ALTER TABLE messages ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE messages ADD COLUMN timestamp REAL NOT NULL DEFAULT 0;
  -- media: the file to be handed over first, as JSON.
  ALTER TABLE outbox ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN sent_as TEXT NOT NULL DEFAULT 'text';
  ALTER TABLE outbox ADD COLUMN typing INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN media TEXT;
  ALTER TABLE accounts ADD COLUMN settings TEXT;
  `,
  `
  -- folded: the name as it is searched. read_up_to: the newest message whose sender was shown that it was read.
  ALTER TABLE chats ADD COLUMN folded TEXT NOT NULL DEFAULT '';
  UPDATE chats SET folded = lower(coalesce(listed_name, own_name, ''));
  ALTER TABLE chats ADD COLUMN read_up_to TEXT;
  CREATE INDEX messages_by_chat ON messages (account_id, chat_id, timestamp);
  `,
  `
  -- tried: WhatsApp may have it already. told: what is to be told and done once it is confirmed, as JSON.
  ALTER TABLE outbox ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN told TEXT;
  DROP INDEX outbox_queued;
  CREATE INDEX outbox_queued ON outbox (account_id, priority DESC, number) WHERE state = 'queued';
  CREATE INDEX messages_questions ON messages (account_id, chat_id, timestamp) WHERE choices IS NOT NULL;
  `,
  `
  -- seen_at: when the consumer last listened (give or take a day) or acknowledged.
  ALTER TABLE cursors ADD COLUMN seen_at REAL NOT NULL DEFAULT 0;
  UPDATE cursors SET seen_at = unixepoch();
  `,
  `
  -- Every index is a page more to write with each message. Rows are in the order of time anyway, and WhatsApp's id of a message is mostly
  -- its message_id.
  DROP INDEX messages_by_time;
  DROP INDEX messages_by_external_id;
  CREATE INDEX messages_renamed ON messages (account_id, external_id) WHERE message_id <> external_id;
  CREATE TABLE leaner_journal (
    account_id TEXT NOT NULL REFERENCES accounts,
    seq INTEGER NOT NULL,
    once TEXT,
    event TEXT NOT NULL,
    stored_at REAL NOT NULL,
    PRIMARY KEY (account_id, seq),
    UNIQUE (account_id, once)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO leaner_journal SELECT account_id, seq, once, event, stored_at FROM journal;
  DROP TABLE journal;
  ALTER TABLE leaner_journal RENAME TO journal;
  `,
  `
  -- The file of a received message, in the media folder.
  CREATE TABLE media (
    account_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    mime TEXT NOT NULL,
    stored_at REAL NOT NULL,
    PRIMARY KEY (account_id, message_id),
    FOREIGN KEY (account_id, message_id) REFERENCES messages ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  `,
] as const

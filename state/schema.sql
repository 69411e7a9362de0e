-- The schema as of now: what a new database gets. An existing one comes here step by step
-- (migrations.py), and a test compares the two. Times are milliseconds since 1970 in UTC.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('epoch', 0), ('pings', 0);

CREATE TABLE actors (
    actor TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    status TEXT NOT NULL,
    state BLOB NOT NULL,
    failures INTEGER NOT NULL,
    flow_version TEXT,
    at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX actors_by_status ON actors (status);
CREATE INDEX actors_finished ON actors (at_ms, actor) WHERE status = 'finished';
CREATE INDEX actors_by_flow ON actors (flow_version) WHERE flow_version IS NOT NULL;

-- An alias may name an actor that has heard its first message but not yet handled it, so it does
-- not reference the table of actors.
CREATE TABLE aliases (
    alias TEXT NOT NULL PRIMARY KEY,
    actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX aliases_by_actor ON aliases (actor);

-- Open: done_ms is null. Dead letter: error is not null. Without an actor: nobody it could go to.
-- replays: the number of a dead letter's last replay, which is part of that message's id. A dead
-- letter that the operator drops is left as a handled message without a body.
CREATE TABLE inbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    actor TEXT,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    cause TEXT,
    epoch INTEGER NOT NULL,
    recoveries INTEGER NOT NULL DEFAULT 0,
    done_ms INTEGER,
    error TEXT,
    replays INTEGER NOT NULL DEFAULT 0,
    replayed_at_ms INTEGER,
    CHECK (actor IS NOT NULL OR done_ms IS NOT NULL),
    CHECK (error IS NULL OR done_ms IS NOT NULL)
) STRICT;

CREATE INDEX inbox_open ON inbox (actor, position, at_ms) WHERE done_ms IS NULL;
CREATE INDEX inbox_handled ON inbox (done_ms) WHERE done_ms IS NOT NULL AND error IS NULL;
CREATE INDEX inbox_dead ON inbox (position) WHERE error IS NOT NULL;

-- due_ms: when to send (pending), when to look again (unknown). epoch: the owner that claimed it.
-- window_ms: the window that the owner saw when it claimed. Settled: done_ms is not null.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    effect TEXT NOT NULL UNIQUE,
    actor TEXT NOT NULL,
    lane TEXT NOT NULL,
    destination TEXT NOT NULL,
    body BLOB NOT NULL,
    cause TEXT NOT NULL,
    topic TEXT,
    at_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    not_after_ms INTEGER,
    state TEXT NOT NULL CHECK (
        state IN ('pending', 'sending', 'held', 'unknown', 'delivered', 'rejected', 'dropped')
    ),
    attempts INTEGER NOT NULL DEFAULT 0,
    resends INTEGER NOT NULL DEFAULT 0,
    started_ms INTEGER,
    epoch INTEGER,
    window_ms INTEGER,
    rank INTEGER NOT NULL DEFAULT 0,
    vendor_id TEXT,
    error TEXT,
    done_ms INTEGER,
    CHECK ((done_ms IS NOT NULL) = (state IN ('delivered', 'rejected', 'dropped')))
) STRICT;

CREATE INDEX outbox_pending ON outbox (lane, position) WHERE state = 'pending';
CREATE INDEX outbox_sending ON outbox (lane, position) WHERE state = 'sending';
CREATE INDEX outbox_open ON outbox (actor, position) WHERE done_ms IS NULL;
CREATE INDEX outbox_held_until ON outbox (not_after_ms, position)
WHERE state = 'held' AND not_after_ms IS NOT NULL;
CREATE INDEX outbox_unknown ON outbox (due_ms, position) WHERE state = 'unknown';
CREATE INDEX outbox_topic ON outbox (actor, topic)
WHERE topic IS NOT NULL AND state IN ('pending', 'held');
CREATE INDEX outbox_settled ON outbox (done_ms) WHERE done_ms IS NOT NULL;

CREATE TABLE timers (
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (actor, name)
) STRICT;

CREATE INDEX timers_due ON timers (due_ms, actor, name);

CREATE TABLE windows (
    actor TEXT NOT NULL PRIMARY KEY,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    alias TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    body BLOB NOT NULL,
    until_ms INTEGER NOT NULL,
    opens_window_until_ms INTEGER
) STRICT;

CREATE INDEX parked_by_alias ON parked (alias, position);
CREATE INDEX parked_until ON parked (until_ms);

CREATE TABLE flows (
    version TEXT NOT NULL PRIMARY KEY,
    body BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

-- "rout": whose file it is. The version comes last, so that half a schema is never taken for one.
PRAGMA application_id = 1919907188;
PRAGMA user_version = 2;

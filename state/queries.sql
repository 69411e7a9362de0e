-- Every statement of the stores, by name. Lists travel as one JSON parameter, so that a statement
-- is the same text however many rows it is about.

-- name: ledger
-- What a transaction starts from: the owner, and the last positions given out.
SELECT
    (SELECT value FROM meta WHERE key = 'epoch'),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'inbox'), 0),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0);

-- name: raise_epoch
UPDATE meta SET value = value + 1 WHERE key = 'epoch' RETURNING value;

-- name: ping
UPDATE meta SET value = value + 1 WHERE key = 'pings';

-- --- messages ----------------------------------------------------------------------------------

-- name: known_names
-- ?1: ids of messages, ?2: aliases. Those of them that are known: a message with null, an alias with
-- its actor.
SELECT message_id, NULL FROM inbox WHERE message_id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT message_id, NULL FROM parked WHERE message_id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT alias, actor FROM aliases WHERE alias IN (SELECT value FROM json_each(?2));

-- name: put_message
INSERT INTO inbox (position, message_id, actor, at_ms, body, cause, epoch, done_ms, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: handle_message
UPDATE inbox SET done_ms = ?3 WHERE position = ?1 AND actor = ?2 AND done_ms IS NULL;

-- name: bury_message
UPDATE inbox SET done_ms = ?3, error = ?4
WHERE position = ?1 AND actor = ?2 AND done_ms IS NULL;

-- name: count_recovery
UPDATE inbox SET recoveries = recoveries + 1 WHERE position = ?1 AND done_ms IS NULL
RETURNING recoveries;

-- name: dead_letters
SELECT
    position, message_id, actor, at_ms, done_ms, error, body, cause, replayed_at_ms, replays
FROM inbox
WHERE error IS NOT NULL AND position > ?1 ORDER BY position LIMIT ?2;

-- name: dead_letter
SELECT
    position, message_id, actor, at_ms, done_ms, error, body, cause, replayed_at_ms, replays
FROM inbox
WHERE error IS NOT NULL AND position = ?1;

-- name: note_replay
UPDATE inbox SET replays = ?2, replayed_at_ms = ?3 WHERE position = ?1;

-- name: drop_dead_letter
-- What is left is as good as a handled message: the memory of its id, until that is pruned.
UPDATE inbox SET error = NULL, body = x'' WHERE position = ?1 AND error IS NOT NULL;

-- name: park_message
INSERT INTO parked (message_id, alias, at_ms, body, until_ms, opens_window_until_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: parked_for
SELECT alias, message_id, at_ms, body, opens_window_until_ms
FROM parked WHERE alias IN (SELECT value FROM json_each(?1)) ORDER BY position;

-- name: unpark
DELETE FROM parked WHERE alias IN (SELECT value FROM json_each(?1));

-- name: parked_past
SELECT position, message_id, at_ms, body, until_ms
FROM parked WHERE until_ms < ?1 ORDER BY until_ms, position LIMIT ?2;

-- name: unpark_one
DELETE FROM parked WHERE position = ?1;

-- --- actors, aliases, windows ------------------------------------------------------------------

-- name: versions
SELECT actor, version FROM actors WHERE actor IN (SELECT value FROM json_each(?1));

-- name: existing
SELECT actor FROM actors WHERE actor IN (SELECT value FROM json_each(?1))
UNION
SELECT actor FROM inbox WHERE done_ms IS NULL AND actor IN (SELECT value FROM json_each(?1));

-- name: write_actor
INSERT INTO actors (actor, version, status, state, failures, flow_version, at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (actor) DO UPDATE SET
    version = excluded.version,
    status = excluded.status,
    state = excluded.state,
    failures = excluded.failures,
    flow_version = excluded.flow_version,
    at_ms = excluded.at_ms
WHERE actors.version = excluded.version - 1;

-- name: write_state
-- By far the most turns: a column that is set has its indexes written, changed or not.
UPDATE actors SET version = version + 1, state = ?3, failures = ?4, at_ms = ?5
WHERE actor = ?1 AND version = ?2 AND status = ?6 AND flow_version IS ?7;

-- name: release_actor
UPDATE actors SET version = version + 1, status = 'active', failures = 0, at_ms = ?2
WHERE actor = ?1 AND status = 'quarantined';

-- name: write_alias
INSERT INTO aliases (alias, actor) VALUES (?1, ?2)
ON CONFLICT (alias) DO UPDATE SET actor = excluded.actor;

-- name: open_windows
-- ?1: pairs of actor and time. Returned: the actors whose window reaches further than before.
INSERT INTO windows (actor, until_ms)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1) WHERE true
ON CONFLICT (actor) DO UPDATE SET until_ms = excluded.until_ms
WHERE excluded.until_ms > windows.until_ms
RETURNING actor;

-- name: release_held
-- ?1: pairs of actor and time.
UPDATE outbox SET state = 'pending', due_ms = opened.at_ms
FROM (
    SELECT json_extract(value, '$[0]') AS actor, json_extract(value, '$[1]') AS at_ms
    FROM json_each(?1)
) AS opened
WHERE outbox.done_ms IS NULL AND outbox.state = 'held' AND outbox.actor = opened.actor
RETURNING position, lane, destination, due_ms;

-- --- timers ------------------------------------------------------------------------------------

-- name: set_timer
INSERT INTO timers (actor, name, generation, due_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (actor, name) DO UPDATE SET
    generation = excluded.generation,
    due_ms = excluded.due_ms,
    body = excluded.body;

-- name: clear_timer
DELETE FROM timers WHERE actor = ?1 AND name = ?2;

-- name: timers_due
SELECT actor, name, generation, body FROM timers WHERE due_ms <= ?1
ORDER BY due_ms, actor, name LIMIT ?2;

-- name: next_timer
SELECT min(due_ms) FROM timers;

-- --- the outbox --------------------------------------------------------------------------------

-- name: put_effect
INSERT INTO outbox (
    position, effect, actor, lane, destination, body, cause, topic, at_ms, due_ms, not_after_ms,
    state, done_ms
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: drop_topic
UPDATE outbox SET state = 'dropped', done_ms = ?3
WHERE actor = ?1 AND topic = ?2 AND state IN ('pending', 'held');

-- name: withdraw
-- What is to be sent again may have arrived before: it cannot be taken back.
UPDATE outbox SET state = 'dropped', done_ms = ?3
WHERE
    actor = ?1 AND effect IN (SELECT value FROM json_each(?2))
    AND state IN ('pending', 'held') AND resends = 0
RETURNING effect;

-- name: lane_heads
-- ?1: triples of index, lane and time. A row each: the index, whether the lane is busy, when to
-- look again, whether more than the head waits, and the head of the lane, or nulls.
WITH
wanted AS (
    SELECT
        json_extract(value, '$[0]') AS number,
        json_extract(value, '$[1]') AS lane,
        json_extract(value, '$[2]') AS now_ms
    FROM json_each(?1)
),
heads AS (
    SELECT
        number,
        lane,
        (
            SELECT position FROM outbox AS first
            WHERE
                first.state = 'pending' AND first.lane = wanted.lane
                AND (first.attempts > 0 OR first.due_ms <= wanted.now_ms)
            ORDER BY first.position LIMIT 1
        ) AS head
    FROM wanted
)
SELECT
    heads.number,
    EXISTS (
        SELECT 1 FROM outbox AS busy WHERE busy.state = 'sending' AND busy.lane = heads.lane
    ),
    (
        SELECT min(waiting.due_ms) FROM outbox AS waiting
        WHERE
            waiting.state = 'pending' AND waiting.lane = heads.lane
            AND (heads.head IS NULL OR waiting.position <= heads.head)
    ),
    EXISTS (
        SELECT 1 FROM outbox AS other
        WHERE
            other.state = 'pending' AND other.lane = heads.lane AND other.position <> heads.head
    ),
    outbox.position, outbox.effect, outbox.actor, outbox.lane, outbox.destination, outbox.body,
    outbox.cause, outbox.at_ms, outbox.attempts, outbox.due_ms, outbox.not_after_ms,
    windows.until_ms, outbox.resends
FROM heads
LEFT JOIN outbox ON outbox.position = heads.head
LEFT JOIN windows ON windows.actor = outbox.actor
ORDER BY heads.number;

-- name: begin_attempt
UPDATE outbox SET
    state = 'sending', attempts = attempts + 1, started_ms = ?2, epoch = ?3, window_ms = ?4
WHERE position = ?1 AND state = 'pending';

-- name: outcomes
SELECT
    outbox.effect, outbox.position, outbox.actor, outbox.lane, outbox.destination, outbox.cause,
    outbox.state, outbox.attempts, outbox.epoch, outbox.rank, outbox.window_ms, windows.until_ms
FROM outbox LEFT JOIN windows ON windows.actor = outbox.actor
WHERE outbox.effect IN (SELECT value FROM json_each(?1));

-- name: settle
UPDATE outbox SET
    state = ?2,
    due_ms = coalesce(?3, due_ms),
    done_ms = ?4,
    vendor_id = coalesce(?5, vendor_id),
    error = ?6,
    resends = resends + ?7
WHERE position = ?1;

-- name: note_receipt
UPDATE outbox SET
    state = ?2, done_ms = coalesce(done_ms, ?3), rank = ?4, vendor_id = coalesce(?5, vendor_id)
WHERE position = ?1;

-- name: interrupted
-- Few rows are being sent at a time; left to itself, SQLite walks the whole table for the order.
SELECT
    outbox.position, outbox.effect, outbox.actor, outbox.lane, outbox.destination, outbox.body,
    outbox.cause, outbox.at_ms, outbox.attempts, outbox.due_ms, outbox.not_after_ms,
    windows.until_ms, outbox.resends
FROM outbox INDEXED BY outbox_sending
LEFT JOIN windows ON windows.actor = outbox.actor
WHERE outbox.state = 'sending' AND outbox.epoch < ?1
ORDER BY outbox.position LIMIT ?2;

-- name: unknown_due
SELECT
    outbox.position, outbox.effect, outbox.actor, outbox.lane, outbox.destination, outbox.body,
    outbox.cause, outbox.at_ms, outbox.attempts, outbox.due_ms, outbox.not_after_ms,
    windows.until_ms, outbox.resends
FROM outbox LEFT JOIN windows ON windows.actor = outbox.actor
WHERE outbox.state = 'unknown' AND outbox.due_ms <= ?1
ORDER BY outbox.due_ms, outbox.position LIMIT ?2;

-- name: unknown_sends
-- Few rows are of unknown fate at a time: as with `interrupted`, do not walk the whole table.
SELECT
    outbox.position, outbox.effect, outbox.actor, outbox.lane, outbox.destination, outbox.body,
    outbox.cause, outbox.at_ms, outbox.attempts, outbox.due_ms, outbox.not_after_ms,
    windows.until_ms, outbox.resends
FROM outbox INDEXED BY outbox_unknown
LEFT JOIN windows ON windows.actor = outbox.actor
WHERE outbox.state = 'unknown' AND outbox.position > ?1
ORDER BY outbox.position LIMIT ?2;

-- name: open_lanes
SELECT lane, min(destination), min(due_ms) FROM outbox
WHERE state = 'pending' AND lane > ?1
GROUP BY lane ORDER BY lane LIMIT ?2;

-- --- reading -----------------------------------------------------------------------------------

-- name: load
SELECT actor, version, status, state, failures, flow_version FROM actors WHERE actor = ?1;

-- name: open_inbox
SELECT position, message_id, actor, at_ms, body, cause, epoch, recoveries
FROM inbox WHERE done_ms IS NULL AND actor = ?1 AND position > ?2
ORDER BY position LIMIT ?3;

-- name: actors_with_open_inbox
SELECT DISTINCT actor FROM inbox
WHERE done_ms IS NULL AND actor > ?1 AND at_ms < ?2
ORDER BY actor LIMIT ?3;

-- name: heard
-- By position, and a bounded stretch of them: what is kept has no index by actor.
SELECT position, message_id, actor, at_ms, body, cause, done_ms, error
FROM inbox
WHERE position > ?2 AND position <= ?3 AND actor IN (SELECT value FROM json_each(?1))
ORDER BY position;

-- name: heard_beyond
SELECT min(position) FROM inbox WHERE position > ?1;

-- name: called
SELECT
    position, effect, actor, body, cause, at_ms, due_ms, state, attempts, started_ms, done_ms, error
FROM outbox
WHERE position > ?2 AND position <= ?3 AND actor IN (SELECT value FROM json_each(?1))
ORDER BY position;

-- name: called_beyond
SELECT min(position) FROM outbox WHERE position > ?1;

-- name: counts
-- Asked while customers write: each count by an index that holds little else. A held call is open,
-- which is said so that SQLite sees it; else it would walk all calls ever made.
SELECT 'actors', status, count(*) FROM actors GROUP BY status
UNION ALL
SELECT 'inbox', 'open', count(*) FROM inbox WHERE done_ms IS NULL
UNION ALL
SELECT 'inbox', 'dead', count(*) FROM inbox WHERE error IS NOT NULL
UNION ALL
SELECT 'outbox', 'pending', count(*) FROM outbox WHERE state = 'pending'
UNION ALL
SELECT 'outbox', 'sending', count(*) FROM outbox WHERE state = 'sending'
UNION ALL
SELECT 'outbox', 'held', count(*) FROM outbox WHERE state = 'held' AND done_ms IS NULL
UNION ALL
SELECT 'outbox', 'unknown', count(*) FROM outbox WHERE state = 'unknown'
UNION ALL
SELECT 'timers', '', count(*) FROM timers
UNION ALL
SELECT 'parked', '', count(*) FROM parked;

-- --- flows and pruning -------------------------------------------------------------------------

-- name: keep_flow
-- Kept again, it counts as the newest again.
INSERT INTO flows (version, body, at_ms) VALUES (?1, ?2, ?3)
ON CONFLICT (version) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms);

-- name: flows
SELECT version, body FROM flows ORDER BY version;

-- name: prune_inbox
DELETE FROM inbox WHERE position IN (
    SELECT position FROM inbox
    WHERE done_ms IS NOT NULL AND error IS NULL AND done_ms < ?1
    ORDER BY done_ms LIMIT ?2
);

-- name: prune_outbox
DELETE FROM outbox WHERE position IN (
    SELECT position FROM outbox WHERE done_ms IS NOT NULL AND done_ms < ?1
    ORDER BY done_ms LIMIT ?2
);

-- name: prune_held
DELETE FROM outbox WHERE position IN (
    SELECT position FROM outbox WHERE state = 'held' AND not_after_ms < ?1
    ORDER BY not_after_ms, position LIMIT ?2
);

-- name: finished_actors
-- Left to itself, SQLite would sort all that are finished for each batch.
SELECT actor FROM actors INDEXED BY actors_finished
WHERE
    status = 'finished' AND at_ms < ?1
    AND NOT EXISTS (
        SELECT 1 FROM inbox WHERE inbox.actor = actors.actor AND inbox.done_ms IS NULL
    )
    AND NOT EXISTS (
        SELECT 1 FROM outbox WHERE outbox.actor = actors.actor AND outbox.done_ms IS NULL
    )
    AND NOT EXISTS (SELECT 1 FROM timers WHERE timers.actor = actors.actor)
ORDER BY at_ms, actor LIMIT ?2;

-- name: forget_actors
DELETE FROM actors WHERE actor IN (SELECT value FROM json_each(?1));

-- name: forget_aliases
DELETE FROM aliases WHERE actor IN (SELECT value FROM json_each(?1));

-- name: forget_windows
DELETE FROM windows WHERE actor IN (SELECT value FROM json_each(?1));

-- name: prune_flows
-- The newest stays even while nobody is in it: it is what the next conversation begins with.
DELETE FROM flows WHERE version IN (
    SELECT version FROM flows
    WHERE
        at_ms < ?1
        AND NOT EXISTS (SELECT 1 FROM actors WHERE actors.flow_version = flows.version)
        AND at_ms < (SELECT max(at_ms) FROM flows)
    ORDER BY at_ms LIMIT ?2
);

-- --- transactions ------------------------------------------------------------------------------

-- name: begin
-- Immediately: a transaction that reads first and then writes can be refused half-way.
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: savepoint
SAVEPOINT unit;

-- name: undo
ROLLBACK TO unit;

-- name: release
RELEASE unit;

-- name: checkpoint
PRAGMA wal_checkpoint(TRUNCATE);

-- Incremental syncs: what is known of the trackers, and what waits to be taken in.
-- Blobs named `issues` are a format byte and then postcard: the first id of the chunk, then the
-- difference of each to the one before. Of pairs the first ones of the chunk come first.

-- How far the changes of a tracker are known, and when it is asked next.
CREATE TABLE tracker_cursors (
    tracker BIGINT NOT NULL PRIMARY KEY REFERENCES trackers (id) ON DELETE CASCADE,
    watermark BIGINT NOT NULL,
    polled_time BIGINT NOT NULL,
    due_time BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    forgotten_hint BIGINT NOT NULL
) WITHOUT ROWID;

-- Issues that have changed, or may have. A source is told once: the delivery of a webhook, or the
-- stamp of an issue that a poll found.
CREATE TABLE hints (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tracker BIGINT NOT NULL REFERENCES trackers (id) ON DELETE CASCADE,
    issue BIGINT NOT NULL,
    source TEXT NOT NULL,
    time BIGINT NOT NULL,
    UNIQUE (tracker, source)
);

-- What waits for the next incremental sync of a structure.
CREATE TABLE sync_states (
    structure BIGINT NOT NULL PRIMARY KEY REFERENCES structures (id) ON DELETE CASCADE,
    first_change_time BIGINT,
    last_change_time BIGINT,
    change_count BIGINT NOT NULL,
    cause TEXT NOT NULL,
    not_before BIGINT
) WITHOUT ROWID;

-- What a synchronizer has read, as far as it is up to date: in parts, which are 0 the issues, in
-- their order, 1 pairs of issues (links or epics), 2 sub-tasks.
CREATE TABLE mirrors (
    synchronizer BIGINT NOT NULL PRIMARY KEY REFERENCES synchronizers (id) ON DELETE CASCADE,
    structure BIGINT NOT NULL,
    tracker BIGINT NOT NULL,
    volatile BOOLEAN NOT NULL,
    hint BIGINT NOT NULL,
    forest_version BIGINT NOT NULL,
    swept_time BIGINT NOT NULL,
    listed_time BIGINT NOT NULL,
    synced_time BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mirrors_by_tracker ON mirrors (tracker);

CREATE TABLE mirror_chunks (
    synchronizer BIGINT NOT NULL REFERENCES mirrors (synchronizer) ON DELETE CASCADE,
    part SMALLINT NOT NULL,
    chunk BIGINT NOT NULL,
    issues BLOB NOT NULL,
    PRIMARY KEY (synchronizer, part, chunk)
) WITHOUT ROWID;

-- A structure has one incremental sync that runs or waits: a second one would do the same.
CREATE UNIQUE INDEX jobs_of_incremental_syncs ON jobs (structure)
    WHERE kind = 'incremental_sync' AND end_time IS NULL;

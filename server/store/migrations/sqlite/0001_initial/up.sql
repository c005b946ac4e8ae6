-- The first schema. Times are milliseconds since the Unix epoch. Order keys compare as bytes.
-- Blobs named `changes` are a format byte and then postcard, deflated or not; see src/blob.rs.

CREATE TABLE server_meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);
-- The row that workers lock while they choose a job, where the database has several writers.
INSERT INTO server_meta (name, value) VALUES ('schedule', X'');

-- lineage: one unbroken history; serial: a number for each commit of rows, claims or base in it.
CREATE TABLE structures (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    forest_version BIGINT NOT NULL,
    lineage TEXT NOT NULL,
    serial BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    next_row_id BIGINT NOT NULL,
    creator TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    delete_time BIGINT,
    etag BIGINT NOT NULL
);

-- One entry a version; the steps are in forest_changes, in chunks.
CREATE TABLE forest_versions (
    structure BIGINT NOT NULL,
    version BIGINT NOT NULL,
    time BIGINT NOT NULL,
    principal TEXT NOT NULL,
    job BIGINT,
    synchronizer BIGINT,
    reason TEXT NOT NULL,
    change_count BIGINT NOT NULL,
    PRIMARY KEY (structure, version)
) WITHOUT ROWID;

CREATE TABLE forest_changes (
    structure BIGINT NOT NULL,
    version BIGINT NOT NULL,
    chunk BIGINT NOT NULL,
    changes BLOB NOT NULL,
    PRIMARY KEY (structure, version, chunk)
) WITHOUT ROWID;

-- No foreign key: checking it for each row costs more than the insert.
CREATE TABLE rows (
    structure BIGINT NOT NULL,
    id BIGINT NOT NULL,
    parent BIGINT,
    position BLOB NOT NULL,
    tracker BIGINT,
    issue BIGINT,
    title TEXT,
    alias BOOLEAN NOT NULL,
    placed_by BIGINT,
    PRIMARY KEY (structure, id),
    CHECK ((issue IS NULL) = (tracker IS NULL) AND (issue IS NULL) <> (title IS NULL))
) WITHOUT ROWID;

-- source: 0 is a person, anything else a synchronizer.
CREATE TABLE claims (
    structure BIGINT NOT NULL,
    "row" BIGINT NOT NULL,
    source BIGINT NOT NULL,
    PRIMARY KEY (structure, "row", source)
) WITHOUT ROWID;

CREATE TABLE trackers (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    product TEXT NOT NULL,
    base_uri TEXT NOT NULL,
    credential TEXT NOT NULL,
    limits TEXT NOT NULL,
    state TEXT NOT NULL,
    last_error TEXT,
    last_contact_time BIGINT,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    etag BIGINT NOT NULL
);

CREATE TABLE observations (
    tracker BIGINT NOT NULL,
    issue BIGINT NOT NULL,
    issue_key TEXT NOT NULL,
    summary TEXT NOT NULL,
    project TEXT NOT NULL,
    type_id TEXT NOT NULL,
    type_name TEXT NOT NULL,
    subtask BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    assignee TEXT,
    parent BIGINT,
    updated BIGINT NOT NULL,
    seen_time BIGINT NOT NULL,
    gone_time BIGINT,
    PRIMARY KEY (tracker, issue)
) WITHOUT ROWID;
CREATE INDEX observations_by_key ON observations (tracker, issue_key);

CREATE TABLE synchronizers (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    structure BIGINT NOT NULL REFERENCES structures (id),
    slug TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    ordinal BIGINT NOT NULL,
    display_name TEXT NOT NULL,
    tracker BIGINT NOT NULL REFERENCES trackers (id),
    settings TEXT NOT NULL,
    state TEXT NOT NULL,
    run_as TEXT NOT NULL,
    last_error TEXT,
    base_settings_hash TEXT,
    last_resync_time BIGINT,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL,
    etag BIGINT NOT NULL,
    UNIQUE (structure, slug),
    UNIQUE (structure, ordinal)
);
CREATE INDEX synchronizers_by_tracker ON synchronizers (tracker);

-- The value on which both sides last agreed, by synchronizer, issue and aspect.
CREATE TABLE base (
    synchronizer BIGINT NOT NULL REFERENCES synchronizers (id) ON DELETE CASCADE,
    issue BIGINT NOT NULL,
    aspect TEXT NOT NULL,
    value BLOB NOT NULL,
    tracker_updated BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (synchronizer, issue, aspect)
) WITHOUT ROWID;

-- What a synchronizer wants of a row, also while another one owns the aspect.
CREATE TABLE wishes (
    structure BIGINT NOT NULL,
    "row" BIGINT NOT NULL,
    aspect TEXT NOT NULL,
    synchronizer BIGINT NOT NULL REFERENCES synchronizers (id) ON DELETE CASCADE,
    value BLOB NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (structure, "row", aspect, synchronizer)
) WITHOUT ROWID;

CREATE TABLE jobs (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    structure BIGINT NOT NULL REFERENCES structures (id),
    synchronizer BIGINT,
    kind TEXT NOT NULL,
    preview BOOLEAN NOT NULL,
    confirmed_preview BIGINT,
    state TEXT NOT NULL,
    wait_reason TEXT,
    blocking_job BIGINT,
    rule TEXT,
    synchronizer_etag TEXT NOT NULL,
    request TEXT NOT NULL,
    progress TEXT NOT NULL,
    counters TEXT NOT NULL,
    plan TEXT,
    error TEXT,
    cause TEXT NOT NULL,
    creator TEXT NOT NULL,
    create_time BIGINT NOT NULL,
    start_time BIGINT,
    update_time BIGINT NOT NULL,
    end_time BIGINT,
    attempt INTEGER NOT NULL,
    next_attempt_time BIGINT,
    base_forest_version BIGINT,
    result_forest_version BIGINT,
    points TEXT,
    lease_owner TEXT,
    lease_until BIGINT,
    epoch BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX jobs_by_structure ON jobs (structure, id);
CREATE INDEX jobs_live ON jobs (id) WHERE end_time IS NULL;
-- A preview is confirmed once, whoever asks.
CREATE UNIQUE INDEX jobs_by_confirmed_preview ON jobs (confirmed_preview);

CREATE TABLE job_changes (
    job BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    chunk BIGINT NOT NULL,
    first_ordinal BIGINT NOT NULL,
    changes BLOB NOT NULL,
    PRIMARY KEY (job, chunk)
) WITHOUT ROWID;

CREATE TABLE job_log (
    job BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL,
    time BIGINT NOT NULL,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    issue_key TEXT,
    PRIMARY KEY (job, ordinal)
) WITHOUT ROWID;

-- Every write to a tracker, with what was there before it, noted before it is sent.
CREATE TABLE journal (
    operation TEXT NOT NULL PRIMARY KEY,
    job BIGINT NOT NULL REFERENCES jobs (id),
    structure BIGINT NOT NULL,
    tracker BIGINT NOT NULL,
    issue BIGINT NOT NULL,
    aspect TEXT NOT NULL,
    kind TEXT NOT NULL,
    pre BLOB,
    post BLOB,
    state TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    intent_time BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    outcome TEXT
) WITHOUT ROWID;
CREATE INDEX journal_by_job ON journal (job);

CREATE TABLE requests (
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    request_id TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    subject BIGINT NOT NULL,
    answer BLOB NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (principal, method, request_id)
) WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests (time);

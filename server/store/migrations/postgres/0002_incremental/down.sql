DROP INDEX jobs_of_incremental_syncs;
DROP TABLE mirror_chunks;
DROP TABLE mirrors;
DROP TABLE sync_states;
DROP TABLE hints;
DROP TABLE tracker_cursors;

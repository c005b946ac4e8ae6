//! The tables of incremental syncs as diesel knows them, for both databases.

use crate::schema::synchronizers;

diesel::table! {
    tracker_cursors (tracker) {
        tracker -> BigInt,
        watermark -> BigInt,
        polled_time -> BigInt,
        due_time -> BigInt,
        epoch -> BigInt,
        failures -> Integer,
        forgotten_hint -> BigInt,
    }
}

diesel::table! {
    hints (id) {
        id -> BigInt,
        tracker -> BigInt,
        issue -> BigInt,
        source -> Text,
        time -> BigInt,
    }
}

diesel::table! {
    sync_states (structure) {
        structure -> BigInt,
        first_change_time -> Nullable<BigInt>,
        last_change_time -> Nullable<BigInt>,
        change_count -> BigInt,
        cause -> Text,
        not_before -> Nullable<BigInt>,
    }
}

diesel::table! {
    mirrors (synchronizer) {
        synchronizer -> BigInt,
        structure -> BigInt,
        tracker -> BigInt,
        volatile -> Bool,
        hint -> BigInt,
        forest_version -> BigInt,
        swept_time -> BigInt,
        listed_time -> BigInt,
        synced_time -> BigInt,
    }
}

diesel::table! {
    mirror_chunks (synchronizer, part, chunk) {
        synchronizer -> BigInt,
        part -> SmallInt,
        chunk -> BigInt,
        issues -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(mirrors, synchronizers);

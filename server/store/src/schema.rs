//! The tables as diesel knows them, for both databases. Tables that no query uses yet (`wishes`,
//! `journal`) are in the migrations only.

diesel::table! {
    server_meta (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    structures (id) {
        id -> BigInt,
        slug -> Text,
        uid -> Text,
        display_name -> Text,
        description -> Text,
        forest_version -> BigInt,
        lineage -> Text,
        serial -> BigInt,
        row_count -> BigInt,
        next_row_id -> BigInt,
        creator -> Text,
        create_time -> BigInt,
        update_time -> BigInt,
        delete_time -> Nullable<BigInt>,
        etag -> BigInt,
    }
}

diesel::table! {
    forest_versions (structure, version) {
        structure -> BigInt,
        version -> BigInt,
        time -> BigInt,
        principal -> Text,
        job -> Nullable<BigInt>,
        synchronizer -> Nullable<BigInt>,
        reason -> Text,
        change_count -> BigInt,
    }
}

diesel::table! {
    forest_changes (structure, version, chunk) {
        structure -> BigInt,
        version -> BigInt,
        chunk -> BigInt,
        changes -> Binary,
    }
}

diesel::table! {
    rows (structure, id) {
        structure -> BigInt,
        id -> BigInt,
        parent -> Nullable<BigInt>,
        position -> Binary,
        tracker -> Nullable<BigInt>,
        issue -> Nullable<BigInt>,
        title -> Nullable<Text>,
        alias -> Bool,
        placed_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    claims (structure, row, source) {
        structure -> BigInt,
        row -> BigInt,
        source -> BigInt,
    }
}

diesel::table! {
    trackers (id) {
        id -> BigInt,
        slug -> Text,
        uid -> Text,
        display_name -> Text,
        product -> Text,
        base_uri -> Text,
        credential -> Text,
        limits -> Text,
        state -> Text,
        last_error -> Nullable<Text>,
        last_contact_time -> Nullable<BigInt>,
        create_time -> BigInt,
        update_time -> BigInt,
        etag -> BigInt,
    }
}

diesel::table! {
    observations (tracker, issue) {
        tracker -> BigInt,
        issue -> BigInt,
        issue_key -> Text,
        summary -> Text,
        project -> Text,
        type_id -> Text,
        type_name -> Text,
        subtask -> Bool,
        status -> Text,
        assignee -> Nullable<Text>,
        parent -> Nullable<BigInt>,
        updated -> BigInt,
        seen_time -> BigInt,
        gone_time -> Nullable<BigInt>,
    }
}

diesel::table! {
    synchronizers (id) {
        id -> BigInt,
        structure -> BigInt,
        slug -> Text,
        uid -> Text,
        ordinal -> BigInt,
        display_name -> Text,
        tracker -> BigInt,
        settings -> Text,
        state -> Text,
        run_as -> Text,
        last_error -> Nullable<Text>,
        base_settings_hash -> Nullable<Text>,
        last_resync_time -> Nullable<BigInt>,
        create_time -> BigInt,
        update_time -> BigInt,
        etag -> BigInt,
    }
}

diesel::table! {
    base (synchronizer, issue, aspect) {
        synchronizer -> BigInt,
        issue -> BigInt,
        aspect -> Text,
        value -> Binary,
        tracker_updated -> BigInt,
        time -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        uid -> Text,
        structure -> BigInt,
        synchronizer -> Nullable<BigInt>,
        kind -> Text,
        preview -> Bool,
        confirmed_preview -> Nullable<BigInt>,
        state -> Text,
        wait_reason -> Nullable<Text>,
        blocking_job -> Nullable<BigInt>,
        rule -> Nullable<Text>,
        synchronizer_etag -> Text,
        request -> Text,
        progress -> Text,
        counters -> Text,
        plan -> Nullable<Text>,
        error -> Nullable<Text>,
        cause -> Text,
        creator -> Text,
        create_time -> BigInt,
        start_time -> Nullable<BigInt>,
        update_time -> BigInt,
        end_time -> Nullable<BigInt>,
        attempt -> Integer,
        next_attempt_time -> Nullable<BigInt>,
        base_forest_version -> Nullable<BigInt>,
        result_forest_version -> Nullable<BigInt>,
        points -> Nullable<Text>,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<BigInt>,
        epoch -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    job_changes (job, chunk) {
        job -> BigInt,
        chunk -> BigInt,
        first_ordinal -> BigInt,
        changes -> Binary,
    }
}

diesel::table! {
    job_log (job, ordinal) {
        job -> BigInt,
        ordinal -> BigInt,
        time -> BigInt,
        severity -> Text,
        message -> Text,
        issue_key -> Nullable<Text>,
    }
}

diesel::table! {
    requests (principal, method, request_id) {
        principal -> Text,
        method -> Text,
        request_id -> Text,
        body_hash -> Binary,
        subject -> BigInt,
        answer -> Binary,
        time -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(rows, observations);
diesel::allow_tables_to_appear_in_same_query!(forest_versions, forest_changes);

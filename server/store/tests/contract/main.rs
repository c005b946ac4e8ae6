//! What every store promises, checked on each: SQLite in a file with its threads, SQLite in
//! memory on the calling thread, and a real PostgreSQL. Beside it, what only one of them does.

#![expect(
    clippy::unwrap_used,
    reason = "a contract that panics is a test that fails"
)]

mod base;
mod claiming;
mod data;
mod errors;
mod fixture;
mod forest;
mod history;
mod incremental;
mod jobs;
mod migrations;
mod observations;
mod postgres;
mod requests;
mod shown;
mod structures;
mod synchronizers;
mod trackers;

use resync_store::testing::PrivatePostgres;
use resync_store::{Executor, Location, Store};

/// Runs a test to its end on a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn on_sqlite_in_a_file(contract: impl AsyncFnOnce(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("store.sqlite3"));
    block_on(async { contract(&Store::open(location, Executor::Threads).await.unwrap()).await });
}

fn on_sqlite_in_memory(contract: impl AsyncFnOnce(&Store)) {
    block_on(async {
        contract(
            &Store::open(Location::Memory, Executor::Inline)
                .await
                .unwrap(),
        )
        .await;
    });
}

fn on_postgres(contract: impl AsyncFnOnce(&Store)) {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let location = Location::Postgres(server.create_database());
    block_on(async { contract(&Store::open(location, Executor::Threads).await.unwrap()).await });
}

/// Makes a test of each contract on each store.
macro_rules! on_each_store {
    ($($module:ident { $($contract:ident)* })*) => {
        mod sqlite_in_a_file { $(mod $module { $(
            #[test]
            fn $contract() { crate::on_sqlite_in_a_file(crate::$module::$contract); }
        )* })* }
        mod sqlite_in_memory { $(mod $module { $(
            #[test]
            fn $contract() { crate::on_sqlite_in_memory(crate::$module::$contract); }
        )* })* }
        mod postgresql { $(mod $module { $(
            #[test]
            fn $contract() { crate::on_postgres(crate::$module::$contract); }
        )* })* }
    };
}

on_each_store! {
    structures {
        a_structure_is_read_back_as_it_was_created
        a_slug_is_taken_also_by_a_deleted_structure
        an_update_changes_only_what_it_names
        an_update_with_an_old_etag_is_stale
        a_deleted_structure_takes_no_changes_until_it_is_undeleted
        a_deleted_structure_has_its_synchronizers_disabled
        a_structure_with_a_live_job_is_not_deleted
        structures_are_listed_by_page_and_filter
        an_unknown_structure_is_not_found
    }
    forest {
        a_commit_is_read_back_whole
        a_commit_on_an_old_version_is_stale_and_keeps_nothing
        of_two_commits_on_one_version_one_is_kept
        a_commit_without_changes_keeps_the_version
        a_commit_to_a_deleted_structure_is_refused
        claims_go_with_their_row_and_are_made_and_withdrawn
        the_last_of_several_changes_of_a_claim_counts
        history_is_read_forward_by_page
        many_rows_and_changes_survive
        a_commit_ends_its_job_in_the_same_transaction
        a_commit_whose_lease_is_lost_keeps_nothing
        rows_sort_and_compare_as_bytes
    }
    history {
        the_history_of_a_structure_has_a_lineage_of_its_own_and_begins_at_0
        rows_and_claims_make_a_point_and_observations_make_none
        settings_that_change_make_a_point_and_a_name_makes_none
        a_synchronizer_that_goes_makes_a_point
        a_job_commits_only_at_the_point_that_it_planned_from
        a_job_keeps_the_points_of_its_plan_and_of_its_commit
    }
    base {
        a_base_is_read_back_by_issue_and_aspect
        a_base_never_moves_to_an_older_read
        a_base_that_moves_makes_a_point_and_one_that_stays_makes_none
        a_base_is_not_moved_without_the_lease
        more_of_a_base_than_one_statement_takes
    }
    incremental {
        a_hint_is_told_once_for_each_source
        hints_and_edits_make_a_followed_structure_due_and_no_other
        a_structure_has_one_incremental_sync_at_a_time
        a_mirror_is_read_back_in_its_order
        what_was_counted_since_goes_on_waiting
        a_sync_that_commits_nothing_is_kept_at_its_point_only
        other_settings_forget_the_mirror
        a_poll_is_claimed_once_and_its_end_written_by_its_claimer_only
        a_failed_poll_leaves_the_cursor
        old_hints_are_forgotten_once_everybody_has_them
        of_syncs_without_an_effect_the_newest_is_kept
    }
    observations {
        an_observation_is_read_back_by_id_and_by_key
        an_older_observation_is_never_accepted
        an_equal_observation_is_not_written
        the_newest_of_several_observations_counts
        a_gone_issue_comes_back_with_the_next_observation
        observations_of_a_structure_are_those_of_its_rows
        more_observations_than_one_statement_takes
    }
    shown {
        issues_are_shown_as_they_were_observed
        rows_are_read_in_parts_of_one_version
    }
    synchronizers {
        a_synchronizer_is_read_back_as_it_was_installed
        a_slug_is_taken_within_its_structure_only
        a_synchronizer_needs_its_structure_and_tracker
        synchronizers_are_listed_in_the_order_of_installation
        an_enabled_synchronizer_is_not_updated
        the_etag_follows_settings_and_state_only
        a_deleted_synchronizer_leaves_its_rows_to_people
        a_synchronizer_with_a_live_job_is_not_deleted
        a_synchronizer_is_not_deleted_under_a_running_incremental_sync
    }
    trackers {
        a_tracker_is_read_back_as_it_was_created
        an_update_makes_a_tracker_unchecked
        an_update_with_an_old_etag_is_stale
        contact_is_noted_when_it_is_news
        a_tracker_in_use_is_not_deleted
    }
    jobs {
        a_job_is_read_back_as_it_was_created
        a_second_live_resync_of_a_synchronizer_is_refused
        of_concurrent_resyncs_of_a_synchronizer_one_is_accepted
        a_cancellation_is_not_lost_among_updates
        a_queued_resync_waits_behind_a_live_one
        a_preview_is_confirmed_once
        a_preview_is_accepted_beside_a_live_resync
        a_job_with_an_old_etag_of_its_synchronizer_is_stale
        a_job_of_a_deleted_structure_is_refused
        jobs_are_listed_newest_first_by_filter
        every_visible_change_grows_the_revision
        a_final_state_ends_the_job_and_its_lease
        a_forbidden_transition_is_refused
        a_pending_job_is_cancelled_at_once
        a_running_job_is_cancelled_by_its_worker
        changes_are_listed_by_page_and_read_as_applied_after_the_commit
        a_plan_replaces_the_one_before
        the_log_is_appended_and_read_by_page
    }
    claiming {
        nothing_is_claimed_when_there_is_nothing
        eight_workers_claim_twenty_jobs_exactly_once
        workers_that_claim_together_never_share_a_structure
        one_job_at_a_time_changes_a_structure
        a_resync_waits_for_a_running_incremental_sync
        a_preview_runs_beside_a_resync
        capacity_is_not_exceeded
        a_job_whose_worker_vanished_is_claimed_again
        a_heartbeat_keeps_the_lease
        a_lost_lease_writes_nothing
        a_released_job_is_due_later_and_lets_others_pass
        a_job_being_cancelled_is_claimed_to_be_finished
    }
    requests {
        an_answer_is_recorded_without_an_effect
        a_repeated_request_is_answered_the_same
        a_request_id_with_another_body_is_refused
        a_request_that_failed_can_be_repeated
        a_request_id_belongs_to_its_caller_and_method
        an_answer_is_forgotten_after_a_day
        of_concurrent_equal_requests_one_has_an_effect
        the_secret_is_made_once
    }
    migrations {
        the_schema_goes_down_and_up_again_over_stored_data
        opening_again_changes_nothing
    }
}

//! The whole server on PostgreSQL: two servers on one database.

use crate::support::outline;
use crate::support::server::{self, Server, force, jql, preview_and_run, succeeded};
use resync_api::v1::{Structure, SubtasksRule};
use resync_simulator::Flavour;
use resync_store::testing::PrivatePostgres;
use resync_store::{Executor, Location, Store};

async fn open(url: &str) -> Store {
    Store::open(Location::Postgres(url.to_owned()), Executor::Threads)
        .await
        .expect("the database opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_on_postgresql_is_seen_by_a_second_server_on_the_same_database() {
    let Some(postgres) = PrivatePostgres::shared() else {
        return;
    };
    let url = postgres.create_database();
    let simulator = server::simulator(Flavour::Cloud);
    simulator.load_sample();
    let folder = || tempfile::tempdir().expect("a folder can be made");
    let one = Server::start_on(
        open(&url).await,
        folder(),
        Flavour::Cloud,
        simulator.clone(),
    )
    .await;
    one.structure("plan").await;
    one.subtasks("plan", SubtasksRule::default()).await;
    let filter = one
        .filter(
            "plan",
            "scope",
            jql("labels = launch-2026 ORDER BY key ASC"),
        )
        .await;
    succeeded(&force(&filter).await);
    let first = outline::of(&one.client, "plan").await;
    assert!(first.starts_with("ONB-1\n"), "{first}");

    simulator.edit(|state| state.set_labels("PAY-9", &[]).expect("it is there"));
    let (preview, run) = preview_and_run(&filter).await;
    succeeded(&run);
    assert_eq!(
        preview
            .plan
            .expect("there is a plan")
            .destructive_change_count,
        1
    );

    let store = open(&url).await;
    let other = run_beside(store).await;
    assert_eq!(
        outline::of(&one.client, "plan").await,
        outline::of(&other.client, "plan").await
    );
    let structure: Structure = other
        .client
        .structure("plan")
        .get()
        .await
        .expect("it is there");
    assert_eq!(structure.display_name, "plan");
    other.stop().await;
    one.stop().await;
}

/// A second server, with a Jira of its own that it does not need.
async fn run_beside(store: Store) -> Server {
    let folder = tempfile::tempdir().expect("a folder can be made");
    Server::beside(store, folder, server::simulator(Flavour::Cloud)).await
}

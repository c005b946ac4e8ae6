//! The schema: up, down and up again.

use crate::fixture::{read_everything, seed};
use resync_store::Store;
use resync_store::testing::{dump, migrate, revert_migrations};

pub(crate) async fn the_schema_goes_down_and_up_again_over_stored_data(store: &Store) {
    let empty = facts(store).await;
    seed(store).await;
    assert_ne!(facts(store).await, empty);
    revert_migrations(store).await.unwrap();
    migrate(store).await.unwrap();
    assert_eq!(facts(store).await, empty);
    seed(store).await;
    read_everything(store).await;
}

pub(crate) async fn opening_again_changes_nothing(store: &Store) {
    seed(store).await;
    let before = dump(store).await.unwrap();
    migrate(store).await.unwrap();
    assert_eq!(dump(store).await.unwrap(), before);
}

/// Everything but when the migrations were run.
async fn facts(store: &Store) -> String {
    let text = dump(store).await.unwrap();
    let (facts, _) = text.split_once("__diesel_schema_migrations").unwrap();
    facts.to_owned()
}

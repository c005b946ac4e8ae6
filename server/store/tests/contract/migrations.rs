//! The schema: up, down and up again.

use crate::fixture::{read_everything, seed};
use resync_store::Store;
use resync_store::testing::{migrate, revert_migrations};

pub(crate) async fn the_schema_goes_down_and_up_again_over_stored_data(store: &Store) {
    seed(store).await;
    revert_migrations(store).await.unwrap();
    migrate(store).await.unwrap();
    assert_eq!(store.list_trackers().await.unwrap(), []);
    seed(store).await;
    read_everything(store).await;
}

pub(crate) async fn opening_again_changes_nothing(store: &Store) {
    seed(store).await;
    migrate(store).await.unwrap();
    read_everything(store).await;
}

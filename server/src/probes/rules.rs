//! Whether a tracker has what the settings of a synchronizer name.
//!
//! What it is not: the checks of a resync; what was there once may be gone by then.

use resync_core::problem::Reason;
use resync_core::synchronizer::{AgileScope, AgileSettings, LinksSettings};
use resync_service::Refusal;
use resync_tracker::{Error, Query, TrackerReader};
use std::sync::Arc;

/// Link types that are told when the one that was asked for is not there: enough for every site
/// that people still have an overview of.
const TYPES_TOLD_MAX: usize = 40;

/// The link type is there, and the queries are accepted.
pub(super) async fn check_links(
    reader: &dyn TrackerReader,
    settings: &LinksSettings,
    told: &(impl Fn(Error) -> Refusal + Sync),
) -> Result<(), Refusal> {
    let types = reader.link_types().await.map_err(told)?;
    if !types.iter().any(|known| known.id == settings.link_type) {
        let known = types.iter().take(TYPES_TOLD_MAX);
        let known: Vec<String> = known
            .map(|known| format!("{} {}", known.id, known.name))
            .collect();
        let message = format!(
            "there is no link type {:.40}; there are: {}",
            settings.link_type.as_str(),
            known.join(", ")
        );
        let refusal = Refusal::new(Reason::QueryInvalid, message);
        return Err(refusal.at("synchronizer.rule.links.link_type_id"));
    }
    let queries = [
        ("parent_jql", &settings.parent_jql),
        ("child_jql", &settings.child_jql),
    ];
    for (field, jql) in queries {
        let Some(jql) = jql else { continue };
        let checked = reader.check_query(&Query::Jql(Arc::clone(jql))).await;
        if let Err(error) = checked {
            return Err(at("links", field, told(error)).with("jql", jql));
        }
    }
    Ok(())
}

/// The board is there, and has an order by rank where one is asked for. Projects are looked at by
/// the resync.
pub(super) async fn check_agile(
    reader: &dyn TrackerReader,
    settings: &AgileSettings,
    told: &(impl Fn(Error) -> Refusal + Sync),
) -> Result<(), Refusal> {
    let AgileScope::Board(id) = &settings.scope else {
        return Ok(());
    };
    let found = reader.board(id).await;
    let board = found.map_err(|error| at("agile", "board_id", told(error)))?;
    if settings.sync_rank && !board.ranked {
        let message = format!(
            "the filter of board {id} is not ordered by rank; let it end with ORDER BY Rank, or \
             switch `sync_rank` off"
        );
        let refusal = Refusal::new(Reason::QueryInvalid, message);
        return Err(refusal.at("synchronizer.rule.agile.board_id"));
    }
    Ok(())
}

/// Says which field it is, when it is the field that is wrong, and not the connection.
fn at(kind: &str, field: &str, refusal: Refusal) -> Refusal {
    match refusal.problem.reason {
        Reason::QueryInvalid => refusal.at(format!("synchronizer.rule.{kind}.{field}")),
        _ => refusal,
    }
}

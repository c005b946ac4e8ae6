//! A board's configuration, and which field it ranks by.
//!
//! What it is not: the board's issues; its filter finds those.

use super::answer::Failure;
use super::exchange::Call;
use super::field::HierarchyFields;
use super::jql::Jql;
use super::transport::Transport;
use super::wire::{self, Unreadable};
use super::{Jira, answer};
use crate::Error;
use crate::agile::Board;
use resync_core::id::JiraId;
use rustc_hash::FxHashMap;
use serde::Deserialize;

#[derive(Deserialize)]
struct WireBoard {
    name: String,
    filter: WireFilter,
    ranking: Option<WireRanking>,
}

#[derive(Deserialize)]
struct WireFilter {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRanking {
    rank_custom_field_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireField {
    id: String,
    #[serde(default)]
    clause_names: Vec<String>,
}

/// The fields of the site.
pub(super) struct SiteFields {
    pub(super) hierarchy: HierarchyFields,
    /// By which names queries know a field.
    clauses: FxHashMap<String, Vec<String>>,
}

impl SiteFields {
    fn read(body: &[u8]) -> Result<SiteFields, Unreadable> {
        let hierarchy = HierarchyFields::discover(body)?;
        let fields: Vec<WireField> = wire::value(body)?;
        let clauses = fields
            .into_iter()
            .map(|field| (field.id, field.clause_names));
        Ok(SiteFields {
            hierarchy,
            clauses: clauses.collect(),
        })
    }

    /// Whether a query's order is by the field first, ascending.
    fn orders_by(&self, query: &Jql, field: &str) -> bool {
        let Some((first, descending)) = query.order.as_deref().and_then(first_sort) else {
            return false;
        };
        let names = self.clauses.get(field).into_iter().flatten();
        let named = names.map(String::as_str).chain([field]);
        !descending && { named }.any(|name| name.eq_ignore_ascii_case(&first))
    }
}

/// The field that an `ORDER BY` names first, and whether it descends.
fn first_sort(order: &str) -> Option<(String, bool)> {
    let after = |text: &str| {
        Some(
            text.split_once(char::is_whitespace)?
                .1
                .trim_start()
                .to_owned(),
        )
    };
    let sorts = after(&after(order)?)?;
    let (name, rest) = match sorts.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => {
            let end = sorts
                .find(|character: char| character.is_whitespace() || character == ',')
                .unwrap_or(sorts.len());
            sorts.split_at(end)
        }
    };
    let direction = rest.split(',').next().unwrap_or_default().trim();
    Some((name.to_owned(), direction.eq_ignore_ascii_case("desc")))
}

impl<T: Transport> Jira<T> {
    pub(super) async fn site_fields(&self) -> Result<SiteFields, Error> {
        let call = Call::get(self.path("field"));
        let outcome = self.exchange.fetch(&call, SiteFields::read).await;
        outcome.map_err(|failure| failure.of_resource(self.product))
    }

    /// A board, and its query.
    pub(super) async fn read_board(
        &self,
        id: &JiraId,
        fields: &SiteFields,
    ) -> Result<(Board, Jql), Error> {
        let unknown = |detail: &str| Error::QueryInvalid {
            detail: answer::clean(&format!(
                "there is no board {:.40} for the account ({detail})",
                id.as_str()
            )),
        };
        if id.as_str().is_empty() || !id.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unknown("the id of a board is a number"));
        }
        let call = Call::get(format!("/rest/agile/1.0/board/{id}/configuration"));
        let board = match self.exchange.fetch(&call, wire::value::<WireBoard>).await {
            Ok(board) => board,
            Err(Failure::Absent(detail) | Failure::Invalid(detail)) => {
                // Also what somebody anonymous is told.
                self.confirm_account().await?;
                return Err(unknown(&detail));
            }
            Err(failure) => return Err(failure.of_resource(self.product)),
        };
        let filter = JiraId::new(board.filter.id);
        let query = self.saved_jql(&filter).await?;
        let number = board
            .ranking
            .and_then(|ranking| ranking.rank_custom_field_id);
        let rank_field = number.map(|number| format!("customfield_{number}"));
        let ranked = rank_field
            .as_deref()
            .is_some_and(|field| fields.orders_by(&query, field));
        let board = Board {
            id: id.clone(),
            name: board.name.into(),
            filter,
            rank_field: rank_field.map(JiraId::new),
            ranked,
        };
        Ok((board, query))
    }
}

#[cfg(test)]
mod tests {
    use super::first_sort;

    #[test]
    fn the_first_field_of_an_order_is_found() {
        for (order, name, descending) in [
            ("ORDER BY Rank", "Rank", false),
            ("order\n by  rank ASC, key DESC", "rank", false),
            ("ORDER BY Rank desc", "Rank", true),
            ("ORDER BY Rank,key desc", "Rank", false),
            ("ORDER BY cf[10019] ASC", "cf[10019]", false),
            ("ORDER BY \"My Rank\" DESC, key", "My Rank", true),
        ] {
            let expected = Some((name.to_owned(), descending));
            assert_eq!(first_sort(order), expected, "{order}");
        }
        for order in ["", "ORDER", "ORDER BY", "ORDER BY \"Rank"] {
            assert_eq!(first_sort(order), None, "{order}");
        }
    }
}

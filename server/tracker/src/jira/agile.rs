//! The issues of a board or of projects, in the order of their rank, with their epics.
//!
//! What it is not: the board's own list of issues. That one leaves epics out, shows no more than a
//! window of offsets, and is about to go on Cloud; the board's filter finds the same issues.

use super::board::SiteFields;
use super::details::Extra;
use super::exchange::Call;
use super::jql::{self, Jql};
use super::query::{Meter, Search};
use super::settings::Product;
use super::transport::Transport;
use super::wire::{self, Unreadable};
use super::{Jira, answer, epic};
use crate::agile::{Agile, AgileAspects, AgileIssue, AgileScope};
use crate::{Error, ReadProgress};
use epic::{EpicFields, Shown};
use resync_core::id::{IssueId, JiraId};
use resync_core::issue::ObservedIssue;
use rustc_hash::FxHashMap;
use serde_json::json;
use serde_json::value::RawValue;

/// Furthest offset that Data Center's search platform gives.
const WINDOW_MAX: usize = 10_000;

/// Issues per page on Data Center: what it gives at most by default.
const IDS_PER_PAGE: usize = 1000;

/// Times that an order is read anew because issues were ranked between two pages.
const ORDER_TRIES_MAX: u32 = 3;

/// An issue with what is read of it.
pub(super) type Ranked = (ObservedIssue, Shown);

/// The fields of an issue by id, not yet understood.
pub(super) type WireFields = FxHashMap<String, Box<RawValue>>;

/// What to read, once the site has been asked for its fields.
struct Plan {
    search: Search,
    rank_field: Option<JiraId>,
    epics: Option<EpicFields>,
}

impl<T: Transport> Jira<T> {
    /// The issues of a scope.
    pub(super) async fn read_agile_of(
        &self,
        scope: &AgileScope,
        aspects: AgileAspects,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Agile, Error> {
        let fields = self.site_fields().await?;
        let plan = self.plan_of(scope, aspects, &fields).await?;
        let meter = Meter::new(progress);
        let (ids, order) = self.ids_of(&plan).await?;
        let found = self.details_by(&plan, &ids, &meter).await?;
        let order = match (order, &plan.rank_field) {
            (None, Some(field)) => Some(self.order_by_values(&plan, field, &found).await?),
            (order, _) => order,
        };
        let issues = self.with_epics(found).await?;
        Ok(arranged(issues, plan.rank_field, order.as_deref()))
    }

    async fn plan_of(
        &self,
        scope: &AgileScope,
        aspects: AgileAspects,
        fields: &SiteFields,
    ) -> Result<Plan, Error> {
        let (search, rank_field) = match scope {
            AgileScope::Board(id) => {
                let (board, query) = self.read_board(id, fields).await?;
                if aspects.rank && !board.ranked {
                    let detail = format!("the filter of board {id} is not ordered by rank");
                    return Err(Error::NotSetUp { detail });
                }
                let (jql, origin) = (query, None);
                (Search { jql, origin }, board.rank_field)
            }
            AgileScope::Projects {
                projects,
                rank_field,
            } => {
                let condition = jql::in_projects(projects);
                let (order, origin) = (None, None);
                let jql = Jql { condition, order };
                let ranks = &fields.hierarchy.rank;
                let rank_field = match aspects.rank {
                    true => Some(the_rank_field(rank_field.as_ref(), ranks)?),
                    false => None,
                };
                (Search { jql, origin }, rank_field)
            }
        };
        let epics = match aspects.epics {
            true => Some(EpicFields::of(self.product, &fields.hierarchy)?),
            false => None,
        };
        Ok(Plan {
            search,
            rank_field: rank_field.filter(|_| aspects.rank),
            epics,
        })
    }

    /// The ids of the scope, and their order where one view of the search has both.
    async fn ids_of(&self, plan: &Plan) -> Result<(Vec<IssueId>, Option<Vec<IssueId>>), Error> {
        match (self.product, &plan.rank_field) {
            (Product::Cloud, Some(field)) => {
                let order = self.scan_chain(&by_rank(&plan.search.jql, field)).await?;
                Ok((order.clone(), Some(order)))
            }
            (_, None) => Ok((self.scan_search(&plan.search).await?, Some(Vec::new()))),
            (Product::DataCenter, Some(_)) => Ok((self.scan_search(&plan.search).await?, None)),
        }
    }

    async fn details_by(
        &self,
        plan: &Plan,
        ids: &[IssueId],
        meter: &Meter<'_>,
    ) -> Result<Vec<Ranked>, Error> {
        // Ranks are compared only where the server does not show the whole order.
        let large = ids.len() > WINDOW_MAX && self.product == Product::DataCenter;
        let rank = plan.rank_field.as_ref().filter(|_| large);
        let rank = rank.map(JiraId::as_str);
        let read = |fields: WireFields| -> Result<Shown, Unreadable> {
            epic::shown(&fields, plan.epics.as_ref(), rank)
        };
        let epics = plan.epics.iter().flat_map(EpicFields::names);
        let extra = Extra::new(epics.chain(rank), &read);
        let details = self.read_details(ids, &extra, meter).await?;
        Ok(details.of_listed()?.found)
    }

    /// Data Center: the server's order, as far as its window shows it; beyond, the order of the
    /// values, when they tell the same within the window.
    async fn order_by_values(
        &self,
        plan: &Plan,
        field: &JiraId,
        found: &[Ranked],
    ) -> Result<Vec<IssueId>, Error> {
        let mut order = self.order_shown(&by_rank(&plan.search.jql, field)).await?;
        if found.len() <= WINDOW_MAX {
            return Ok(order);
        }
        let values: FxHashMap<IssueId, &str> = found
            .iter()
            .filter_map(|(issue, shown)| Some((issue.id, shown.rank.as_deref()?)))
            .collect();
        let shown: Vec<&str> = order
            .iter()
            .filter_map(|id| values.get(id).copied())
            .collect();
        if values.len() < found.len() || !shown.is_sorted() {
            return Ok(order);
        }
        order = found.iter().map(|(issue, _)| issue.id).collect();
        order.sort_unstable_by_key(|id| (values.get(id), *id));
        Ok(order)
    }

    /// The ids in the order of a search: each page begins with the last of the one before, or else
    /// the order has changed between them, and is read anew.
    async fn order_shown(&self, jql: &str) -> Result<Vec<IssueId>, Error> {
        let mut order: Vec<IssueId> = Vec::new();
        let mut tries = 1;
        loop {
            let start = order.len().saturating_sub(1);
            let body = json!({
                "jql": jql,
                "fields": ["updated"],
                "startAt": start,
                "maxResults": IDS_PER_PAGE.min(WINDOW_MAX - start),
                "validateQuery": true,
            });
            let call = Call::post(self.path("search"), &body);
            let outcome = self.exchange.fetch(&call, wire::id_page).await;
            let page = outcome.map_err(|failure| failure.of_search(self.product))?;
            let fits = order.is_empty() || page.items.first() == order.last();
            if !fits && tries < ORDER_TRIES_MAX {
                tries += 1;
                order.clear();
                continue;
            }
            let before = order.len();
            order.extend(page.items.into_iter().skip(usize::from(!order.is_empty())));
            let total = page.total.unwrap_or_default();
            let reach = WINDOW_MAX.min(usize::try_from(total).unwrap_or(WINDOW_MAX));
            // An order that never holds still is as good as it was seen.
            if order.len() >= reach || order.len() == before {
                return Ok(order);
            }
        }
    }
}

/// Only a field of the rank's own kind can be ranked by, and a choice among several is not ours.
fn the_rank_field(wanted: Option<&JiraId>, ranks: &[String]) -> Result<JiraId, Error> {
    let detail = match (wanted, ranks) {
        (Some(wanted), _) if ranks.iter().any(|rank| rank == wanted.as_str()) => {
            return Ok(wanted.clone());
        }
        (None, [only]) => return Ok(JiraId::new(only)),
        (Some(wanted), _) => format!("{:.40} is not a rank field", wanted.as_str()),
        (None, []) => "there is no rank field".to_owned(),
        (None, several) => format!(
            "there are several rank fields ({}), and projects can be ranked by one only",
            several.join(", ")
        ),
    };
    Err(Error::NotSetUp {
        detail: answer::clean(&detail),
    })
}

/// A search in the order of a rank field. The number is the only name that is sure.
fn by_rank(jql: &Jql, field: &JiraId) -> String {
    let number = field.as_str().trim_start_matches("customfield_");
    format!("{} ORDER BY cf[{number}] ASC", jql.condition)
        .trim_start()
        .to_owned()
}

fn arranged(
    mut issues: Vec<AgileIssue>,
    rank_field: Option<JiraId>,
    order: Option<&[IssueId]>,
) -> Agile {
    let mut places: FxHashMap<IssueId, usize> = FxHashMap::default();
    for (place, id) in order.unwrap_or_default().iter().enumerate() {
        places.entry(*id).or_insert(place);
    }
    let place = |agile: &AgileIssue| places.get(&agile.issue.id).copied();
    issues.sort_by_cached_key(|agile| (place(agile).unwrap_or(usize::MAX), agile.issue.id));
    let ordered_count = match rank_field {
        Some(_) => issues.partition_point(|agile| place(agile).is_some()),
        None => issues.len(),
    };
    Agile {
        rank_field,
        issues,
        ordered_count,
    }
}

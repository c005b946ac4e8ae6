//! What goes wrong, and when: a queue for the next requests, and rules that count requests. Faults
//! are part of the state, so a seed and a list of requests replay them.

use std::collections::VecDeque;

use crate::Request;

/// The four limits that Cloud names in `RateLimit-Reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitReason {
    /// Points per hour, shared by all tenants of an app.
    GlobalQuota,
    /// Points per hour of this site.
    TenantQuota,
    /// Requests per second and endpoint.
    Burst,
    /// Writes to one issue.
    PerIssueOnWrite,
}

impl RateLimitReason {
    /// As the header has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::GlobalQuota => "jira-quota-global-based",
            Self::TenantQuota => "jira-quota-tenant-based",
            Self::Burst => "jira-burst-based",
            Self::PerIssueOnWrite => "jira-per-issue-on-write",
        }
    }
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with seconds to wait or without.
    RateLimited(RateLimitReason, Option<u32>),
    /// This status (5xx) in JSON, before the request has any effect; with seconds to wait or not.
    Fails(u16, Option<u32>),
    /// This status with a body of HTML, before the request has any effect.
    FailsInHtml(u16),
    /// This status (5xx), although the request had its effect.
    FailsAfterwards(u16),
    /// The connection closes before the request has any effect.
    LostBefore,
    /// The connection closes after the request had its effect.
    LostAfterwards,
    /// The body ends after so many bytes.
    Cut(usize),
    /// At most so many issues in a page, whatever was asked for; never less than one.
    ShortPage(usize),
    /// The request is taken as nobody's, as when the token has expired.
    Anonymous,
    /// The account loses Browse Projects in the project of this key, for good.
    LosesProject(String),
    /// The issue moves to the project, before the request is answered.
    Moves {
        /// Id or key.
        issue: String,
        /// Project key.
        project: String,
    },
    /// A search that would show these issues (by key) does not, this once.
    Vanishes(Vec<String>),
}

/// Which requests a rule counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// All.
    Any,
    /// Searches of either flavour.
    Searches,
    /// Reads of single issues and bulk reads.
    Issues,
    /// Requests whose path contains the text.
    Path(String),
}

/// Which of the counted requests are struck; the first is number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Numbers k, 2k, 3k, …
    Every(u64),
    /// Number k only.
    Exactly(u64),
    /// Number k and all later ones.
    From(u64),
}

impl When {
    pub(crate) fn strikes(self, number: u64) -> bool {
        match self {
            Self::Every(every) => every != 0 && number.is_multiple_of(every),
            Self::Exactly(exactly) => number == exactly,
            Self::From(from) => number >= from,
        }
    }
}

#[derive(Debug)]
struct Rule {
    on: On,
    when: When,
    fault: Fault,
    counted: u64,
}

/// All faults to come.
#[derive(Debug, Default)]
pub struct Faults {
    script: VecDeque<Option<Fault>>,
    rules: Vec<Rule>,
}

impl Faults {
    /// Appends to the queue: each of the next requests takes one; `None` is a request without
    /// fault from the queue.
    pub fn script(&mut self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.script.extend(faults);
    }

    /// Adds a rule. It counts from now.
    pub fn rule(&mut self, on: On, when: When, fault: Fault) {
        self.rules.push(Rule {
            on,
            when,
            fault,
            counted: 0,
        });
    }

    /// Forgets the queue and the rules. What they did stays done.
    pub fn clear(&mut self) {
        self.script.clear();
        self.rules.clear();
    }

    /// The faults of this request, those of the queue first.
    pub(crate) fn strike(&mut self, request: &Request) -> Vec<Fault> {
        let mut struck: Vec<Fault> = self.script.pop_front().flatten().into_iter().collect();
        for rule in &mut self.rules {
            if !rule.on.counts(&request.path) {
                continue;
            }
            rule.counted += 1;
            if rule.when.strikes(rule.counted) {
                struck.push(rule.fault.clone());
            }
        }
        struck
    }
}

impl On {
    fn counts(&self, path: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Searches => path.ends_with("/search") || path.ends_with("/search/jql"),
            Self::Issues => path.contains("/issue/"),
            Self::Path(part) => path.contains(part.as_str()),
        }
    }
}

//! Rate limits: what answers announce, and, when enforced, what is refused. Cloud counts requests
//! per second and endpoint; Data Center has a token bucket.

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::Flavour;
use crate::fault::RateLimitReason;
use crate::rest::answer::set;

/// Cloud's limit of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Allowance {
    /// Requests a second.
    quota: u32,
    /// What `X-RateLimit-Limit` says.
    announced: u32,
}

/// As measured on issue reads.
const ISSUE_READS: Allowance = Allowance {
    quota: 150,
    announced: 400,
};
/// As measured on searches.
const SEARCHES: Allowance = Allowance {
    quota: 100,
    announced: 200,
};
/// As measured elsewhere.
const OTHERS: Allowance = Allowance {
    quota: 100,
    announced: 350,
};

const SECOND: i64 = 1000;

/// Data Center's token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Most tokens, and the tokens at the start.
    pub capacity: u32,
    /// Tokens added each interval.
    pub fill: u32,
    /// Seconds between additions.
    pub interval: u32,
}

/// The limits of the site.
#[derive(Debug)]
pub struct Limits {
    /// Cloud: whether the burst limit refuses. Its headers are shown either way.
    pub burst: bool,
    /// Data Center: the bucket; `None` when the administrator has not switched it on.
    pub bucket: Option<Bucket>,
    flavour: Flavour,
    used: BTreeMap<&'static str, (i64, u32)>,
    tokens: Option<(i64, u32)>,
}

impl Limits {
    pub(crate) fn of(flavour: Flavour) -> Self {
        Self {
            burst: false,
            bucket: None,
            flavour,
            used: BTreeMap::new(),
            tokens: None,
        }
    }

    /// Counts a request and adds the headers; the seconds to wait when it is refused.
    pub(crate) fn count(
        &mut self,
        endpoint: &'static str,
        now: i64,
        headers: &mut HeaderMap,
    ) -> Option<u32> {
        match self.flavour {
            Flavour::Cloud => self.count_burst(endpoint, now, headers),
            Flavour::DataCenter => self.count_token(now, headers),
        }
    }

    fn count_burst(
        &mut self,
        endpoint: &'static str,
        now: i64,
        headers: &mut HeaderMap,
    ) -> Option<u32> {
        let allowance = match endpoint {
            "issue" => ISSUE_READS,
            "search" => SEARCHES,
            _ => OTHERS,
        };
        let window = now.div_euclid(SECOND);
        let entry = self.used.entry(endpoint).or_insert((window, 0));
        if entry.0 != window {
            *entry = (window, 0);
        }
        let refused = self.burst && entry.1 >= allowance.quota;
        entry.1 += u32::from(!refused);
        let left = allowance.announced.saturating_sub(entry.1);
        set(
            headers,
            "x-ratelimit-limit",
            &allowance.announced.to_string(),
        );
        set(
            headers,
            "x-ratelimit-remaining",
            &if refused { 0 } else { left }.to_string(),
        );
        let name = RateLimitReason::Burst.text();
        set(headers, "ratelimit", &format!("\"{name}\";r={left};t=1"));
        set(
            headers,
            "ratelimit-policy",
            &format!("\"{name}\";q={};w=1", allowance.quota),
        );
        // What is not enforced is never near: a client would slow down for nothing.
        if self.burst && entry.1 * 5 >= allowance.quota * 4 {
            set(headers, "x-ratelimit-nearlimit", "true");
        }
        refused.then_some(1)
    }

    fn count_token(&mut self, now: i64, headers: &mut HeaderMap) -> Option<u32> {
        let bucket = self.bucket?;
        let interval = i64::from(bucket.interval) * SECOND;
        let (mut since, mut tokens) = self.tokens.unwrap_or((now, bucket.capacity));
        let intervals = (now - since).div_euclid(interval).max(0);
        let added = u32::try_from(intervals)
            .unwrap_or(u32::MAX)
            .saturating_mul(bucket.fill);
        tokens = tokens.saturating_add(added).min(bucket.capacity);
        since += intervals * interval;
        let refused = tokens == 0;
        tokens = tokens.saturating_sub(1);
        self.tokens = Some((since, tokens));
        let wait = (since + interval - now + SECOND - 1).div_euclid(SECOND);
        let wait = if tokens == 0 {
            u32::try_from(wait).unwrap_or(0)
        } else {
            0
        };
        set(headers, "x-ratelimit-limit", &bucket.capacity.to_string());
        set(headers, "x-ratelimit-remaining", &tokens.to_string());
        set(headers, "x-ratelimit-fillrate", &bucket.fill.to_string());
        set(
            headers,
            "x-ratelimit-interval-seconds",
            &bucket.interval.to_string(),
        );
        set(headers, "retry-after", &wait.to_string());
        refused.then_some(wait)
    }
}

//! Deliveries on their way, and what goes wrong with them. Time is the simulator's clock, so that a
//! simulation under virtual time drains the queue in one order only.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::Sha256;

use crate::Flavour;
use crate::fault::When;
use crate::rest::answer::set;
use crate::state::State;

/// Cloud tries again so many times.
const RETRIES_MAX: u32 = 5;
/// Cloud waits 5 to 15 minutes before each of them.
const RETRY_PAUSE_MIN: i64 = 5 * 60 * 1000;
const RETRY_PAUSE_SPREAD: i64 = 10 * 60 * 1000;
/// A delivery that is to be overtaken waits no longer than this for one that overtakes it.
const OVERTAKEN_WAIT: i64 = 30 * 1000;

/// One thing that goes wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookFault {
    /// It never arrives.
    Lost,
    /// It arrives twice, with one identifier.
    Doubled,
    /// It arrives so many milliseconds late.
    Delayed(i64),
    /// The next delivery arrives before it; without one within half a minute, it arrives alone.
    Overtaken,
}

/// What goes wrong with the deliveries to come.
#[derive(Debug, Default)]
pub struct WebhookFaults {
    script: VecDeque<Option<WebhookFault>>,
    rules: Vec<(When, WebhookFault, u64)>,
}

impl WebhookFaults {
    /// Appends to the queue: each of the next deliveries takes one; `None` is a delivery without
    /// fault from the queue. Repeated tries take none.
    pub fn script(&mut self, faults: impl IntoIterator<Item = Option<WebhookFault>>) {
        self.script.extend(faults);
    }

    /// Adds a rule. It counts deliveries from now; the first is number 1.
    pub fn rule(&mut self, when: When, fault: WebhookFault) {
        self.rules.push((when, fault, 0));
    }

    /// Forgets the queue and the rules.
    pub fn clear(&mut self) {
        self.script.clear();
        self.rules.clear();
    }

    /// The fault of this delivery: that of the queue, or of the first rule that strikes.
    pub(super) fn strike(&mut self) -> Option<WebhookFault> {
        let mut struck = self.script.pop_front().flatten();
        for (when, fault, counted) in &mut self.rules {
            *counted += 1;
            if when.strikes(*counted) {
                struck = struck.or(Some(*fault));
            }
        }
        struck
    }
}

/// A webhook on its way: what is posted, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Address.
    pub url: String,
    /// Header fields, with the identifier that is the same for every try, and the signature.
    pub headers: HeaderMap,
    /// JSON, or nothing when the registration leaves bodies out.
    pub body: Bytes,
    number: u64,
    retries: u32,
    /// Waits to be overtaken.
    held: bool,
}

/// Everything that is on its way.
#[derive(Debug)]
pub(super) struct Queue {
    flavour: Flavour,
    seed: u64,
    /// By the instant at which it is due, and in the order in which things happened.
    waiting: BTreeMap<(i64, u64), Delivery>,
    next_place: u64,
    next_number: u64,
}

impl Queue {
    pub(super) fn of(flavour: Flavour, seed: u64) -> Self {
        Self {
            flavour,
            seed,
            waiting: BTreeMap::new(),
            next_place: 0,
            next_number: 0,
        }
    }

    pub(super) fn add(
        &mut self,
        now: i64,
        url: &str,
        body: String,
        secret: Option<&str>,
        secondary: bool,
        fault: Option<WebhookFault>,
    ) {
        let number = self.next_number;
        self.next_number += 1;
        let delivery = Delivery {
            url: url.to_owned(),
            headers: self.headers(number, &body, secret, secondary),
            body: Bytes::from(body),
            number,
            retries: 0,
            held: fault == Some(WebhookFault::Overtaken),
        };
        match fault {
            Some(WebhookFault::Lost) => return,
            Some(WebhookFault::Overtaken) => return self.put(now + OVERTAKEN_WAIT, delivery),
            Some(WebhookFault::Delayed(late)) => self.put(now + late, delivery),
            Some(WebhookFault::Doubled) => {
                self.put(now, delivery.clone());
                self.put(now, delivery);
            }
            None => self.put(now, delivery),
        }
        self.release(now);
    }

    /// Those that waited to be overtaken come behind what was put last.
    fn release(&mut self, now: i64) {
        let held = self.waiting.iter().filter(|(_, delivery)| delivery.held);
        let held: Vec<_> = held.map(|(key, _)| *key).collect();
        for key in held {
            if let Some(mut delivery) = self.waiting.remove(&key) {
                delivery.held = false;
                self.put(now, delivery);
            }
        }
    }

    fn put(&mut self, due: i64, delivery: Delivery) {
        self.waiting.insert((due, self.next_place), delivery);
        self.next_place += 1;
    }

    fn headers(&self, number: u64, body: &str, secret: Option<&str>, secondary: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        set(
            &mut headers,
            "content-type",
            "application/json; charset=UTF-8",
        );
        set(&mut headers, "user-agent", "Atlassian Webhook HTTP Client");
        let mixed = mix(self.seed, number);
        let identifier = format!("{mixed:016x}{number:016x}");
        set(&mut headers, "x-atlassian-webhook-identifier", &identifier);
        if self.flavour == Flavour::Cloud {
            let flow = if secondary { "Secondary" } else { "Primary" };
            set(&mut headers, "x-atlassian-webhook-flow", flow);
        }
        if let Some(signature) = secret.and_then(|secret| signature(secret, body.as_bytes())) {
            set(&mut headers, "x-hub-signature", &signature);
        }
        headers
    }

    fn take(&mut self, now: i64) -> Vec<Delivery> {
        let later = self.waiting.split_off(&(now.saturating_add(1), 0));
        let due = std::mem::replace(&mut self.waiting, later);
        due.into_values().collect()
    }

    fn settle(&mut self, now: i64, delivery: &Delivery, status: Option<u16>) {
        let failed = status.is_none_or(|status| matches!(status, 408 | 409 | 425 | 429 | 500..));
        // Data Center fires and forgets.
        let again = failed && self.flavour == Flavour::Cloud && delivery.retries < RETRIES_MAX;
        if !again {
            return;
        }
        let mut next = delivery.clone();
        next.retries += 1;
        let retry = next.retries.to_string();
        set(&mut next.headers, "x-atlassian-webhook-retry", &retry);
        let mixed = mix(self.seed, delivery.number * 8 + u64::from(next.retries));
        let pause =
            RETRY_PAUSE_MIN + (mixed % (RETRY_PAUSE_SPREAD.cast_unsigned() + 1)).cast_signed();
        self.put(now + pause, next);
    }
}

impl State {
    /// Takes the deliveries that are due, in the order in which they arrive. Each must be settled.
    pub fn take_deliveries(&mut self) -> Vec<Delivery> {
        self.webhooks.queue.take(self.now)
    }

    /// When the next delivery is due, in milliseconds since 1970.
    pub fn next_delivery(&self) -> Option<i64> {
        let first = self.webhooks.queue.waiting.first_key_value();
        first.map(|((due, _), _)| *due)
    }

    /// Tells what came of a delivery: the status of the answer, or `None` for no answer. Cloud
    /// tries again what failed for a reason that may pass.
    pub fn settle_delivery(&mut self, delivery: &Delivery, status: Option<u16>) {
        self.webhooks.queue.settle(self.now, delivery, status);
    }
}

/// `sha256=` and the HMAC-SHA256 of the body in hexadecimal digits.
fn signature(secret: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    Some(format!(
        "sha256={}",
        hex::encode(mac.finalize().into_bytes())
    ))
}

/// SplitMix64: scatters a number, so that what looks random follows from the seed.
fn mix(seed: u64, number: u64) -> u64 {
    let mut mixed = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

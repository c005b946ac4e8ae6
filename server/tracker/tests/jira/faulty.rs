//! What every reading must do when any one of its requests goes wrong: give the same as without,
//! or an error; and an error for sure when the account is no longer the account.

use crate::simulated::{Adapter, over};
use resync_simulator::Simulator;
use resync_simulator::fault::{Fault, On, RateLimitReason, When};
use resync_tracker::Error;
use resync_tracker::jira::Product;
use std::fmt::Debug;

/// Goes through each request of a reading and each fault. `make` gives the same Jira each time.
pub(crate) async fn survives_or_fails<R: PartialEq + Debug>(
    product: Product,
    make: impl Fn() -> Simulator,
    read: impl AsyncFn(&Adapter) -> Result<R, Error>,
) {
    let struck = |rule: Option<(When, Fault)>| {
        let simulator = make();
        if let Some((when, fault)) = rule {
            simulator.edit(|state| state.faults.rule(On::Any, when, fault));
        }
        over(product, &simulator)
    };
    let (jira, transport) = struck(None);
    let expected = read(&jira).await.unwrap();
    let requests = transport.count("") as u64;
    for number in 1..=requests {
        let at = When::Exactly(number);
        for fault in [
            Fault::RateLimited(RateLimitReason::Burst, Some(1)),
            Fault::Fails(503, None),
            Fault::LostBefore,
            Fault::LostAfterwards,
            Fault::Cut(40),
        ] {
            let (jira, _) = struck(Some((at, fault.clone())));
            let outcome = read(&jira).await;
            assert_eq!(
                outcome.as_ref(),
                Ok(&expected),
                "{product} {number} {fault:?}"
            );
        }
        let (jira, _) = struck(Some((When::From(number), Fault::FailsInHtml(500))));
        let outcome = read(&jira).await;
        assert!(
            matches!(outcome, Err(Error::Unreachable { .. })),
            "{product} {number}: {outcome:?}"
        );
        let (jira, _) = struck(Some((When::From(number), Fault::Anonymous)));
        let outcome = read(&jira).await;
        assert!(
            matches!(outcome, Err(Error::CredentialRefused { .. })),
            "{product} {number}: {outcome:?}"
        );
    }
}

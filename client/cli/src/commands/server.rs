//! `resync server`: what is at the other end.

use resync_api::v1::DescribeServerResponse;

use crate::{
    failure::Failure,
    render::{table, text::date_time},
    session::Session,
};

pub(crate) async fn server(session: &Session) -> Result<(), Failure> {
    let described = session.client.describe_server().await?;
    session.print(&described, |described| text(session, described))
}

fn text(session: &Session, described: &DescribeServerResponse) -> String {
    let limits = described.limits.unwrap_or_default();
    let seconds = |duration: Option<prost_types::Duration>| match duration {
        Some(duration) => format!("{} s", duration.seconds),
        None => String::new(),
    };
    let synchronizers = if described.synchronizers_enabled {
        "on"
    } else {
        "off"
    };
    let pairs = [
        ("Version", described.version.clone()),
        ("Commit", described.commit.clone()),
        ("You are", described.caller.clone()),
        ("Synchronizers", synchronizers.to_owned()),
        (
            "Started",
            date_time(described.start_time.as_ref(), &session.zone),
        ),
        ("Most rows", limits.max_rows_per_structure.to_string()),
        ("Most jobs", limits.max_concurrent_jobs.to_string()),
        ("Plans expire after", seconds(limits.plan_ttl)),
    ];
    table::pairs(session.style(), &pairs)
}

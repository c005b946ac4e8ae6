//! What the demo prints first: only what is really served.

use crate::arguments::Flavour;
use std::net::SocketAddr;

/// What the simulated Jira holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// The keys of its projects.
    pub(super) projects: Vec<String>,
    /// How many issues it has.
    pub(super) issues: usize,
}

/// The facts of the banner.
pub(super) struct Banner {
    pub(super) address: SocketAddr,
    pub(super) content: Content,
    pub(super) data: String,
    pub(super) flavour: Flavour,
}

impl Banner {
    /// The lines before anything is set up.
    pub(super) fn head(&self) -> String {
        let Banner {
            address,
            content,
            data,
            flavour,
        } = self;
        let product = match flavour {
            Flavour::Cloud => "Cloud",
            Flavour::DataCenter => "Data Center",
        };
        format!(
            "resync {version}  demo\n\n  \
             gRPC      {address}  (plaintext, reflection, health)\n  \
             Jira      {product}, simulated in this process: {projects} projects, {issues} issues\n  \
             Data      {data}\n  \
             Access    this machine only, no sign-in\n",
            version = env!("CARGO_PKG_VERSION"),
            projects = content.projects.len(),
            issues = thousands(content.issues),
        )
    }
}

/// A number with its thousands set apart.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_banner_tells_what_is_served() {
        let banner = Banner {
            address: ([127, 0, 0, 1], 7420).into(),
            content: Content {
                projects: vec!["PAY".to_owned(), "OPS".to_owned()],
                issues: 1326,
            },
            data: "/tmp/x  (kept)".to_owned(),
            flavour: Flavour::Cloud,
        };
        expect![[r#"
            resync 0.1.0  demo

              gRPC      127.0.0.1:7420  (plaintext, reflection, health)
              Jira      Cloud, simulated in this process: 2 projects, 1,326 issues
              Data      /tmp/x  (kept)
              Access    this machine only, no sign-in
        "#]]
        .assert_eq(&banner.head());
    }
}

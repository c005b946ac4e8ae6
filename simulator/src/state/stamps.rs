//! What moves `updated`, where documents and measurements leave it open. A client must live with
//! either answer, so each is a switch; the default is what is more likely.

/// Ends of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkEnds {
    /// As seen on Cloud.
    #[default]
    Both,
    /// Only the issue that the link starts from.
    Source,
    /// None of them.
    Neither,
}

/// Switches for doubtful facts. Public, so that a test can set each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamps {
    /// Ranking moves `updated` of the issue that is ranked; seen on Cloud. Default: yes.
    pub ranking: bool,
    /// The ends whose `updated` moves when a link is made, removed, or goes with its other end.
    pub linking: LinkEnds,
    /// Deleting a sub-task moves `updated` of its parent. Default: no.
    pub sub_task_deletion: bool,
    /// Getting or losing a child moves `updated` of the parent. Default: no.
    pub children: bool,
}

impl Default for Stamps {
    fn default() -> Self {
        Self {
            ranking: true,
            linking: LinkEnds::Both,
            sub_task_deletion: false,
            children: false,
        }
    }
}

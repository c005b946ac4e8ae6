//! Which custom fields carry hierarchy and order on this Jira.
//!
//! What it is not: a list of all fields. Their ids and names differ from site to site and with
//! the language, and names repeat; only the kind (`schema.custom`) says what a field is.

use serde::Deserialize;

/// The ids of the fields of each kind, `customfield_10014`, in Jira's order. Several of one kind
/// are possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HierarchyFields {
    /// The epic of a story, on Data Center.
    pub epic_link: Vec<String>,
    /// The name of an epic, which Data Center wants when one is created.
    pub epic_name: Vec<String>,
    /// The parent above epics, on Data Center.
    pub parent_link: Vec<String>,
    /// The rank. A board says which one it uses.
    pub rank: Vec<String>,
    /// The sprint.
    pub sprint: Vec<String>,
}

#[derive(Deserialize)]
struct WireField {
    id: String,
    schema: Option<WireSchema>,
}

#[derive(Deserialize)]
struct WireSchema {
    custom: Option<String>,
}

impl HierarchyFields {
    /// Finds the fields in the body of an answer to `GET field`. Fails when it is not one.
    pub fn discover(body: &[u8]) -> Result<HierarchyFields, serde_json::Error> {
        let mut found = HierarchyFields::default();
        for field in serde_json::from_slice::<Vec<WireField>>(body)? {
            let Some(kind) = field.schema.and_then(|schema| schema.custom) else {
                continue;
            };
            let list = match kind.as_str() {
                "com.pyxis.greenhopper.jira:gh-epic-link" => &mut found.epic_link,
                "com.pyxis.greenhopper.jira:gh-epic-label" => &mut found.epic_name,
                "com.atlassian.jpo:jpo-custom-field-parent" => &mut found.parent_link,
                "com.pyxis.greenhopper.jira:gh-lexo-rank" => &mut found.rank,
                "com.pyxis.greenhopper.jira:gh-sprint" => &mut found.sprint,
                _ => continue,
            };
            list.push(field.id);
        }
        Ok(found)
    }
}

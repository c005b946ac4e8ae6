//! The fields that issues of the simulated site have, and which of them a request asks for.
//! Custom fields have numbers of their own, unlike those of most real sites, so that a client
//! which does not discover them reads nothing.

use crate::Flavour;

/// A field that an issue can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Summary,
    Kind,
    Project,
    Status,
    Priority,
    Resolution,
    Resolved,
    Created,
    Updated,
    Labels,
    Components,
    FixVersions,
    Reporter,
    Assignee,
    Creator,
    Description,
    Parent,
    Subtasks,
    Links,
    Rank,
    EpicLink,
    EpicName,
    ParentLink,
    /// Only boards show these three.
    Epic,
    Flagged,
    Sprint,
}

/// One row of the field list.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    /// `None`: a field that is listed and that no issue has.
    pub(crate) field: Option<Field>,
    pub(crate) kind: &'static str,
    pub(crate) items: Option<&'static str>,
    /// The plug-in key of a custom field.
    pub(crate) custom: Option<&'static str>,
    pub(crate) number: u32,
    pub(crate) clauses: Vec<String>,
}

/// All fields of the site, in the order in which issues show them.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) definitions: Vec<Definition>,
}

const SYSTEM: [(&str, &str, Field, &str, Option<&str>); 19] = [
    ("summary", "Summary", Field::Summary, "string", None),
    ("issuetype", "Issue Type", Field::Kind, "issuetype", None),
    ("project", "Project", Field::Project, "project", None),
    ("status", "Status", Field::Status, "status", None),
    ("priority", "Priority", Field::Priority, "priority", None),
    (
        "resolution",
        "Resolution",
        Field::Resolution,
        "resolution",
        None,
    ),
    (
        "resolutiondate",
        "Resolved",
        Field::Resolved,
        "datetime",
        None,
    ),
    ("created", "Created", Field::Created, "datetime", None),
    ("updated", "Updated", Field::Updated, "datetime", None),
    ("labels", "Labels", Field::Labels, "array", Some("string")),
    (
        "components",
        "Components",
        Field::Components,
        "array",
        Some("component"),
    ),
    (
        "fixVersions",
        "Fix versions",
        Field::FixVersions,
        "array",
        Some("version"),
    ),
    ("reporter", "Reporter", Field::Reporter, "user", None),
    ("assignee", "Assignee", Field::Assignee, "user", None),
    ("creator", "Creator", Field::Creator, "user", None),
    (
        "description",
        "Description",
        Field::Description,
        "string",
        None,
    ),
    ("parent", "Parent", Field::Parent, "issuelink", None),
    (
        "subtasks",
        "Sub-tasks",
        Field::Subtasks,
        "array",
        Some("issuelinks"),
    ),
    (
        "issuelinks",
        "Linked Issues",
        Field::Links,
        "array",
        Some("issuelinks"),
    ),
];

/// Plug-in key, name, field, type; the numbers differ per flavour.
const CUSTOM: [(&str, &str, Option<Field>, &str); 7] = [
    (
        "com.pyxis.greenhopper.jira:gh-lexo-rank",
        "Rank",
        Some(Field::Rank),
        "any",
    ),
    (
        "com.pyxis.greenhopper.jira:gh-epic-link",
        "Epic Link",
        Some(Field::EpicLink),
        "any",
    ),
    (
        "com.pyxis.greenhopper.jira:gh-epic-label",
        "Epic Name",
        Some(Field::EpicName),
        "string",
    ),
    (
        "com.atlassian.jpo:jpo-custom-field-parent",
        "Parent Link",
        Some(Field::ParentLink),
        "any",
    ),
    // Names repeat on real sites, and names say nothing of what a field is.
    (
        "com.atlassian.jira.plugin.system.customfieldtypes:select",
        "Category",
        None,
        "option",
    ),
    (
        "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
        "Category",
        None,
        "string",
    ),
    (
        "com.atlassian.jira.plugin.system.customfieldtypes:float",
        "Order",
        None,
        "number",
    ),
];

const CLOUD_NUMBERS: [u32; 7] = [10_047, 10_052, 10_053, 10_071, 10_080, 10_081, 10_019];
const DATA_CENTER_NUMBERS: [u32; 7] = [11_405, 11_412, 11_413, 11_890, 12_001, 12_002, 10_019];

impl Fields {
    pub(crate) fn of(flavour: Flavour) -> Self {
        let numbers = match flavour {
            Flavour::Cloud => CLOUD_NUMBERS,
            Flavour::DataCenter => DATA_CENTER_NUMBERS,
        };
        let system = SYSTEM
            .into_iter()
            .map(|(id, name, field, kind, items)| Definition {
                id: id.to_owned(),
                name,
                field: Some(field),
                kind,
                items,
                custom: None,
                number: 0,
                clauses: vec![id.to_owned()],
            });
        let custom = CUSTOM.into_iter().zip(numbers);
        let custom = custom.map(|((custom, name, field, kind), number)| Definition {
            id: format!("customfield_{number}"),
            name,
            field,
            kind,
            items: None,
            custom: Some(custom),
            number,
            clauses: vec![format!("cf[{number}]"), name.to_owned()],
        });
        Self {
            definitions: system.chain(custom).collect(),
        }
    }

    /// A field of the type of another one that is in no use, listed before it.
    pub(crate) fn add_obsolete(&mut self, field: Field, name: &'static str) {
        let in_use = |own: &Definition| own.field == Some(field);
        let Some(place) = self.definitions.iter().position(in_use) else {
            return;
        };
        // Lower than the numbers of all fields in use: it was there before them.
        let number = 10_005 + self.definitions.len() as u32 % 10;
        let obsolete = Definition {
            id: format!("customfield_{number}"),
            name,
            field: None,
            number,
            clauses: vec![format!("cf[{number}]"), name.to_owned()],
            ..self.definitions[place].clone()
        };
        self.definitions.insert(place, obsolete);
    }

    /// The number in `cf[n]` and `customfield_n` of a custom field.
    pub(crate) fn number(&self, field: Field) -> u32 {
        let own = self
            .definitions
            .iter()
            .find(|definition| definition.field == Some(field));
        own.map_or(0, |definition| definition.number)
    }
}

/// What an issue of an answer shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Only `{"id": …}`, as Cloud searches do when no field is asked for.
    pub(crate) id_only: bool,
    /// JSON member name and field, in the order in which they are written.
    pub(crate) fields: Vec<(String, Field)>,
    /// The newest so many entries of the changelog are shown as well.
    pub(crate) histories: Option<usize>,
}

/// What only boards show.
const BOARD_FIELDS: [(&str, Field); 3] = [
    ("epic", Field::Epic),
    ("flagged", Field::Flagged),
    ("sprint", Field::Sprint),
];

impl Selection {
    /// Reads a list of names with `*all`, `*navigable` and `-name`. Unknown names are passed over.
    pub(crate) fn read(names: &[String], fields: &Fields, flavour: Flavour) -> Self {
        let everything = names
            .iter()
            .any(|name| name == "*all" || name == "*navigable");
        let only_without = !names.is_empty() && names.iter().all(|name| name.starts_with('-'));
        let wanted = |definition: &&Definition| {
            let without = names
                .iter()
                .any(|name| name.strip_prefix('-') == Some(&definition.id));
            let with = names.contains(&definition.id);
            (with || everything || only_without) && !without
        };
        let chosen = fields.definitions.iter().filter(wanted);
        let chosen = chosen.filter_map(|definition| {
            let member = format!("\"{}\":", definition.id);
            definition.field.map(|field| (member, field))
        });
        let fields: Vec<_> = chosen.collect();
        let id_only = flavour == Flavour::Cloud && names.iter().all(|name| name == "id");
        Self {
            id_only,
            fields,
            histories: None,
        }
    }

    /// Reads a list as boards do: with more fields, and never ids alone.
    pub(crate) fn of_board(names: &[String], fields: &Fields, flavour: Flavour) -> Self {
        let mut selection = Self::read(names, fields, flavour);
        selection.id_only = false;
        let all = names.iter().any(|name| name.starts_with('*'));
        let more = BOARD_FIELDS.iter().filter(|(name, _)| {
            let hidden = names.iter().any(|own| own.strip_prefix('-') == Some(name));
            (all || names.iter().any(|own| own == name)) && !hidden
        });
        let more = more.map(|(name, field)| (format!("\"{name}\":"), *field));
        selection.fields.extend(more);
        selection
    }

    /// No field at all: such pages are larger on Cloud.
    pub(crate) fn bare(&self) -> bool {
        self.fields.is_empty()
    }
}

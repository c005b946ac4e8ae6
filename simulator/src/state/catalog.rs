//! Projects, types, statuses, people and the other things that issues point to, each with the
//! JSON that issues show for it, made once.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::Flavour;

/// No issue has this number.
pub(crate) const VACANT: u32 = u32::MAX;

/// A catalog entry. `json` is what an issue's field shows for it.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) json: String,
    pub(crate) own: T,
}

/// What only an issue type has.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    /// -1 sub-task, 0 standard, 1 epic, 2 and more above.
    pub(crate) level: i8,
}

/// Key of a status category, as Jira spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    New,
    Indeterminate,
    Done,
}

impl Category {
    pub(crate) const ALL: [Self; 3] = [Self::New, Self::Indeterminate, Self::Done];

    /// Id, key and name.
    pub(crate) fn words(self) -> (u32, &'static str, &'static str) {
        match self {
            Self::New => (2, "new", "To Do"),
            Self::Indeterminate => (4, "indeterminate", "In Progress"),
            Self::Done => (3, "done", "Done"),
        }
    }

    pub(crate) fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.words().1 == key)
    }
}

/// What only a project has.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) key: String,
    /// The account has lost Browse Projects here.
    pub(crate) revoked: bool,
    /// Place of the issue that has, or once had, the number; `VACANT` for none.
    pub(crate) by_number: Vec<u32>,
    pub(crate) next_number: u32,
}

/// A person. The entry's name is the account name.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) display_name: String,
    pub(crate) account_id: String,
}

/// What only a link type has.
#[derive(Clone, Debug)]
pub(crate) struct LinkKind {
    pub(crate) inward: String,
    pub(crate) outward: String,
}

/// All entries. Places are stable: nothing is ever removed.
#[derive(Debug)]
pub(crate) struct Catalog {
    flavour: Flavour,
    base: String,
    pub(crate) projects: Vec<Entry<Project>>,
    pub(crate) kinds: Vec<Entry<Kind>>,
    pub(crate) statuses: Vec<Entry<Category>>,
    pub(crate) priorities: Vec<Entry<()>>,
    pub(crate) resolutions: Vec<Entry<()>>,
    pub(crate) link_kinds: Vec<Entry<LinkKind>>,
    pub(crate) people: Vec<Entry<Person>>,
    people_by_name: FxHashMap<String, u32>,
    pub(crate) labels: Vec<Box<str>>,
    labels_by_text: FxHashMap<Box<str>, u32>,
}

impl Catalog {
    pub(crate) fn new(flavour: Flavour, base_uri: &str) -> Self {
        Self {
            flavour,
            base: format!("{base_uri}/rest/api/{}", flavour.version()),
            projects: Vec::new(),
            kinds: Vec::new(),
            statuses: Vec::new(),
            priorities: Vec::new(),
            resolutions: Vec::new(),
            link_kinds: Vec::new(),
            people: Vec::new(),
            people_by_name: FxHashMap::default(),
            labels: Vec::new(),
            labels_by_text: FxHashMap::default(),
        }
    }

    /// `<base uri>/rest/api/<version>`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn kind(&mut self, id: u64, name: &str, level: i8) -> u16 {
        if let Some(place) = self.kinds.iter().position(|kind| kind.id == id) {
            return place as u16;
        }
        let mut body = json!({
            "self": format!("{}/issuetype/{id}", self.base),
            "id": id.to_string(),
            "description": "",
            "iconUrl": format!("{}/images/issuetype-{id}.svg", self.base),
            "name": name,
            "subtask": level < 0,
            "avatarId": 10300 + id,
        });
        if self.flavour == Flavour::Cloud {
            body["hierarchyLevel"] = json!(level);
        }
        let own = Kind { level };
        push(
            &mut self.kinds,
            Entry {
                id,
                name: name.to_owned(),
                json: body.to_string(),
                own,
            },
        )
    }

    pub(crate) fn status(&mut self, id: u64, name: &str, category: Category) -> u16 {
        if let Some(place) = self.statuses.iter().position(|status| status.id == id) {
            return place as u16;
        }
        let (category_id, key, category_name) = category.words();
        let body = json!({
            "self": format!("{}/status/{id}", self.base),
            "description": "",
            "iconUrl": format!("{}/images/status-{id}.svg", self.base),
            "name": name,
            "id": id.to_string(),
            "statusCategory": {
                "self": format!("{}/statuscategory/{category_id}", self.base),
                "id": category_id,
                "key": key,
                "colorName": "blue-gray",
                "name": category_name,
            },
        });
        let json = body.to_string();
        push(
            &mut self.statuses,
            Entry {
                id,
                name: name.to_owned(),
                json,
                own: category,
            },
        )
    }

    pub(crate) fn priority(&mut self, id: u64, name: &str) -> u16 {
        let json = self.plain("priority", id, name);
        find_or_push(
            &mut self.priorities,
            Entry {
                id,
                name: name.to_owned(),
                json,
                own: (),
            },
        )
    }

    pub(crate) fn resolution(&mut self, id: u64, name: &str) -> u16 {
        let json = self.plain("resolution", id, name);
        find_or_push(
            &mut self.resolutions,
            Entry {
                id,
                name: name.to_owned(),
                json,
                own: (),
            },
        )
    }

    fn plain(&self, what: &str, id: u64, name: &str) -> String {
        let mut body = json!({
            "self": format!("{}/{what}/{id}", self.base),
            "id": id.to_string(),
            "name": name,
        });
        if what == "priority" {
            body["iconUrl"] = json!(format!("{}/images/priority-{id}.svg", self.base));
        } else {
            body["description"] = json!("");
        }
        body.to_string()
    }

    pub(crate) fn link_kind(&mut self, id: u64, name: &str, inward: &str, outward: &str) -> u16 {
        let json = json!({
            "id": id.to_string(),
            "name": name,
            "inward": inward,
            "outward": outward,
            "self": format!("{}/issueLinkType/{id}", self.base),
        })
        .to_string();
        let own = LinkKind {
            inward: inward.to_owned(),
            outward: outward.to_owned(),
        };
        find_or_push(
            &mut self.link_kinds,
            Entry {
                id,
                name: name.to_owned(),
                json,
                own,
            },
        )
    }

    pub(crate) fn project(&mut self, id: u64, key: &str, name: &str) -> u16 {
        if let Some(place) = self.project_by_key(key) {
            return place;
        }
        let mut body = json!({
            "self": format!("{}/project/{id}", self.base),
            "id": id.to_string(),
            "key": key,
            "name": name,
            "projectTypeKey": "software",
            "avatarUrls": avatars(&self.base, id),
        });
        if self.flavour == Flavour::Cloud {
            body["simplified"] = json!(false);
        }
        let own = Project {
            key: key.to_owned(),
            revoked: false,
            by_number: Vec::new(),
            next_number: 1,
        };
        push(
            &mut self.projects,
            Entry {
                id,
                name: name.to_owned(),
                json: body.to_string(),
                own,
            },
        )
    }

    pub(crate) fn project_by_key(&self, key: &str) -> Option<u16> {
        let same = |project: &Entry<Project>| project.own.key.eq_ignore_ascii_case(key);
        self.projects
            .iter()
            .position(same)
            .map(|place| place as u16)
    }

    /// The person of this account name, made when there is none yet.
    pub(crate) fn person(&mut self, name: &str, display_name: &str, account_id: &str) -> u32 {
        if let Some(place) = self.people_by_name.get(name) {
            return *place;
        }
        let place = self.people.len() as u32;
        let body = person_json(
            self.flavour,
            &self.base,
            place,
            (name, display_name, account_id),
        );
        let own = Person {
            display_name: display_name.to_owned(),
            account_id: account_id.to_owned(),
        };
        self.people.push(Entry {
            id: u64::from(place),
            name: name.to_owned(),
            json: body.to_string(),
            own,
        });
        self.people_by_name.insert(name.to_owned(), place);
        place
    }

    /// By account name, account id or display name, without regard to case.
    pub(crate) fn find_person(&self, text: &str) -> Option<u32> {
        self.people_by_name.get(text).copied().or_else(|| {
            let same = |person: &Entry<Person>| {
                person.own.account_id == text
                    || person.own.display_name.eq_ignore_ascii_case(text)
                    || person.name.eq_ignore_ascii_case(text)
            };
            self.people.iter().position(same).map(|place| place as u32)
        })
    }

    pub(crate) fn label(&mut self, text: &str) -> u32 {
        if let Some(place) = self.labels_by_text.get(text) {
            return *place;
        }
        let place = self.labels.len() as u32;
        self.labels.push(text.into());
        self.labels_by_text.insert(text.into(), place);
        place
    }

    pub(crate) fn find_label(&self, text: &str) -> Option<u32> {
        self.labels_by_text.get(text).copied()
    }
}

/// A place by name, without regard to case.
pub(crate) fn named<T>(entries: &[Entry<T>], name: &str) -> Option<u16> {
    entries
        .iter()
        .position(|entry| entry.name.eq_ignore_ascii_case(name))
        .map(|at| at as u16)
}

fn push<T>(entries: &mut Vec<Entry<T>>, entry: Entry<T>) -> u16 {
    entries.push(entry);
    (entries.len() - 1) as u16
}

fn find_or_push<T>(entries: &mut Vec<Entry<T>>, entry: Entry<T>) -> u16 {
    match entries.iter().position(|other| other.id == entry.id) {
        Some(place) => place as u16,
        None => push(entries, entry),
    }
}

fn person_json(
    flavour: Flavour,
    base: &str,
    place: u32,
    (name, display_name, account_id): (&str, &str, &str),
) -> Value {
    let pictures = avatars(base, u64::from(place));
    match flavour {
        Flavour::Cloud => json!({
            "self": format!("{base}/user?accountId={account_id}"),
            "accountId": account_id,
            "avatarUrls": pictures,
            "displayName": display_name,
            "active": true,
            "timeZone": "Etc/UTC",
            "accountType": "atlassian",
        }),
        Flavour::DataCenter => json!({
            "self": format!("{base}/user?username={name}"),
            "name": name,
            "key": format!("JIRAUSER{}", 10_100 + place),
            "emailAddress": format!("{name}@example.com"),
            "avatarUrls": pictures,
            "displayName": display_name,
            "active": true,
            "timeZone": "Etc/UTC",
        }),
    }
}

fn avatars(base: &str, number: u64) -> Value {
    let of = |size: u32| format!("{base}/universal_avatar/view/type/{number}?size={size}");
    json!({ "48x48": of(48), "24x24": of(24), "16x16": of(16), "32x32": of(32) })
}

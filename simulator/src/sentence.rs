//! What the simulated Jira says when it refuses. Jira speaks the language of the account, so no
//! client may match on these; the second language is there to catch one that does.

use crate::Language;

/// A refusal or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sentence {
    ReservedCharacter(char),
    ReservedWord(String),
    UnfinishedQuote,
    TooDeep,
    Unexpected {
        wanted: &'static str,
        found: Option<String>,
    },
    TooManySorts(usize),
    NoHistory(String, String),
    UnknownField(String),
    UnknownSort(String),
    UnknownValue {
        value: String,
        field: String,
    },
    UnknownIssue {
        issue: String,
        field: String,
    },
    UnknownFunction(String),
    BadDate {
        value: String,
        field: String,
    },
    BadNumber {
        value: String,
        field: String,
    },
    WrongOperator {
        operator: &'static str,
        field: String,
    },
    NotEmptyable(String),
    FilterLoop(String),
    Unbounded,
    PageSize(u32),
    PageToken,
    TooManyReconciled(usize),
    InvalidPayload,
    NotJson,
    IssueMissing,
    FilterMissing(String),
    TooManyIssues(usize),
    WindowExceeded(u64),
    NotAuthenticated,
    SearchRemoved,
    BoardMissing(String),
    EpicMissing(String),
    NotAnApp,
    WebhookMissing(String),
    WebhookEvent(String),
    WebhookFilter(String),
    WebhookUrl(String),
}

impl Sentence {
    pub(crate) fn text(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::German => self.german(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::ReservedCharacter(c) => format!(
                "Error in the JQL Query: The character '{c}' is a reserved JQL character. You must enclose it in a string."
            ),
            Self::ReservedWord(word) => format!(
                "Error in the JQL Query: '{word}' is a reserved JQL word. You must surround it in quotation marks to use it in a query."
            ),
            Self::UnfinishedQuote => {
                "Error in the JQL Query: The quoted string has not been completed.".to_owned()
            }
            Self::TooDeep => "Error in the JQL Query: The query is nested too deeply.".to_owned(),
            Self::Unexpected {
                wanted,
                found: Some(found),
            } => {
                format!("Error in the JQL Query: Expecting {wanted} but got '{found}'.")
            }
            Self::Unexpected {
                wanted,
                found: None,
            } => {
                format!("Error in the JQL Query: Expecting {wanted} before the end of the query.")
            }
            Self::TooManySorts(max) => {
                format!("The ORDER BY clause can have at most {max} fields.")
            }
            Self::NoHistory(operator, field) => format!(
                "Error in the JQL Query: The operator '{operator}' is not supported for the field '{field}'."
            ),
            Self::UnknownField(field) => {
                format!("Field '{field}' does not exist or you do not have permission to view it.")
            }
            Self::UnknownSort(field) => format!("Not able to sort using field '{field}'."),
            Self::UnknownValue { value, field } => {
                format!("The value '{value}' does not exist for the field '{field}'.")
            }
            Self::UnknownIssue { issue, field } => {
                format!("An issue with key '{issue}' does not exist for field '{field}'.")
            }
            Self::UnknownFunction(name) => format!("Unable to find JQL function '{name}()'."),
            Self::BadDate { value, field } => format!(
                "Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            ),
            Self::BadNumber { value, field } => {
                format!("The value '{value}' is not a valid number for the field '{field}'.")
            }
            Self::WrongOperator { operator, field } => {
                format!("The operator '{operator}' is not supported by the '{field}' field.")
            }
            Self::NotEmptyable(field) => {
                format!("The field '{field}' does not support searching for EMPTY values.")
            }
            Self::FilterLoop(name) => {
                format!("The filter '{name}' refers to itself and cannot be searched.")
            }
            other => other.english_of_requests(),
        }
    }

    fn english_of_requests(&self) -> String {
        match self {
            Self::Unbounded => "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.".to_owned(),
            Self::PageSize(max) => format!("The maxResults value must be between 1 and {max}."),
            Self::PageToken => "The nextPageToken is invalid or has expired.".to_owned(),
            Self::TooManyReconciled(max) => {
                format!("The max number of issues to reconcile is {max}.")
            }
            Self::InvalidPayload => "Invalid request payload. Refer to the REST API documentation and try again.".to_owned(),
            Self::NotJson => "There was an error parsing JSON. Check that your request body is valid.".to_owned(),
            Self::IssueMissing => "Issue does not exist or you do not have permission to see it.".to_owned(),
            Self::FilterMissing(id) => format!(
                "The selected filter is not available to you, perhaps it has been deleted or had its permissions changed. (filter {id})"
            ),
            Self::TooManyIssues(max) => {
                format!("The number of issues to fetch exceeds the limit of {max}.")
            }
            Self::WindowExceeded(max) => format!(
                "Search limit exceeded: the requested window exceeded the search platform limit of {max}."
            ),
            Self::NotAuthenticated => {
                "Client must be authenticated to access this resource.".to_owned()
            }
            Self::SearchRemoved => "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.".to_owned(),
            other => other.english_of_webhooks(),
        }
    }

    fn english_of_webhooks(&self) -> String {
        match self {
            Self::BoardMissing(id) => {
                format!(
                    "The requested board cannot be viewed because it either does not exist or you do not have permission to view it. (board {id})"
                )
            }
            Self::EpicMissing(id) => {
                format!(
                    "The requested epic does not exist or you do not have permission to view it. (epic {id})"
                )
            }
            Self::NotAnApp => {
                "Access to this resource must be authenticated as an app request.".to_owned()
            }
            Self::WebhookMissing(id) => format!("The webhook {id} does not exist."),
            Self::WebhookEvent(name) => format!("The event '{name}' is not supported."),
            Self::WebhookFilter(part) => {
                format!("The clause '{part}' is not supported in the filter of a webhook.")
            }
            Self::WebhookUrl(url) => format!("The URL '{url}' is invalid."),
            other => format!("{other:?}"),
        }
    }

    /// Shorter than the English: what matters is that it is other text.
    fn german(&self) -> String {
        match self {
            Self::UnknownField(field) => {
                format!("Das Feld '{field}' existiert nicht oder Sie dürfen es nicht sehen.")
            }
            Self::UnknownValue { value, field } => {
                format!("Der Wert '{value}' existiert nicht für das Feld '{field}'.")
            }
            Self::UnknownIssue { issue, field } => {
                format!(
                    "Ein Vorgang mit dem Schlüssel '{issue}' existiert nicht für das Feld '{field}'."
                )
            }
            Self::IssueMissing => {
                "Der Vorgang existiert nicht oder Sie dürfen ihn nicht sehen.".to_owned()
            }
            Self::Unbounded => "Unbegrenzte JQL-Abfragen sind hier nicht erlaubt.".to_owned(),
            Self::NotAuthenticated => "Der Client muss angemeldet sein.".to_owned(),
            other => format!("Die Anfrage ist ungültig ({}).", other.english().len()),
        }
    }
}

//! What a command has at hand: the client, the console, and the global options.

use std::sync::{Arc, Mutex, PoisonError};

use futures::TryStreamExt;
use jiff::tz::TimeZone;
use resync_client::{Client, Items, JobHandle, SynchronizerHandle};

use crate::{
    args::{Global, OutputFormat},
    console::Console,
    exit::Exit,
    failure::Failure,
    render::{
        json::{self, Document},
        style::Style,
        text::{clean, id, job_id, job_name},
    },
};

/// One run of the program.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) console: Arc<Console>,
    pub(crate) global: Global,
    pub(crate) zone: TimeZone,
    /// The job that is followed now, so that whoever leaves early is told how to come back.
    followed: Mutex<Option<String>>,
}

impl Session {
    pub(crate) fn new(global: Global, console: Arc<Console>) -> Result<Self, Failure> {
        let client = connect(&global)?;
        let followed = Mutex::new(None);
        Ok(Self {
            client,
            console,
            global,
            zone: TimeZone::system(),
            followed,
        })
    }

    pub(crate) fn style(&self) -> Style {
        self.console.style
    }

    pub(crate) fn prints_text(&self) -> bool {
        self.global.output == OutputFormat::Table
    }

    /// Prints one thing: as text, or as one JSON document.
    pub(crate) fn print<Printed: Document>(
        &self,
        message: &Printed,
        text: impl FnOnce(&Printed) -> String,
    ) -> Result<(), Failure> {
        match self.global.output {
            OutputFormat::Table => self.console.data(&text(message)),
            OutputFormat::Json => self.console.data(&json::document(message)),
            OutputFormat::Jsonl => self.console.data(&json::line(message)),
        }
    }

    /// Prints a list: as text, as the message that lists it, or as one line of JSON an item.
    pub(crate) fn print_list<Item: Document, List: Document>(
        &self,
        items: Vec<Item>,
        list: impl FnOnce(Vec<Item>) -> List,
        text: impl FnOnce(&[Item]) -> String,
    ) -> Result<(), Failure> {
        match self.global.output {
            OutputFormat::Table => self.console.data(&text(&items)),
            OutputFormat::Json => self.console.data(&json::document(&list(items))),
            OutputFormat::Jsonl => items
                .iter()
                .try_for_each(|item| self.console.data(&json::line(item))),
        }
    }

    /// Says that something without a result was done.
    pub(crate) fn done(&self, what: &str) {
        self.console.error(&format!("{what}\n"));
    }

    /// Asks, and waits for the answer. `None` when the input ended.
    pub(crate) async fn ask(&self, question: &str) -> Option<String> {
        self.console.error(question);
        let console = Arc::clone(&self.console);
        tokio::task::spawn_blocking(move || console.read_line())
            .await
            .ok()
            .flatten()
    }

    /// The job that was typed, as `launch/12` or by its resource name.
    pub(crate) fn job(&self, given: &str) -> Result<JobHandle, Failure> {
        let name = job_name(given).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("{given:?} is not a job"))
                .hint("give STRUCTURE/JOB, for example launch/12; see `resync job list`")
        })?;
        Ok(self.client.job(&name))
    }

    /// The synchronizer that was typed; or the only one of the structure.
    pub(crate) async fn synchronizer(
        &self,
        structure: &str,
        given: Option<&str>,
    ) -> Result<SynchronizerHandle, Failure> {
        let handle = self.client.structure(structure);
        if let Some(given) = given {
            return Ok(handle.synchronizer(given));
        }
        let all: Vec<_> = handle.synchronizers().try_collect().await?;
        match &all[..] {
            [only] => Ok(handle.synchronizer(&only.name)),
            [] => Err(
                Failure::new(Exit::Failed, format!("{structure} has no synchronizer")).hint(
                    format!("resync synchronizer add {structure} --filter-jql JQL"),
                ),
            ),
            several => {
                let ids: Vec<String> = several.iter().map(|one| clean(id(&one.name))).collect();
                let what = format!("{structure} has several synchronizers: {}", ids.join(", "));
                Err(Failure::new(Exit::Usage, what).hint("name one of them"))
            }
        }
    }

    /// Remembers which job is followed from now on; none with `None`.
    pub(crate) fn follow(&self, job: Option<&str>) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        *followed = job.map(str::to_owned);
    }

    /// Says that the job that was followed goes on, and how to come back to it.
    pub(crate) fn say_how_to_come_back(&self) {
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        match followed.as_deref().map(job_id) {
            Some(job) => self.console.error(&come_back(&job)),
            // The cursor may stand behind a question.
            None if self.console.interactive => self.console.error("\n"),
            None => {}
        }
    }
}

fn connect(global: &Global) -> Result<Client, Failure> {
    let Some(file) = &global.certificate_authority else {
        return Ok(Client::connect(&global.address)?);
    };
    let authority = std::fs::read_to_string(file).map_err(|error| {
        let what = format!("could not read {}: {error}", file.display());
        Failure::new(Exit::Usage, what)
            .hint("give --certificate-authority the file of a certificate in PEM")
    })?;
    Ok(Client::connect_trusting(&global.address, &authority)?)
}

/// How to come back to a job that was left.
pub(crate) fn come_back(job: &str) -> String {
    format!(
        "Detached; the job goes on.\n  resync job watch {job}     come back\n  resync job cancel {job}    stop it\n"
    )
}

/// At most `limit` items of a list.
pub(crate) async fn first<Item>(
    mut items: Items<Item>,
    limit: usize,
) -> Result<Vec<Item>, Failure> {
    let mut taken = Vec::new();
    while taken.len() < limit {
        match items.try_next().await? {
            Some(item) => taken.push(item),
            None => break,
        }
    }
    Ok(taken)
}

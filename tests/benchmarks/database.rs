//! A look into the database that a real resync left: how large it is, and whether it changed.

use crate::processes;
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

/// The tables that hold rows and what is known of them.
const TABLES_OF_ROWS: [&str; 3] = ["rows", "claims", "observations"];

/// The tables that tell how they came about.
const TABLES_OF_HISTORY: [&str; 2] = ["forest_versions", "forest_changes"];

/// The sizes of the blobs that a resync writes, in bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blobs {
    /// The steps of the first version.
    pub(crate) steps: Vec<usize>,
    /// The changes of the first job.
    pub(crate) job_changes: Vec<usize>,
}

/// Sizes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// All files of the database.
    pub(crate) all: u64,
    /// The pages of rows, claims and observations, with their indexes.
    pub(crate) rows: u64,
}

/// The database of a server, to read only.
pub(crate) struct Database(Connection);

impl Database {
    /// Opens the database in the data folder of a server.
    pub(crate) fn open(folder: &Path) -> Self {
        let path = processes::data(folder).join(resyncd::serve::STORE_FILE);
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        Self(opened.expect("the database opens"))
    }

    /// The sizes of all blobs.
    pub(crate) fn blobs(&self) -> Blobs {
        let first = "SELECT length(changes) FROM";
        Blobs {
            steps: self.numbers(&format!("{first} forest_changes")),
            job_changes: self.numbers(&format!("{first} job_changes WHERE job = 1")),
        }
    }

    /// How much the database takes.
    pub(crate) fn sizes(&self, folder: &Path) -> Sizes {
        let files = std::fs::read_dir(processes::data(folder)).expect("the folder can be read");
        let all = files
            .map(|file| file.and_then(|file| file.metadata()).expect("it is a file"))
            .map(|file| file.len())
            .sum();
        let rows = self
            .numbers(
                "SELECT sum(pgsize) FROM dbstat WHERE name IN \
                 ('rows', 'claims', 'observations', 'observations_by_key')",
            )
            .iter()
            .map(|size| *size as u64)
            .sum();
        Sizes { all, rows }
    }

    /// A fingerprint of everything in the tables of forests.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for table in TABLES_OF_ROWS.into_iter().chain(TABLES_OF_HISTORY) {
            let text = format!("SELECT * FROM {table}");
            let mut statement = self.0.prepare(&text).expect("the table is there");
            let columns = statement.column_count();
            let mut rows = statement.query([]).expect("it can be read");
            while let Some(row) = rows.next().expect("it can be read") {
                for column in 0..columns {
                    match row.get_ref(column).expect("it has the column") {
                        ValueRef::Null => 0.hash(&mut hasher),
                        ValueRef::Integer(number) => number.hash(&mut hasher),
                        ValueRef::Real(number) => number.to_bits().hash(&mut hasher),
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut hasher),
                    }
                }
            }
        }
        hasher.finish()
    }

    /// The log of a job: seconds since its first line, and what it says.
    pub(crate) fn log(&self, job: i64) -> Vec<(f64, String)> {
        let text = "SELECT (time - min(time) OVER ()) / 1000.0, message FROM job_log \
                    WHERE job = ?1 ORDER BY ordinal";
        let mut statement = self.0.prepare(text).expect("the table is there");
        let lines = statement.query_map([job], |row| Ok((row.get(0)?, row.get(1)?)));
        lines
            .expect("it can be read")
            .collect::<Result<_, _>>()
            .expect("it can be read")
    }

    fn numbers(&self, text: &str) -> Vec<usize> {
        let mut statement = self.0.prepare(text).expect("the table is there");
        let numbers = statement.query_map([], |row| row.get::<_, i64>(0));
        numbers
            .expect("it can be read")
            .map(|number| number.expect("it is a number"))
            .map(|number| usize::try_from(number).expect("it is a size"))
            .collect()
    }
}

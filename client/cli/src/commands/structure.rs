//! `resync structure` and `resync tree`.

use futures::TryStreamExt;
use resync_api::v1::{ListRowsResponse, ListStructuresResponse, RowView, Structure};

use crate::{
    args::StructureCommand,
    confirm,
    exit::Exit,
    failure::Failure,
    render::{
        table,
        text::{clean, date_time, id},
        tree,
    },
    session::Session,
};

pub(crate) async fn structure(session: &Session, command: StructureCommand) -> Result<(), Failure> {
    let client = &session.client;
    match command {
        StructureCommand::List { deleted } => {
            let structures: Vec<_> = client.structures(deleted).try_collect().await?;
            session.print_list(
                structures,
                |structures| ListStructuresResponse {
                    structures,
                    ..Default::default()
                },
                |structures| list_text(session, structures),
            )
        }
        StructureCommand::Get { structure } => {
            print(session, &client.structure(&structure).get().await?)
        }
        StructureCommand::Create {
            structure,
            name,
            description,
        } => {
            let display_name = name.unwrap_or_else(|| structure.clone());
            let new = Structure {
                display_name,
                description,
                ..Default::default()
            };
            print(session, &client.create_structure(&structure, new).await?)
        }
        StructureCommand::Rename { structure, name } => {
            print(session, &client.structure(&structure).rename(&name).await?)
        }
        StructureCommand::Delete {
            structure,
            force,
            confirm,
        } => delete(session, &structure, force, confirm.as_deref()).await,
        StructureCommand::Undelete { structure } => {
            print(session, &client.structure(&structure).undelete().await?)
        }
    }
}

/// Deletes a structure. It can be brought back, so a yes is enough.
async fn delete(
    session: &Session,
    structure: &str,
    force: bool,
    confirm: Option<&str>,
) -> Result<(), Failure> {
    let name = id(structure);
    let unconfirmed =
        |what: &str| Failure::new(Exit::Unconfirmed, what).hint(format!("--confirm {name}"));
    match confirm {
        Some(confirm) if id(confirm) == name => {}
        Some(_) => return Err(unconfirmed("--confirm does not name this structure")),
        None if session.console.interactive => {
            let question = format!("Delete the structure {}? [y/N] ", clean(name));
            let answer = session.ask(&question).await.unwrap_or_default();
            if !confirm::is_yes(&answer) {
                return Err(unconfirmed("not confirmed; nothing was deleted"));
            }
        }
        None => {
            return Err(unconfirmed(
                "this needs a confirmation, and there is nobody to ask",
            ));
        }
    }
    let deleted = session.client.structure(structure).delete(force).await?;
    print(session, &deleted)?;
    session.done(&format!(
        "  resync structure undelete {}    brings it back",
        clean(name)
    ));
    Ok(())
}

pub(crate) async fn tree(
    session: &Session,
    name: &str,
    depth: Option<i32>,
    at: i64,
) -> Result<(), Failure> {
    let handle = session.client.structure(name);
    let structure = handle.get().await?;
    let version = if at == 0 {
        structure.forest_version
    } else {
        at
    };
    let mut rows: Vec<_> = handle.rows(version, RowView::Full).try_collect().await?;
    if session.prints_text() {
        let heading = tree::heading(&structure, version, rows.len(), session.style());
        return session
            .console
            .data(&(heading + &tree::tree(&rows, depth, session.style())));
    }
    rows.retain(|row| depth.is_none_or(|depth| row.depth < depth));
    let list = |rows| ListRowsResponse {
        rows,
        forest_version: version,
        ..Default::default()
    };
    session.print_list(rows, list, |_| String::new())
}

fn list_text(session: &Session, structures: &[Structure]) -> String {
    let rows: Vec<Vec<String>> = structures
        .iter()
        .map(|structure| {
            let deleted = if structure.delete_time.is_some() {
                " (deleted)"
            } else {
                ""
            };
            vec![
                id(&structure.name).to_owned(),
                format!("{}{deleted}", structure.display_name),
                structure.row_count.to_string(),
                structure.forest_version.to_string(),
                date_time(structure.update_time.as_ref(), &session.zone),
            ]
        })
        .collect();
    let heading = ["STRUCTURE", "NAME", "ROWS", "VERSION", "UPDATED"];
    table::table(session.style(), &heading, &rows, "No structures.")
}

fn print(session: &Session, structure: &Structure) -> Result<(), Failure> {
    session.print(structure, |structure| {
        let deleted = match &structure.delete_time {
            Some(time) => date_time(Some(time), &session.zone),
            None => String::new(),
        };
        let pairs = [
            ("Structure", id(&structure.name).to_owned()),
            ("Name", structure.display_name.clone()),
            ("Description", structure.description.clone()),
            ("Rows", structure.row_count.to_string()),
            ("Version", structure.forest_version.to_string()),
            ("Created by", structure.creator.clone()),
            (
                "Created",
                date_time(structure.create_time.as_ref(), &session.zone),
            ),
            (
                "Updated",
                date_time(structure.update_time.as_ref(), &session.zone),
            ),
            ("Deleted", deleted),
        ];
        table::pairs(session.style(), &pairs)
    })
}

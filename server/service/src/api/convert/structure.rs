//! Structures.

use super::{field, to_count, to_time};
use crate::app::structures::Creation;
use crate::names;
use crate::refusal::Refusal;
use resync_api::v1;
use resync_store::{StructureRecord, StructureUpdate};

/// Longest description, in characters, as documented in the API.
const DESCRIPTION_MAX: usize = 4_096;

/// A structure, as the API shows it.
pub(crate) fn to_structure(record: StructureRecord) -> v1::Structure {
    let StructureRecord {
        id: _,
        slug,
        uid,
        display_name,
        description,
        forest_version,
        row_count,
        next_row_id: _,
        creator,
        create_time,
        update_time,
        delete_time,
        etag,
    } = record;
    v1::Structure {
        name: names::structure(&slug),
        uid: uid.to_string(),
        display_name,
        description,
        forest_version: forest_version.0,
        row_count: to_count(row_count),
        creator: creator.to_string(),
        create_time: Some(to_time(create_time)),
        update_time: Some(to_time(update_time)),
        delete_time: delete_time.map(to_time),
        etag,
    }
}

/// What a caller asks to create. Fields that the server assigns are ignored, as everywhere.
pub(crate) fn from_creation(
    structure_id: &str,
    structure: Option<v1::Structure>,
) -> Result<Creation, Refusal> {
    let slug = field::slug("structure_id", structure_id)?;
    let structure = field::required("structure", structure)?;
    let v1::Structure {
        name: _,
        uid: _,
        display_name,
        description,
        forest_version: _,
        row_count: _,
        creator: _,
        create_time: _,
        update_time: _,
        delete_time: _,
        etag: _,
    } = structure;
    Ok(Creation {
        slug,
        display_name: field::required_display_name("structure.display_name", display_name)?,
        description: field::text("structure.description", description, DESCRIPTION_MAX)?,
    })
}

/// What a caller asks to update.
pub(crate) fn from_update(
    structure: v1::Structure,
    mask: Option<prost_types::FieldMask>,
) -> Result<StructureUpdate, Refusal> {
    let set = |path: &str| match path {
        "display_name" => !structure.display_name.is_empty(),
        _ => !structure.description.is_empty(),
    };
    let paths = field::mask(mask, &["display_name", "description"], set)?;
    let v1::Structure {
        display_name,
        description,
        ..
    } = structure;
    let mut update = StructureUpdate::default();
    if paths.contains(&"display_name") {
        let path = "structure.display_name";
        update.display_name = Some(field::required_display_name(path, display_name)?);
    }
    if paths.contains(&"description") {
        let path = "structure.description";
        update.description = Some(field::text(path, description, DESCRIPTION_MAX)?);
    }
    Ok(update)
}

//! A plan as text: what would change, as one tree; what is left and why; what stands in the way;
//! and the counts last, just above the question.

use std::{collections::BTreeMap, fmt::Write};

use jiff::tz::TimeZone;
use resync_api::v1::{Job, JobChange, Plan, Row, Structure, job_change};

use super::{
    outline::{self, Line, Show},
    style::Style,
    text::{clean, counted, cut, date_time, id, job_id, pad, width},
    words,
};

/// The most lines of the tree, unless everything is asked for: more than that nobody reads.
const MOST_LINES: usize = 300;
/// The most removals that are named again above the question.
const MOST_REMOVALS: usize = 60;
/// The most examples for each reason to leave something.
const MOST_EXAMPLES: usize = 5;
/// Where the notes start at most, in columns; longer titles are cut.
const WIDEST_LABEL: usize = 60;
/// The width of running text, in columns.
const LINE_WIDTH: usize = 96;

/// A plan, and what it takes to show it.
#[derive(Clone, Copy, Debug)]
pub struct PlanView<'a> {
    /// The structure.
    pub structure: &'a Structure,
    /// The preview, with its plan.
    pub job: &'a Job,
    /// The changes, and the differences that are left; all, or the first of them.
    pub changes: &'a [JobChange],
    /// The rows that were compared; empty to do without.
    pub rows: &'a [Row],
    /// Show unchanged rows, explanations, and every line.
    pub verbose: bool,
    /// The zone of the times that are shown.
    pub zone: &'a TimeZone,
}

/// The whole plan.
#[must_use]
pub fn plan(view: &PlanView<'_>, style: Style) -> String {
    let plan = view.job.plan.clone().unwrap_or_default();
    let mut text = header(view, &plan, style);
    let show = if view.verbose {
        Show::All
    } else {
        Show::Changed
    };
    let lines = outline::outline(view.rows, view.changes, show);
    if plan.change_count > 0 {
        text.push_str(&tree(view, &lines, &plan, style));
    }
    text.push_str(&held(view, &plan, style));
    text.push_str(&guards(&plan, style));
    text.push_str(&removals(&lines, &plan, style));
    text.push_str(&summary(view.job, style));
    text
}

fn header(view: &PlanView<'_>, plan: &Plan, style: Style) -> String {
    let structure = view.structure;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{}  {value}", style.strong(&pad(name, 12)));
    };
    line("Preview", job_id(&view.job.name));
    line(
        "Structure",
        format!(
            "{} ({})",
            clean(&structure.display_name),
            id(&structure.name)
        ),
    );
    let rule = view
        .job
        .rule
        .as_ref()
        .map(|rule| format!("  {}", words::rule(rule)));
    let synchronizer = id(&view.job.synchronizer);
    line(
        "Synchronizer",
        format!("{synchronizer}{}", rule.unwrap_or_default()),
    );
    line(
        "Direction",
        words::direction(view.job.direction()).to_owned(),
    );
    let issues = view
        .job
        .counters
        .map_or(0, |counters| counters.read_issue_count);
    line(
        "Read",
        format!(
            "structure version {} ({} in scope); Jira: {}, {}",
            plan.forest_version,
            counted(plan.rows_in_scope, "row"),
            counted(issues, "issue"),
            date_time(plan.tracker_read_time.as_ref(), view.zone),
        ),
    );
    text.push('\n');
    text
}

fn tree(view: &PlanView<'_>, lines: &[Line<'_>], plan: &Plan, style: Style) -> String {
    let most = if view.verbose { usize::MAX } else { MOST_LINES };
    let context = lines.iter().filter(|line| line.change.is_none()).count();
    let hidden = view.rows.len().saturating_sub(
        context
            + lines
                .iter()
                .filter(|line| line.change.is_some_and(is_of_a_row))
                .count(),
    );
    let mut text = format!(
        "  {} add   {} move   {} remove",
        style.good("+"),
        style.notice(">"),
        style.bad("-")
    );
    if hidden > 0 {
        let hidden = i32::try_from(hidden).unwrap_or(i32::MAX);
        let note = format!(
            "   ({} hidden; -v shows them)",
            counted(hidden, "unchanged row")
        );
        text.push_str(&style.faint(&note));
    }
    text.push_str("\n\n");

    let shown = &lines[..lines.len().min(most)];
    let column = shown
        .iter()
        .filter(|line| line.change.is_some())
        .map(|line| width(&label(line)))
        .max()
        .unwrap_or(0)
        .min(WIDEST_LABEL);
    let mut said = "";
    for line in shown {
        text.push_str(&tree_line(line, column, style));
        let explanation = line.change.map_or("", |change| change.explanation.as_str());
        if view.verbose && !explanation.is_empty() && explanation != said {
            let indent = "  ".repeat(line.depth + 3);
            let _ = writeln!(text, "{indent}{}", style.faint(&clean(explanation)));
            said = explanation;
        }
    }
    let drawn = shown.iter().filter(|line| line.change.is_some()).count();
    let missing = usize::try_from(plan.change_count)
        .unwrap_or(0)
        .saturating_sub(drawn);
    if missing > 0 {
        let job = job_id(&view.job.name);
        let _ = writeln!(text, "  … and {missing} more: resync job changes {job}");
    }
    text.push('\n');
    text
}

fn is_of_a_row(change: &JobChange) -> bool {
    change.r#type() != job_change::Type::AddRow
}

fn label(line: &Line<'_>) -> String {
    let indent = "  ".repeat(line.depth);
    let (key, title) = (clean(&line.key), clean(&line.title));
    let gap = if key.is_empty() || title.is_empty() {
        ""
    } else {
        "  "
    };
    cut(&format!("{indent}{key}{gap}{title}"), WIDEST_LABEL)
}

fn tree_line(line: &Line<'_>, column: usize, style: Style) -> String {
    let label = label(line);
    let Some(change) = line.change else {
        return format!("    {label}\n");
    };
    let padded = pad(&label, column);
    let (marker, label) = match change.r#type() {
        job_change::Type::AddRow => (style.good("+"), style.good(&padded)),
        job_change::Type::MoveRow => (style.notice(">"), style.notice(&padded)),
        job_change::Type::RemoveRow => (style.bad("-"), style.bad(&padded)),
        job_change::Type::Unspecified => ("?".to_owned(), padded),
    };
    let text = format!("  {marker} {label}  {}", note(change));
    format!("{}\n", text.trim_end())
}

/// What there is to say about a change, beside the row.
fn note(change: &JobChange) -> String {
    let why = words::why(change.why());
    if change.r#type() != job_change::Type::MoveRow {
        return why.to_owned();
    }
    let old = if change.old_value.is_empty() {
        "the top level".to_owned()
    } else {
        clean(&change.old_value)
    };
    let mut note = if change.old_parent_row_id == change.new_parent_row_id {
        format!("moved within {old}")
    } else {
        format!("from {old}")
    };
    if !why.is_empty() {
        let _ = write!(note, ": {why}");
    }
    if change.destructive {
        note.push_str("; a person had placed it there");
    }
    note
}

fn held(view: &PlanView<'_>, plan: &Plan, style: Style) -> String {
    let total: i32 = plan.hold_tallies.iter().map(|tally| tally.count).sum();
    if total == 0 {
        return String::new();
    }
    let mut examples: BTreeMap<i32, Vec<&JobChange>> = BTreeMap::new();
    for change in view
        .changes
        .iter()
        .filter(|c| c.state() == job_change::State::Held)
    {
        examples.entry(change.hold_reason).or_default().push(change);
    }
    let mut text = format!("  {} ({total})\n", style.strong("Left as it is"));
    for tally in &plan.hold_tallies {
        let _ = writeln!(
            text,
            "    {}: {}",
            tally.count,
            words::hold_reason(tally.hold_reason())
        );
        let known = examples
            .get(&tally.hold_reason)
            .map_or(&[][..], Vec::as_slice);
        let most = if view.verbose {
            known.len()
        } else {
            known.len().min(MOST_EXAMPLES)
        };
        for change in &known[..most] {
            text.push_str(&held_line(change));
        }
        let more = usize::try_from(tally.count)
            .unwrap_or(0)
            .saturating_sub(most);
        if more > 0 && most > 0 {
            let _ = writeln!(text, "       … and {more} more");
        }
    }
    text.push('\n');
    text
}

fn held_line(change: &JobChange) -> String {
    let mut text = format!("       {}", clean(&change.issue_key));
    if change.issue_key.is_empty() {
        text.push_str(&clean(&change.title));
    }
    if !change.explanation.is_empty() {
        let _ = write!(text, "  {}", clean(&change.explanation));
    }
    text.push('\n');
    text
}

fn guards(plan: &Plan, style: Style) -> String {
    let mut text = String::new();
    for trip in &plan.guards {
        let guard = format!("! Guard {}", words::guard(trip.guard()));
        let (found, allowed) = (trip.found_count, trip.allowed_count);
        let _ = writeln!(
            text,
            "  {}: found {found}, allowed {allowed}",
            style.bad(&guard)
        );
        let _ = writeln!(text, "    {}", clean(&trip.message));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// What goes, by name, where the question is: the one thing not to miss in a long plan.
fn removals(lines: &[Line<'_>], plan: &Plan, style: Style) -> String {
    let total = tally(plan, job_change::Type::RemoveRow);
    if total == 0 {
        return String::new();
    }
    let names: Vec<String> = lines
        .iter()
        .filter(|line| {
            line.change
                .is_some_and(|change| change.r#type() == job_change::Type::RemoveRow)
        })
        .take(MOST_REMOVALS)
        .map(|line| {
            clean(if line.key.is_empty() {
                &line.title
            } else {
                &line.key
            })
        })
        .collect();
    let more = usize::try_from(total)
        .unwrap_or(0)
        .saturating_sub(names.len());
    let mut list = names.join(", ");
    if more > 0 {
        let _ = write!(list, " and {more} more");
    }
    let heading = format!("Removals ({total})");
    format!("  {}: {}\n", style.bad(&heading), wrapped(&list, 4))
}

/// Breaks a list at its spaces; lines after the first are indented.
fn wrapped(list: &str, indent: usize) -> String {
    let mut text = String::new();
    let mut used = indent + 16;
    for word in list.split(' ') {
        if used + width(word) > LINE_WIDTH {
            let _ = write!(text, "\n{}", " ".repeat(indent));
            used = indent;
        } else if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
        used += width(word) + 1;
    }
    text
}

fn tally(plan: &Plan, kind: job_change::Type) -> i32 {
    plan.tallies
        .iter()
        .filter(|tally| tally.r#type() == kind)
        .map(|tally| tally.count)
        .sum()
}

/// The counts, in a line or two.
#[must_use]
pub fn summary(job: &Job, style: Style) -> String {
    let plan = job.plan.clone().unwrap_or_default();
    let left: i32 = plan.hold_tallies.iter().map(|tally| tally.count).sum();
    let left = if left > 0 {
        format!(" {} left as it is.", counted(left, "difference"))
    } else {
        String::new()
    };
    if plan.change_count == 0 {
        return format!("  {}{left}\n", style.strong("No changes."));
    }
    let removed = tally(&plan, job_change::Type::RemoveRow);
    let rows = job
        .counters
        .map_or(0, |counters| counters.compared_row_count);
    let share = if removed > 0 && rows > 0 {
        let share = 100.0 * f64::from(removed) / f64::from(rows);
        format!(" ({share:.1}% of {rows} rows)")
    } else {
        String::new()
    };
    let counts = format!(
        "Plan: {} to add, {} to move, {removed} to remove{share}.",
        tally(&plan, job_change::Type::AddRow),
        tally(&plan, job_change::Type::MoveRow),
    );
    let destructive = if plan.destructive_change_count > 0 {
        format!(" {} destructive.", plan.destructive_change_count)
    } else {
        " Nothing is discarded.".to_owned()
    };
    format!("  {}{destructive}{left}\n", style.strong(&counts))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

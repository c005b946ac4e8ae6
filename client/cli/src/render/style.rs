//! Colour. Never the only sign of anything: every colour stands beside a marker or a word.

/// Whether to colour, and how.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour at all.
    pub colored: bool,
}

impl Style {
    /// Text without any colour.
    pub const PLAIN: Self = Self { colored: false };

    fn paint(self, code: &str, text: &str) -> String {
        if self.colored && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// What is added, or went well.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What is moved, or needs a look.
    #[must_use]
    pub fn notice(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// What is removed, or went wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// What to read first.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What can be skipped.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

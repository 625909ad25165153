//! One token on its way through streaming filters.

/// One token on its way through streaming filters: borrowed from the text until a filter changes it.
pub(crate) struct Term<'t, 'b> {
    pub(super) original: &'t str,
    pub(super) buffer: &'b mut String,
    pub(super) changed: bool,
    pub(super) kind: &'static str,
    pub(super) keyword: bool,
}

impl<'t, 'b> Term<'t, 'b> {
    pub(crate) fn new(original: &'t str, buffer: &'b mut String, kind: &'static str) -> Self {
        Self {
            original,
            buffer,
            changed: false,
            kind,
            keyword: false,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        if self.changed {
            self.buffer
        } else {
            self.original
        }
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.changed
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The text as an owned buffer, to change in place.
    pub(super) fn edit(&mut self) -> &mut String {
        if !self.changed {
            self.buffer.clear();
            self.buffer.push_str(self.original);
            self.changed = true;
        }
        self.buffer
    }

    pub(super) fn replace(&mut self, text: &str) {
        self.buffer.clear();
        self.buffer.push_str(text);
        self.changed = true;
    }

    /// Keeps only the first `bytes` bytes.
    pub(super) fn truncate(&mut self, bytes: usize) {
        if self.changed {
            self.buffer.truncate(bytes);
        } else {
            self.original = &self.original[..bytes];
        }
    }
}

//! Pairs of a key and a value in one call.

use super::Render;

impl Render {
    /// A key and a string.
    pub fn field_str(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// A key and a whole number.
    pub fn field_long(&mut self, key: &str, number: i64) {
        self.key(key);
        self.long(number);
    }

    /// A key and a whole number without sign.
    pub fn field_unsigned(&mut self, key: &str, number: u64) {
        self.key(key);
        self.unsigned(number);
    }

    /// A key and a double.
    pub fn field_double(&mut self, key: &str, number: f64) {
        self.key(key);
        self.double(number);
    }

    /// A key and a float.
    pub fn field_float(&mut self, key: &str, number: f32) {
        self.key(key);
        self.float(number);
    }

    /// A key and a flag.
    pub fn field_bool(&mut self, key: &str, flag: bool) {
        self.key(key);
        self.boolean(flag);
    }

    /// A key and `null`.
    pub fn field_null(&mut self, key: &str) {
        self.key(key);
        self.null();
    }

    /// A key and an array of strings.
    pub fn field_strings<I>(&mut self, key: &str, texts: I)
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.key(key);
        self.array();
        for text in texts {
            self.string(text.as_ref());
        }
        self.end_array();
    }

    /// A key and the beginning of an object.
    pub fn field_object(&mut self, key: &str) {
        self.key(key);
        self.object();
    }

    /// A key and the beginning of an array.
    pub fn field_array(&mut self, key: &str) {
        self.key(key);
        self.array();
    }
}

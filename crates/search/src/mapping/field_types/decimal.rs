//! Patterns of Java's `DecimalFormat`, as far as answers use them: `0.00`, `#,##0.#`, `00`, `0%`.

use glasswork_content::Failure;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalFormat {
    prefix: String,
    suffix: String,
    integer_digits: usize,
    /// Digits between grouping commas; 0 = none.
    grouping: usize,
    fraction_min: usize,
    fraction_max: usize,
    percent: bool,
}

impl DecimalFormat {
    /// Reads a pattern; a part for negative numbers (`;`) is not supported.
    ///
    /// # Errors
    /// 400 `illegal_argument_exception` for a malformed pattern.
    pub fn new(pattern: &str) -> Result<Self, Failure> {
        let malformed = || Failure::illegal_argument(format!("Malformed pattern \"{pattern}\""));
        let is_digit = |c: char| matches!(c, '0' | '#' | ',' | '.');
        if pattern.contains([';', 'E', '\'', '\u{2030}', '\u{a4}']) {
            return Err(malformed());
        }
        let start = pattern.find(is_digit).ok_or_else(malformed)?;
        let end = pattern.rfind(is_digit).map_or(pattern.len(), |at| at + 1);
        let (prefix, digits, suffix) = (&pattern[..start], &pattern[start..end], &pattern[end..]);
        let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if fraction.contains([',', '.']) || !digits.chars().all(is_digit) || digits.len() > 64 {
            return Err(malformed());
        }
        let grouping = integer.rfind(',').map_or(0, |at| integer.len() - at - 1);
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            integer_digits: integer.matches('0').count(),
            grouping,
            fraction_min: fraction.matches('0').count(),
            fraction_max: fraction.len(),
            percent: prefix.contains('%') || suffix.contains('%'),
        })
    }

    /// Writes a number; halves go to the even neighbour.
    #[must_use]
    pub fn format(&self, number: f64) -> String {
        if number.is_nan() {
            return "NaN".to_owned();
        }
        let scaled = if self.percent { number * 100.0 } else { number };
        if scaled.is_infinite() {
            return format!(
                "{}{}∞{}",
                if scaled < 0.0 { "-" } else { "" },
                self.prefix,
                self.suffix
            );
        }
        let text = format!("{:.*}", self.fraction_max, scaled.abs());
        let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut kept = fraction.len();
        while kept > self.fraction_min && fraction.as_bytes()[kept - 1] == b'0' {
            kept -= 1;
        }
        let integer = if integer == "0" && self.integer_digits == 0 && kept > 0 {
            ""
        } else {
            integer
        };
        let integer = format!("{integer:0>width$}", width = self.integer_digits);
        let mut out = String::new();
        let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if scaled.is_sign_negative() && (!is_zero || number == 0.0 || scaled != 0.0) {
            out.push('-');
        }
        out.push_str(&self.prefix);
        for (index, digit) in integer.chars().enumerate() {
            let left = integer.len() - index;
            if self.grouping > 0 && index > 0 && left % self.grouping == 0 {
                out.push(',');
            }
            out.push(digit);
        }
        if kept > 0 {
            out.push('.');
            out.push_str(&fraction[..kept]);
        }
        out.push_str(&self.suffix);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::DecimalFormat;

    #[test]
    fn numbers_are_laid_out_as_java_lays_them_out() {
        for (pattern, number, expected) in [
            ("0.00", 2.71649, "2.72"),
            ("#.##", 3.0, "3"),
            ("#.##", 0.5, ".5"),
            ("0.0", 0.25, "0.2"),
            ("#,##0.00", 1_234_567.891, "1,234,567.89"),
            ("0000", 42.0, "0042"),
            ("0%", 0.256, "26%"),
            ("$0.00", -3.5, "-$3.50"),
        ] {
            assert_eq!(
                DecimalFormat::new(pattern).unwrap().format(number),
                expected,
                "{pattern}"
            );
        }
        assert!(DecimalFormat::new("abc").is_err());
    }
}

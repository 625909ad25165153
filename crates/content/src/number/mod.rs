//! Numbers as Java spells them (`Double.toString`, `Float.toString`), since clients and texts compare them.
//!
//! The digits are the shortest that read back as the same number, as in JDK 19 and later (Raffaello Giulietti, "The
//! Schubfach way to render doubles"): of one-digit candidates Java takes the nearest number of two digits (`4.9E-324`).

/// Writes a double as Java does: `1.0`, `1.704672E12`, `NaN`, `-Infinity`.
pub fn write_double(value: f64, out: &mut Vec<u8>) {
    if let Some(word) = special(
        value.is_nan(),
        value.is_infinite(),
        value.is_sign_negative(),
    ) {
        out.extend_from_slice(word);
        return;
    }
    if value == 0.0 {
        out.extend_from_slice(if value.is_sign_negative() {
            b"-0.0"
        } else {
            b"0.0"
        });
        return;
    }
    let whole = value.trunc();
    if whole == value && whole.abs() < 1e7 {
        write_whole(whole as i64, out);
        return;
    }
    let mut text = format!("{value:e}");
    if mantissa_length(&text) == 1 {
        let two_digits = format!("{value:.1e}");
        if two_digits.parse() == Ok(value) {
            text = two_digits;
        }
    }
    lay_out(&text, out);
}

/// Writes a float as Java does: `3.4028235E38`.
pub fn write_float(value: f32, out: &mut Vec<u8>) {
    if let Some(word) = special(
        value.is_nan(),
        value.is_infinite(),
        value.is_sign_negative(),
    ) {
        out.extend_from_slice(word);
        return;
    }
    if value == 0.0 {
        out.extend_from_slice(if value.is_sign_negative() {
            b"-0.0"
        } else {
            b"0.0"
        });
        return;
    }
    let whole = value.trunc();
    if whole == value && whole.abs() < 1e7 {
        write_whole(whole as i64, out);
        return;
    }
    let mut text = format!("{value:e}");
    if mantissa_length(&text) == 1 {
        let two_digits = format!("{value:.1e}");
        if two_digits.parse() == Ok(value) {
            text = two_digits;
        }
    }
    lay_out(&text, out);
}

/// The text of a double in Java's spelling.
pub fn double_text(value: f64) -> String {
    let mut out = Vec::new();
    write_double(value, &mut out);
    String::from_utf8(out).expect("a number is ASCII")
}

/// The text of a float in Java's spelling.
pub fn float_text(value: f32) -> String {
    let mut out = Vec::new();
    write_float(value, &mut out);
    String::from_utf8(out).expect("a number is ASCII")
}

/// Writes a whole number.
pub fn write_long(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a whole number without sign.
pub fn write_unsigned(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn special(nan: bool, infinite: bool, negative: bool) -> Option<&'static [u8]> {
    match (nan, infinite, negative) {
        (true, _, _) => Some(b"NaN"),
        (_, true, false) => Some(b"Infinity"),
        (_, true, true) => Some(b"-Infinity"),
        _ => None,
    }
}

fn write_whole(value: i64, out: &mut Vec<u8>) {
    write_long(value, out);
    out.extend_from_slice(b".0");
}

/// Digits of `d.ddde…`, without sign and point.
fn mantissa_length(text: &str) -> usize {
    text.bytes()
        .take_while(|&byte| byte != b'e')
        .filter(u8::is_ascii_digit)
        .count()
}

/// Lays `-d.ddde-x` out as Java does: plain from 10^-3 up to 10^7, else with `E`.
fn lay_out(text: &str, out: &mut Vec<u8>) {
    let (mantissa, exponent) = text
        .split_once('e')
        .expect("scientific notation has an exponent");
    let exponent: i32 = exponent
        .parse()
        .expect("an exponent is a small whole number");
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    if unsigned.len() < mantissa.len() {
        out.push(b'-');
    }
    let (first, rest) = unsigned.split_at(1);
    let rest = rest
        .strip_prefix('.')
        .filter(|&rest| rest != "0")
        .unwrap_or_default();
    if !(-3..7).contains(&exponent) {
        out.extend_from_slice(first.as_bytes());
        out.push(b'.');
        out.extend_from_slice(if rest.is_empty() {
            b"0"
        } else {
            rest.as_bytes()
        });
        out.push(b'E');
        write_long(i64::from(exponent), out);
        return;
    }
    let digits = [first.as_bytes(), rest.as_bytes()].concat();
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + exponent.unsigned_abs() as usize - 1, b'0');
        out.extend_from_slice(&digits);
        return;
    }
    let whole = exponent as usize + 1;
    for index in 0..whole {
        out.push(digits.get(index).copied().unwrap_or(b'0'));
    }
    out.push(b'.');
    out.extend_from_slice(
        digits
            .get(whole..)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(b"0"),
    );
}

#[cfg(test)]
mod tests {
    use super::{double_text, float_text};
    use proptest::prelude::*;

    #[test]
    fn doubles_are_spelled_as_java_spells_them() {
        let spellings = [
            (1.0, "1.0"),
            (-1.0, "-1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (0.000123, "1.23E-4"),
            (1704672000000.0, "1.704672E12"),
            (1e23, "1.0E23"),
            (2e-323, "2.0E-323"),
            (f64::from_bits(1), "4.9E-324"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (123456.789, "123456.789"),
            (0.0123, "0.0123"),
        ];
        for (number, text) in spellings {
            assert_eq!(double_text(number), text);
        }
    }

    #[test]
    fn floats_are_spelled_as_java_spells_them() {
        for (number, text) in [
            (f32::MAX, "3.4028235E38"),
            (f32::from_bits(1), "1.4E-45"),
            (0.287_682_1, "0.2876821"),
            (1.0, "1.0"),
            (1.1e10, "1.1E10"),
            (16_777_216.0, "1.6777216E7"),
        ] {
            assert_eq!(float_text(number), text);
        }
    }

    proptest! {
        #[test]
        fn a_spelled_double_reads_back_as_itself(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            prop_assert_eq!(double_text(number).parse::<f64>().unwrap().to_bits(), bits);
        }

        #[test]
        fn a_spelled_float_reads_back_as_itself(bits in any::<u32>()) {
            let number = f32::from_bits(bits);
            prop_assume!(number.is_finite());
            prop_assert_eq!(float_text(number).parse::<f32>().unwrap().to_bits(), bits);
        }
    }
}

//! Numbers as Java spells them (`Double.toString`, `Float.toString`), since clients and texts compare them.

/// Writes a double as Java does: `1.0`, `1.704672E12`, `NaN`, `-Infinity`.
pub fn write_double(value: f64, out: &mut Vec<u8>) {
    let _ = (value, out);
    todo!()
}

/// Writes a float as Java does: `3.4028235E38`.
pub fn write_float(value: f32, out: &mut Vec<u8>) {
    let _ = (value, out);
    todo!()
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

//! Quantities as people read them.

use std::time::Duration;

/// A time in its largest unit, cut to one decimal below ten: `41s`, `3.1m`, `1.3ms`.
pub(crate) fn age(time: Duration) -> String {
    let nanos = time.as_nanos();
    let units: [(u128, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "µs"),
        (1, "ns"),
    ];
    match units.into_iter().find(|(unit, _)| nanos >= *unit) {
        Some((unit, name)) => scaled(nanos, unit, name),
        None => "0s".to_owned(),
    }
}

/// A size in bytes in its largest unit, a power of 1024, cut to one decimal below ten: `1.9G`, `610M`.
pub(crate) fn size(bytes: u64) -> String {
    let units: [(u128, &str); 5] = [
        (1 << 40, "T"),
        (1 << 30, "G"),
        (1 << 20, "M"),
        (1 << 10, "K"),
        (1, "B"),
    ];
    match units
        .into_iter()
        .find(|(unit, _)| u128::from(bytes) >= *unit)
    {
        Some((unit, name)) => scaled(bytes.into(), unit, name),
        None => "0B".to_owned(),
    }
}

/// A count with commas between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate in a second, with one decimal below a hundred.
pub(crate) fn per_second(rate: f64) -> String {
    if rate < 100.0 {
        return format!("{rate:.1}/s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and a rate of more is none"
    )]
    let whole = rate.round() as u64;
    format!("{}/s", count(whole))
}

fn scaled(amount: u128, unit: u128, name: &str) -> String {
    let tenths = amount * 10 / unit;
    if tenths >= 100 || tenths.is_multiple_of(10) {
        format!("{}{name}", tenths / 10)
    } else {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_cut_to_what_is_read() {
        let nanos = |nanos| age(Duration::from_nanos(nanos));
        assert_eq!(
            (nanos(0), nanos(1_999), nanos(1_300_000)),
            ("0s".into(), "1.9µs".into(), "1.3ms".into())
        );
        assert_eq!(age(Duration::from_secs(41)), "41s");
        assert_eq!(age(Duration::from_secs(187)), "3.1m");
        assert_eq!(age(Duration::from_secs(86_400 * 12)), "12d");
        assert_eq!(
            (size(0), size(640 << 20), size((1 << 30) * 19 / 10)),
            ("0B".into(), "640M".into(), "1.8G".into())
        );
        assert_eq!(
            (count(7), count(1_284), count(1_000_000)),
            ("7".into(), "1,284".into(), "1,000,000".into())
        );
        assert_eq!(
            (per_second(4.84), per_second(12_345.6)),
            ("4.8/s".into(), "12,346/s".into())
        );
    }
}

//! The notation of `minimum_should_match`: `2`, `-1`, `75%`, `-25%`, `3<90% 9<-3`.

use glasswork_content::Failure;

/// How many of `optional` clauses have to match, as `Queries.calculateMinShouldMatch`; may be above `optional`, then
/// nothing matches.
///
/// # Errors
/// `number_format_exception` for what is no number.
pub(crate) fn of(spec: &str, optional: usize) -> Result<usize, Failure> {
    let optional = i64::try_from(optional).unwrap_or(i64::MAX);
    let spec = spec.trim();
    if !spec.contains('<') {
        return simple(spec, optional).map(clamp);
    }
    let mut result = optional;
    for part in spec
        .replace(" <", "<")
        .replace("< ", "<")
        .split_whitespace()
    {
        let Some((bound, value)) = part.split_once('<') else {
            return Err(Failure::number_format(part));
        };
        let bound: i64 = bound.parse().map_err(|_| Failure::number_format(bound))?;
        if optional <= bound {
            return Ok(clamp(result));
        }
        result = simple(value, optional)?;
    }
    Ok(clamp(result))
}

fn simple(spec: &str, optional: i64) -> Result<i64, Failure> {
    let result = match spec.strip_suffix('%') {
        Some(percent) => {
            let percent: i64 = percent
                .parse()
                .map_err(|_| Failure::number_format(percent))?;
            let part = (optional as f32 * percent as f32 * (1.0 / 100.0)) as i64;
            if percent < 0 {
                optional.saturating_add(part)
            } else {
                part
            }
        }
        None => {
            let value: i64 = spec.parse().map_err(|_| Failure::number_format(spec))?;
            if value < 0 {
                optional.saturating_add(value)
            } else {
                value
            }
        }
    };
    Ok(result)
}

fn clamp(value: i64) -> usize {
    usize::try_from(value.max(0)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn counts_percentages_and_conditions_are_understood() {
        assert_eq!(of("2", 3).unwrap(), 2);
        assert_eq!(of("-1", 3).unwrap(), 2);
        assert_eq!(of("75%", 4).unwrap(), 3);
        assert_eq!(of("-25%", 4).unwrap(), 3);
        assert_eq!(of("3<90%", 3).unwrap(), 3);
        assert_eq!(of("3<50%", 4).unwrap(), 2);
        assert_eq!(of("2<-25% 9<-3", 12).unwrap(), 9);
        assert_eq!(of("-9", 3).unwrap(), 0);
        assert!(of("x", 3).is_err());
        assert!(of("3<", 4).is_err());
    }
}

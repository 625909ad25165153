//! Names with dates in them: `<logs-{now/d}>` (`IndexNameExpressionResolver.DateMathExpressionResolver`).

use glasswork_content::Failure;
use glasswork_search::mapping::dates::{DateFormat, Rounding, Zone};
use std::{
    borrow::Cow,
    time::{SystemTime, UNIX_EPOCH},
};

const DEFAULT_FORMAT: &str = "uuuu.MM.dd";

/// The name that an expression stands for now; a plain name stands for itself.
///
/// # Errors
/// 400 `parse_exception`: `invalid dynamic name expression [<…>]. …`
pub(crate) fn dated(name: &str) -> Result<Cow<'_, str>, Failure> {
    let Some(inner) = name
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
    else {
        return Ok(Cow::Borrowed(name));
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    at(
        name,
        inner,
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
    )
    .map(Cow::Owned)
}

fn at(name: &str, inner: &str, now: i64) -> Result<String, Failure> {
    let invalid =
        |why: String| Failure::parse(format!("invalid dynamic name expression [{name}]. {why}"));
    let mut text = String::new();
    let mut placeholder: Option<String> = None;
    let (mut in_format, mut escape) = (false, false);
    for (position, c) in (1_usize..).zip(inner.chars()) {
        let escaped = std::mem::take(&mut escape);
        match (&mut placeholder, c) {
            (_, '\\') if !escaped => escape = true,
            (_, '\\') => text.push(c),
            (Some(inside), '{') if !in_format => {
                in_format = true;
                inside.push(c);
            }
            (Some(_), '{') if !escaped => {
                return Err(invalid(format!(
                    "invalid character in placeholder at position [{position}]"
                )));
            }
            (Some(inside), '}') if in_format => {
                in_format = escaped;
                inside.push(c);
            }
            (Some(inside), '}') => {
                text.push_str(&evaluate(inside, now, invalid)?);
                placeholder = None;
            }
            (Some(inside), _) => inside.push(c),
            (None, '{') if !escaped => placeholder = Some(String::new()),
            (None, '}') if !escaped => {
                return Err(invalid(format!(
                    "invalid character at position [{position}]. `{{` and `}}` are reserved characters and should be escaped when used as part of the index name using `\\` (e.g. `\\{{text\\}}`)"
                )));
            }
            (None, _) => text.push(c),
        }
    }
    if placeholder.is_some() {
        return Err(invalid("date math placeholder is open ended".to_owned()));
    }
    if text.is_empty() {
        return Err(invalid("nothing captured".to_owned()));
    }
    Ok(text)
}

/// `now/d`, `now/M{uuuu.MM}` or `now/d{uuuu.MM.dd|+12:00}`.
fn evaluate(
    inside: &str,
    now: i64,
    invalid: impl Fn(String) -> Failure,
) -> Result<String, Failure> {
    let (maths, format, zone) = match inside.split_once('{') {
        None => (
            inside,
            DateFormat::new(DEFAULT_FORMAT)?,
            Zone::utc().clone(),
        ),
        Some((maths, rest)) => {
            let Some(pattern) = rest.strip_suffix('}') else {
                return Err(invalid(
                    "missing closing `}` for date math format".to_owned(),
                ));
            };
            if pattern.is_empty() {
                return Err(invalid("missing date format".to_owned()));
            }
            match pattern.split_once('|') {
                None => (maths, DateFormat::new(pattern)?, Zone::utc().clone()),
                Some((pattern, zone)) => (maths, DateFormat::new(pattern)?, Zone::parse(zone)?),
            }
        }
    };
    let moment = DateFormat::default_format().parse_maths(maths, now, Rounding::Down, &zone)?;
    Ok(format.format(moment.millis, &zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-03-22T12:00:00Z.
    const NOW: i64 = 1_711_108_800_000;

    fn resolved(inner: &str) -> Result<String, Failure> {
        at(&format!("<{inner}>"), inner, NOW)
    }

    #[test]
    fn dates_are_put_into_names() {
        for (inner, name) in [
            ("logstash-{now/d}", "logstash-2024.03.22"),
            ("logstash-{now/M}", "logstash-2024.03.01"),
            ("logstash-{now/M{uuuu.MM}}", "logstash-2024.03"),
            ("logstash-{now/M-1M{uuuu.MM}}", "logstash-2024.02"),
            ("logstash-{now/d{uuuu.MM.dd|+12:00}}", "logstash-2024.03.23"),
            ("elastic\\{ON\\}-{now/M}", "elastic{ON}-2024.03.01"),
            ("plain", "plain"),
        ] {
            assert_eq!(resolved(inner).unwrap(), name, "{inner}");
        }
    }

    #[test]
    fn what_is_wrong_with_them_is_told() {
        for (inner, why) in [
            ("x-{now/d", "date math placeholder is open ended"),
            ("", "nothing captured"),
            ("x-{now/M{}}", "missing date format"),
        ] {
            let refused = resolved(inner).unwrap_err();
            assert_eq!(
                refused.reason(),
                format!("invalid dynamic name expression [<{inner}>]. {why}")
            );
        }
        assert_eq!(dated("books").unwrap(), "books");
    }
}

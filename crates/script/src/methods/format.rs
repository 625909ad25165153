//! `String.format`: `%s %d %f %e %x %c %b %n %%` with the flags `-`, `0`, `+`, `,`, a width and a precision.

use crate::machine::scene::{Scene, Trouble, illegal};
use crate::machine::telling;
use crate::value::Value;

/// Width and precision that a pattern may ask for.
const MAX_WIDTH: usize = 1_000;

/// One `%…`.
#[derive(Default)]
struct Directive {
    left: bool,
    zeros: bool,
    plus: bool,
    groups: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

/// Fills the values into the pattern. A single list is taken as the values.
pub(super) fn format(
    scene: &mut Scene<'_>,
    pattern: &str,
    values: &[Value],
) -> Result<Value, Trouble> {
    let listed;
    let values = match values {
        [Value::List(handle)] => {
            listed = scene.heap.elements(*handle).to_vec();
            &listed
        }
        values => values,
    };
    let mut values = values.iter();
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (directive, length) = directive(&rest[at + 1..])?;
        rest = &rest[at + 1 + length..];
        scene.burn(1)?;
        let told = match directive.conversion {
            '%' => "%".to_owned(),
            'n' => "\n".to_owned(),
            _ => {
                let missing = || illegal(format!("Format specifier '%{}'", directive.conversion));
                tell(scene, &directive, values.next().ok_or_else(missing)?)?
            }
        };
        let padded = padded(&directive, told);
        scene.heap.charge(padded.len())?;
        out.push_str(&padded);
    }
    out.push_str(rest);
    Ok(scene.heap.text(out)?)
}

fn directive(text: &str) -> Result<(Directive, usize), Trouble> {
    let mut directive = Directive::default();
    let mut letters = text.char_indices().peekable();
    while let Some(&(_, flag)) = letters.peek() {
        match flag {
            '-' => directive.left = true,
            '0' => directive.zeros = true,
            '+' => directive.plus = true,
            ',' => directive.groups = true,
            _ => break,
        }
        letters.next();
    }
    let number = |letters: &mut std::iter::Peekable<std::str::CharIndices<'_>>| {
        let mut number = None;
        while let Some(digit) = letters.peek().and_then(|(_, letter)| letter.to_digit(10)) {
            number = Some((number.unwrap_or(0) * 10 + digit as usize).min(MAX_WIDTH));
            letters.next();
        }
        number
    };
    directive.width = number(&mut letters).unwrap_or(0);
    if letters.peek().is_some_and(|&(_, letter)| letter == '.') {
        letters.next();
        directive.precision = Some(number(&mut letters).unwrap_or(0));
    }
    match letters.next() {
        Some((at, conversion)) => {
            directive.conversion = conversion;
            Ok((directive, at + conversion.len_utf8()))
        }
        None => Err(illegal(
            "UnknownFormatConversionException: Conversion = '%'",
        )),
    }
}

fn tell(scene: &mut Scene<'_>, directive: &Directive, value: &Value) -> Result<String, Trouble> {
    let wrong = || {
        illegal(format!(
            "{} != {}",
            directive.conversion,
            value.java_class()
        ))
    };
    let kind = value.primitive();
    match directive.conversion {
        's' | 'S' => {
            let mut told = telling::text_of(scene, value)?;
            if let Some(precision) = directive.precision {
                told = told.chars().take(precision).collect();
            }
            Ok(if directive.conversion == 'S' {
                told.to_uppercase()
            } else {
                told
            })
        }
        'b' => Ok(match value {
            Value::Bool(flag) => flag.to_string(),
            other => (!matches!(other, Value::Null)).to_string(),
        }),
        'c' => telling::text_of(scene, value),
        'd' => {
            let whole = kind.is_some_and(|kind| kind.is_number() && !kind.is_fraction());
            let number = value.as_long().filter(|_| whole).ok_or_else(wrong)?;
            Ok(signed(
                directive,
                number < 0,
                number.unsigned_abs().to_string(),
            ))
        }
        'x' => match value {
            Value::Int(number) => Ok(format!("{number:x}")),
            other => Ok(format!("{:x}", other.as_long().ok_or_else(wrong)?)),
        },
        'f' | 'e' => {
            let number = value
                .as_double()
                .filter(|_| kind.is_some_and(|kind| kind.is_fraction()))
                .ok_or_else(wrong)?;
            let precision = directive.precision.unwrap_or(6);
            let told = if directive.conversion == 'f' {
                format!("{:.precision$}", number.abs())
            } else {
                exponent(&format!("{:.precision$e}", number.abs()))
            };
            Ok(signed(directive, number < 0.0, told))
        }
        other => Err(illegal(format!(
            "UnknownFormatConversionException: Conversion = '{other}'"
        ))),
    }
}

/// `1.5e0` as Java writes it: `1.5e+00`.
fn exponent(text: &str) -> String {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, exponent) = exponent
        .strip_prefix('-')
        .map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

fn signed(directive: &Directive, negative: bool, mut digits: String) -> String {
    if directive.groups {
        let whole = digits.find('.').unwrap_or(digits.len());
        let mut at = whole;
        while at > 3 {
            at -= 3;
            digits.insert(at, ',');
        }
    }
    let sign = if negative {
        "-"
    } else if directive.plus {
        "+"
    } else {
        ""
    };
    if directive.zeros && !directive.left {
        let width = directive.width.saturating_sub(sign.len());
        return format!("{sign}{digits:0>width$}");
    }
    format!("{sign}{digits}")
}

fn padded(directive: &Directive, text: String) -> String {
    let width = directive.width;
    if directive.left {
        format!("{text:<width$}")
    } else {
        format!("{text:>width$}")
    }
}

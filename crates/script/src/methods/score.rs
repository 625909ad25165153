//! Functions of `script_score`, as OpenSearch's `ScoreScriptUtils` computes them.

use super::{date, text_argument};
use crate::machine::scene::{Trouble, failed, illegal};
use crate::statics::StaticMethod;
use crate::value::Value;
use glasswork_content::{Kind, text};

/// Calls a function.
pub(super) fn call(method: StaticMethod, args: &[Value]) -> Result<Value, Trouble> {
    let result = match (method, args) {
        (StaticMethod::Saturation, [value, k]) => {
            let (value, k) = (number(value)?, number(k)?);
            value / (k + value)
        }
        (StaticMethod::Sigmoid, [value, k, a]) => {
            let (value, k, a) = (number(value)?, number(k)?, number(a)?);
            value.powf(a) / (k.powf(a) + value.powf(a))
        }
        (_, [origin, scale, offset, decay, value]) => {
            let numeric = matches!(
                method,
                StaticMethod::DecayNumericLinear
                    | StaticMethod::DecayNumericExp
                    | StaticMethod::DecayNumericGauss
            );
            let [origin, scale, offset, value] = if numeric {
                [
                    number(origin)?,
                    number(scale)?,
                    number(offset)?,
                    number(value)?,
                ]
            } else {
                let origin = text_argument(origin)?;
                let origin = date::parsed(origin)
                    .ok_or_else(|| illegal(format!("failed to parse date field [{origin}]")))?;
                let Value::Date(value) = value else {
                    return Err(failed(Kind::ClassCast, "a date was expected"));
                };
                let (scale, offset) = (span(scale, "scale")?, span(offset, "offset")?);
                [origin as f64, scale, offset, *value as f64]
            };
            decayed(
                method,
                (value - origin).abs() - offset,
                scale,
                number(decay)?,
            )
        }
        _ => return Err(illegal("a function of scores cannot be called so")),
    };
    Ok(Value::Double(result))
}

fn decayed(method: StaticMethod, beyond: f64, scale: f64, decay: f64) -> f64 {
    let distance = beyond.max(0.0);
    match method {
        StaticMethod::DecayNumericLinear | StaticMethod::DecayDateLinear => {
            let reach = scale / (1.0 - decay);
            ((reach - distance) / reach).max(0.0)
        }
        StaticMethod::DecayNumericExp | StaticMethod::DecayDateExp => {
            (decay.ln() / scale * distance).exp()
        }
        _ => {
            let spread = 0.5 * scale * scale / decay.ln();
            (0.5 * distance * distance / spread).exp()
        }
    }
}

fn number(value: &Value) -> Result<f64, Trouble> {
    value.as_double().ok_or_else(|| {
        let reason = format!(
            "cannot implicitly cast def [{}] to double",
            value.unboxed_name()
        );
        failed(Kind::ClassCast, reason)
    })
}

/// Milliseconds of a text such as `3d`.
fn span(value: &Value, name: &str) -> Result<f64, Trouble> {
    let time = text::parse_time(text_argument(value)?, name)?;
    Ok(time.duration().map_or(0.0, |time| time.as_millis() as f64))
}

//! What the types of fields do with values: a file a family.

mod decimal;

pub use decimal::DecimalFormat;

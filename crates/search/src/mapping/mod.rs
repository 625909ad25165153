//! What the fields of an index are: their types, how documents become typed, how query values become bounds.
//!
//! A [`Mapping`] is immutable. Parsing a definition and merging it into the present one gives the next one; its list of
//! engine fields only ever grows at the end. [`documents::parse`] types a document and says what dynamic mapping would
//! add; [`FieldType`] converts values of queries and shows values of columns; [`dates`] reads and writes dates.

pub mod dates;
mod definition;
pub mod documents;
mod dynamic;
mod field_type;
mod field_types;
mod interpreter;
mod limits;
mod object;
mod parameters;
mod preview;
mod tree;
pub mod values;

pub use field_type::{FieldType, Kind};
pub use field_types::DecimalFormat;
pub use interpreter::MappingVersions;
pub use limits::IndexLimits;
pub use tree::{Mapping, SourceOptions, wildcard};
pub use values::{DateContext, Matches, RangeBound, ValueFormat};

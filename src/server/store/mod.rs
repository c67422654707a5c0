//! The database, and the only place that knows SQL.
//!
//! Records go in and come out as the types of [`records`]; what they mean is the service's affair.

pub mod records;

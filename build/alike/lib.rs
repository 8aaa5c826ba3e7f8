//! Nothing: what this package is for, its README says.

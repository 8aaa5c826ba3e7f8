//! The builtins that a host provides to OPA's Wasm: those that OPA does not compile into it and the project's policies
//! need. The opa-wasm crate brings its own; the functions here give the same answers, by the same libraries.

/// By name. The opa-wasm crate answers to more names, and fails when it is called by them.
pub(super) const NAMES: [&str; 3] = ["semver.compare", "semver.is_valid", "sprintf"];

#[cfg(feature = "wasmedge")]
pub(super) use functions::{Builtin, find};

#[cfg(feature = "wasmedge")]
mod functions {
    use semver::Version;
    use serde_json::Value;
    use sprintf::{Printf, vsprintf};

    /// Arguments in, result out; `None` is undefined. An error ends the evaluation.
    pub(in crate::policy) type Builtin = fn(&[Value]) -> Result<Option<Value>, String>;

    /// The builtin of that name: one for each of [`NAMES`](super::NAMES).
    pub(in crate::policy) fn find(name: &str) -> Option<Builtin> {
        match name {
            "semver.compare" => Some(semver_compare),
            "semver.is_valid" => Some(semver_is_valid),
            "sprintf" => Some(sprintf),
            _ => None,
        }
    }

    fn version(value: Option<&Value>) -> Option<Version> {
        value.and_then(Value::as_str).and_then(|text| Version::parse(text).ok())
    }

    /// Undefined for what is no version, as in OPA.
    fn semver_compare(arguments: &[Value]) -> Result<Option<Value>, String> {
        let versions = version(arguments.first()).zip(version(arguments.get(1)));
        Ok(versions.map(|(a, b)| Value::from(a.cmp(&b) as i8)))
    }

    fn semver_is_valid(arguments: &[Value]) -> Result<Option<Value>, String> {
        Ok(Some(Value::from(version(arguments.first()).is_some())))
    }

    /// An error for a value that is neither text nor number: OPA prints those in a notation of its own.
    fn sprintf(arguments: &[Value]) -> Result<Option<Value>, String> {
        let [Value::String(format), Value::Array(values)] = arguments else {
            return Err("sprintf takes a text and an array".to_owned());
        };
        let values = values.iter().map(printable).collect::<Result<Vec<_>, _>>()?;
        let values: Vec<&dyn Printf> = values.iter().map(AsRef::as_ref).collect();
        let text = vsprintf(format, &values).map_err(|error| format!("sprintf({format:?}): {error}"))?;
        Ok(Some(Value::from(text)))
    }

    fn printable(value: &Value) -> Result<Box<dyn Printf>, String> {
        Ok(match value {
            Value::String(text) => Box::new(text.clone()),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => Box::new(number),
                (_, Some(number), _) => Box::new(number),
                (_, _, Some(number)) => Box::new(number),
                _ => return Err(format!("sprintf of {number}, which is out of range")),
            },
            other => return Err(format!("sprintf of {other}, which is neither text nor number")),
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use serde_json::json;

        fn call(name: &str, arguments: Value) -> Result<Option<Value>, String> {
            find(name).unwrap()(arguments.as_array().unwrap())
        }

        #[test]
        fn every_name_has_a_function() {
            assert!(super::super::NAMES.iter().all(|name| find(name).is_some()));
            assert!(find("http.send").is_none());
        }

        #[test]
        fn versions_are_ordered_and_what_is_none_is_undefined() {
            for (a, b, order) in [("1.0.0", "1.0.1", -1), ("2.0.0", "2.0.0", 0), ("1.0.0", "1.0.0-rc.1", 1)] {
                assert_eq!(call("semver.compare", json!([a, b])), Ok(Some(json!(order))));
            }
            assert_eq!(call("semver.compare", json!(["1.0", "1.0.0"])), Ok(None));
            assert_eq!(call("semver.compare", json!(["1.0.0", 1])), Ok(None));
            assert_eq!(call("semver.is_valid", json!(["1.0.0-rc.1+5"])), Ok(Some(json!(true))));
            assert_eq!(call("semver.is_valid", json!([1])), Ok(Some(json!(false))));
        }

        #[test]
        fn text_is_formatted_or_refused() {
            let good = call("sprintf", json!(["%s has %d of %5.1f%%", ["a", -3, 2.5]]));
            assert_eq!(good, Ok(Some(json!("a has -3 of   2.5%"))));
            for values in [json!([null]), json!([[1]]), json!([]), json!(["a", "b"])] {
                call("sprintf", json!(["%s", values])).unwrap_err();
            }
            call("sprintf", json!(["%s"])).unwrap_err();
        }
    }
}

//! Policies that an engine must refuse or stop. What is wrong with the Rego is wrong with the Wasm as well, so that an
//! engine meets the same case whichever it takes.

use runtime_baseline::policy::Policy;

/// Neither Rego nor Wasm.
pub fn broken() -> Policy {
    Policy::new("broken", "package broken\n\nallow if {\n\tinput.x ==\n}\n", "broken/allow")
        .with_wasm(*b"\0asm\x01\0\0\0\x01 and then something else")
}

/// Asks for nothing but its input. `input.spin` makes it run for years without taking memory, `input.hoard` makes it take
/// gigabytes, `input.clash` makes it give two values to one rule.
pub fn moody() -> Policy {
    Policy::new("moody", include_str!("moody.rego"), "moody/allow").with_wasm(*include_bytes!("moody.wasm"))
}

/// Calls a function that it does not define.
pub fn unknown_function() -> Policy {
    Policy::new("unknown_function", include_str!("unknown_function.rego"), "unknown_function/allow")
        .with_wasm(*include_bytes!("unknown_function.wasm"))
}

//! The data of the RBAC policy, for any number of bindings: the same bytes for the same number, on every machine.

use std::{fmt::Write, sync::Arc};

use super::{Policy, embedded};

/// At 130 bytes a binding: 130 MB.
pub(super) const MOST_BINDINGS: usize = 1_000_000;

/// By which the bindings are dealt out, in this order.
const ROLES: [&str; 5] = ["viewer", "editor", "operator", "auditor", "admin"];

/// The same in every size.
const GRANTS: &str = r#"  "roles": {
    "admin": [{"verb": "*", "resource": "*"}],
    "auditor": [{"verb": "get", "resource": "*"}, {"verb": "list", "resource": "*"}],
    "editor": [{"verb": "get", "resource": "deployments"}, {"verb": "update", "resource": "deployments"}, {"verb": "create", "resource": "configmaps"}],
    "operator": [{"verb": "get", "resource": "pods"}, {"verb": "delete", "resource": "pods"}, {"verb": "*", "resource": "jobs"}],
    "viewer": [{"verb": "get", "resource": "pods"}, {"verb": "list", "resource": "pods"}]
  }
}
"#;

/// The folder's policies with that many bindings. What the cases ask about stands in the first ten, so that their
/// decisions hold for every size from ten on; a smaller size keeps no cases.
pub(super) fn policies(bindings: usize) -> Vec<Policy> {
    let data: Arc<str> = data(bindings).into();
    let mut policies = embedded::policies(&embedded::FOLDERS[0]);
    for policy in &mut policies {
        policy.name = policy.name.replacen("rbac", &format!("rbac-{bindings}"), 1);
        policy.data = Some(data.clone());
        if bindings < 10 {
            policy.cases.clear();
        }
    }
    policies
}

/// Two bindings a user.
fn data(bindings: usize) -> String {
    let mut text = String::with_capacity(bindings * 140 + 1024);
    text.push_str("{\n  \"bindings\": {\n");
    for i in 0..bindings {
        if i % 2 == 0 {
            let comma = if i == 0 { "" } else { "\n    ],\n" };
            let _ = write!(text, "{comma}    \"{}\": [\n", user(i / 2));
        } else {
            text.push_str(",\n");
        }
        let role = ROLES[i % ROLES.len()];
        let namespace = if role == "auditor" { "*".to_owned() } else { format!("team-{:03}", i % 100) };
        let (year, month, day) = (2020 + i % 6, 1 + i % 12, 1 + i % 28);
        let _ = write!(
            text,
            r#"      {{"role": "{role}", "namespace": "{namespace}", "granted_by": "{}", "since": "{year}-{month:02}-{day:02}"}}"#,
            user(i / 7)
        );
    }
    text.push_str("\n    ]\n  },\n");
    text.push_str(GRANTS);
    text
}

fn user(number: usize) -> String {
    format!("user-{number:06}@example.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_bindings_are_the_folders_data() {
        assert_eq!(data(10), include_str!("../../policies/rbac/data.json"));
    }

    #[test]
    fn every_size_is_json_with_that_many_bindings() {
        for size in [1, 2, 9, 1_000, 100_000] {
            let value: serde_json::Value = serde_json::from_str(&data(size)).unwrap();
            let users = value["bindings"].as_object().unwrap();
            assert_eq!(users.values().map(|list| list.as_array().unwrap().len()).sum::<usize>(), size);
        }
        assert!(data(100_000).len() > 10 << 20);
    }
}

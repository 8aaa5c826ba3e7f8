//! Random inputs: what a policy expects, and now and then something else.

use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Union};
use serde_json::{Map, Value, json};

type Input = BoxedStrategy<Value>;

fn one_of(values: &[Value]) -> Input {
    select(values.to_vec()).boxed()
}

fn texts(values: &[&str]) -> Input {
    one_of(&values.iter().map(|text| json!(text)).collect::<Vec<_>>())
}

/// JSON of any kind.
fn junk() -> Input {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        "[a-zé\\\\\"]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Value::from), object(vec![("a", 9, inner)])]
    })
    .boxed()
}

/// Mostly the strategy, sometimes junk.
fn mostly(strategy: Input) -> Input {
    Union::new_weighted(vec![(15, strategy), (1, junk())]).boxed()
}

/// An object of fields, each there in so many of ten cases.
fn object(fields: Vec<(&'static str, u32, Input)>) -> Input {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, often, value)| {
            let value = if often < 10 {
                option::weighted(f64::from(often) / 10.0, value).boxed()
            } else {
                value.prop_map(Some).boxed()
            };
            value.prop_map(move |value| (name, value)).boxed()
        })
        .collect();
    fields
        .prop_map(|fields| {
            let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::from(present.collect::<Map<_, _>>())
        })
        .boxed()
}

fn list(items: Input, length: std::ops::Range<usize>) -> Input {
    vec(items, length).prop_map(Value::from).boxed()
}

/// Questions about the users of that many bindings, in and near the namespaces in which they have roles.
pub fn rbac(bindings: usize) -> Input {
    let verbs = texts(&["get", "list", "update", "create", "delete", "suspend", "*", ""]);
    let resources = texts(&["pods", "deployments", "configmaps", "jobs", "secrets", "*", "Pods"]);
    let users = (0..bindings.div_ceil(2) + 2, 0..3usize, 0..6usize).prop_flat_map(move |(user, near, spelling)| {
        let name = format!("user-{user:06}@example.com");
        let name = match spelling {
            0 => name.to_uppercase(),
            1 => name.replace("user", "User"),
            _ => name,
        };
        let namespace = format!("team-{:03}", (2 * user + near) % 100);
        (Just(name), Just(namespace))
    });
    let ask = (users, verbs, resources).prop_map(|((user, namespace), verb, resource)| {
        json!({"user": user, "namespace": namespace, "verb": verb, "resource": resource})
    });
    // Takes a field away, or puts junk in its place.
    let field = select(vec!["user", "namespace", "verb", "resource"]);
    let spoilt = (ask.clone(), field, option::of(junk())).prop_map(|(mut ask, field, junk)| {
        match (junk, ask.as_object_mut()) {
            (Some(junk), Some(fields)) => drop(fields.insert(field.to_owned(), junk)),
            (None, Some(fields)) => drop(fields.remove(field)),
            _ => {}
        }
        ask
    });
    Union::new_weighted(vec![(12, ask.boxed()), (3, spoilt.boxed()), (1, junk())]).boxed()
}

/// Reviews of pods and of what makes pods.
pub fn admission() -> Input {
    let names = || texts(&["cart", "web-0", "größe", "%d", ""]);
    let images = texts(&[
        "registry.example.com/shop/cart:1",
        "ghcr.io/example-org/tools@sha256:00",
        "registry.example.com",
        "registry.example.com.evil.test/x",
        "docker.io/library/nginx:latest",
        "nginx",
        "",
    ]);
    let container = object(vec![
        ("name", 9, names()),
        ("image", 9, images),
        ("securityContext", 4, mostly(object(vec![("privileged", 8, mostly(one_of(&[json!(true), json!(false)])))]))),
    ]);
    let paths = texts(&["/", "/var/log", "/var/log/", "/var/logs", "/var/log/cart", "/var/log/../../etc", "/etc", ""]);
    let volume = object(vec![
        ("name", 9, names()),
        ("hostPath", 6, mostly(object(vec![("path", 9, paths)]))),
        ("emptyDir", 3, one_of(&[json!({})])),
    ]);
    let flag = || one_of(&[json!(true), json!(false), json!(null), json!("true")]);
    let spec = object(vec![
        ("containers", 9, mostly(list(container.clone(), 0..3))),
        ("initContainers", 3, list(container.clone(), 0..2)),
        ("ephemeralContainers", 1, list(container, 0..2)),
        ("volumes", 5, mostly(list(volume, 0..3))),
        ("hostNetwork", 2, flag()),
        ("hostPID", 2, flag()),
        ("hostIPC", 2, flag()),
    ]);
    let template = |spec: Input| object(vec![("spec", 9, spec)]);
    let controller = object(vec![("replicas", 5, one_of(&[json!(3)])), ("template", 9, template(spec.clone()))]);
    let cron = object(vec![("jobTemplate", 9, object(vec![("spec", 9, controller.clone())]))]);
    let label = || mostly(texts(&["cart", "1.8", "checkout", ""]));
    let labels = object(vec![
        ("app.kubernetes.io/name", 7, label()),
        ("app.kubernetes.io/version", 7, label()),
        ("team", 7, label()),
    ]);
    let metadata = object(vec![("name", 9, names()), ("labels", 8, mostly(labels))]);
    let kinds = |kinds: &[&str], spec: Input| {
        object(vec![("kind", 10, texts(kinds)), ("metadata", 9, metadata.clone()), ("spec", 9, spec)])
    };
    let reviewed = Union::new_weighted(vec![
        (4, kinds(&["Pod"], spec)),
        (4, kinds(&["Deployment", "DaemonSet", "Job", "StatefulSet", "ReplicaSet"], controller)),
        (1, kinds(&["CronJob"], cron)),
        (1, kinds(&["Namespace", "ConfigMap"], junk())),
    ]);
    let request = object(vec![
        ("uid", 9, mostly(texts(&["705ab4f5-6393-11e8-b7cc-42010a800002"]))),
        ("namespace", 9, texts(&["shop", "default", "shop", "default", "kube-system"])),
        ("operation", 9, texts(&["CREATE", "UPDATE", "CREATE", "UPDATE", "DELETE", "CONNECT"])),
        ("object", 9, reviewed.boxed()),
    ]);
    let review = object(vec![("kind", 9, texts(&["AdmissionReview"])), ("request", 10, mostly(request))]);
    mostly(review)
}

/// Requests to the API's routes and beside them.
pub fn http() -> Input {
    let routes: &[&[&str]] = &[
        &["healthz"],
        &["v1", "products"],
        &["v1", "products", "p-1"],
        &["v1", "accounts"],
        &["v1", "accounts", "alice"],
        &["v1", "accounts", "bob", "orders"],
        &["v1", "accounts", "alice", "orders", "7"],
        &["v1", "accounts", "alice", "orders", "7", "cancellation"],
        &["v1", "accounts", "alice", "orders", "7", "shipment"],
        &["v1", "reports", "sales"],
        &["v1", "reports", "stock"],
        &["v1", "metrics"],
        &["v1", "webhooks"],
        &["v1", "webhooks", "w"],
    ];
    let known = one_of(&routes.iter().map(|route| json!(route)).collect::<Vec<_>>());
    let segments = texts(&["v1", "v2", "accounts", "alice", "orders", ":account", "", "products", "."]);
    let path = Union::new_weighted(vec![(12, known), (2, list(segments, 0..7)), (1, list(junk(), 0..4)), (1, junk())]);
    let issuer = "https://login.example.com";
    let audience = "https://api.example.com";
    let now = 1_767_225_600;
    let time = |near: i64| (now - near..now + near).prop_map(Value::from).boxed();
    let role =
        texts(&["customer", "support", "admin", "warehouse", "finance", "partner", "monitoring", "catalogue-editor"]);
    let claims = object(vec![
        ("iss", 10, mostly(texts(&[issuer, issuer, issuer, "https://partner.example.net", "https://evil.test"]))),
        ("sub", 9, mostly(texts(&["alice", "bob", "carol", "7", ":account", ""]))),
        ("aud", 10, mostly(one_of(&[json!(audience), json!(audience), json!([audience, "x"]), json!([]), json!("x")]))),
        ("exp", 10, mostly((now - 10..now + 90).prop_map(Value::from).boxed())),
        ("nbf", 3, mostly(time(10))),
        ("roles", 9, mostly(list(role, 0..4))),
    ]);
    let method = texts(&["GET", "GET", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get"]);
    let request = object(vec![
        ("method", 10, mostly(method)),
        ("path", 10, path.boxed()),
        ("time", 10, mostly(time(2))),
        ("claims", 9, mostly(claims)),
    ]);
    mostly(request)
}

/// Releases, good and bad.
pub fn release() -> Input {
    let number = prop_oneof![0u32..12, Just(99u32)];
    let core = (number.clone(), number.clone(), number).prop_map(|(a, b, c)| format!("{a}.{b}.{c}"));
    let suffix =
        select(vec!["", "", "", "", "-rc.1", "-rc.10", "-rc.2", "-alpha", "+build.5", "-rc.1+x", "-", "-a..b", " "]);
    let version = prop_oneof![
        9 => (core, suffix).prop_map(|(core, suffix)| format!("{core}{suffix}")),
        1 => select(vec!["", "1", "1.2", "01.2.3", "1.2.3.4", "1.2.x", "latest"]).prop_map(str::to_owned),
        1 => "[0-9a-u.+-]{0,8}",
    ];
    let image = prop_oneof![
        5 => Just(format!("registry.example.com/shop/billing@sha256:{}", "0f".repeat(32))),
        1 => Just(format!("registry.example.com:5000/a/b_c@sha256:{}", "a1".repeat(32))),
        1 => Just("registry.example.com/shop/billing:1".to_owned()),
        1 => "[a-z/@:é%]{0,20}",
    ];
    let target = prop_oneof![
        5 => select(vec!["node-1.eu.example.com", "canary.x", "canary.x.y.z", "staging-a.example.com"]).prop_map(str::to_owned),
        2 => select(vec!["a.b.eu.example.com", "canary", "staging-ab.example.com", ".eu.example.com", ""]).prop_map(str::to_owned),
        1 => "[a-z.é]{0,16}",
    ];
    let text = |strategy: BoxedStrategy<String>| strategy.prop_map(Value::from).boxed();
    let release = object(vec![
        ("service", 9, texts(&["billing", "search", "web", "docs"])),
        ("version", 10, text(version.boxed())),
        ("image", 9, text(image.boxed())),
        ("targets", 9, list(text(target.boxed()), 0..4)),
    ]);
    mostly(release)
}

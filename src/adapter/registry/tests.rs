//! A family of its own, so that nothing of the real ones is made.

#![allow(unexpected_cfgs, reason = "one of its features is none")]

use super::*;
use crate::adapter::{Make, Needs, NotMade, RefusalKind, adapters};

trait Number {
    fn get(&self) -> u64;
}

impl Number for u64 {
    fn get(&self) -> u64 {
        *self
    }
}

adapters! {
    dyn Number, "number";
    "one": [] Build, _kit => Ok::<u64, NotMade>(1);
    "limit": [] Machine, kit => Ok::<u64, NotMade>(kit.limits.memory);
    "broken": [] Build, _kit => Err::<u64, _>(NotMade::failed("a bug"));
    "missing": [] Machine, _kit => Err::<u64, _>(NotMade::new(RefusalKind::NotFound, "no file", "make one"));
    "absent": ["no-such-feature"] Build by "it", _kit => this_is_not_compiled();
    "unaided": ["no-such-feature"] Build, _kit => this_is_not_compiled();
    "hidden": [] Build listed false, _kit => Ok::<u64, NotMade>(9);
}

type Numbers = Registry<dyn Number>;

#[test]
fn what_is_broken_is_told_from_what_is_missing() {
    let registry = Numbers::of_this_machine();
    let made: Vec<_> = registry.adapters().map(Number::get).collect();
    assert_eq!(made[..2], [1, Limits::default().memory]);
    let refused: Vec<_> = registry.unavailable().iter().map(|row| (row.subject.as_str(), row.kind)).collect();
    let expected = [
        ("broken", RefusalKind::Failed),
        ("missing", RefusalKind::NotFound),
        ("absent", RefusalKind::NotBuilt),
        ("unaided", RefusalKind::NotBuilt),
    ];
    assert_eq!(refused, expected);
    let failures: Vec<_> = registry.failures().map(|row| row.reason.as_str()).collect();
    assert_eq!(failures, ["a bug"]);
    let [absent, unaided] = ["absent", "unaided"]
        .map(|name| registry.unavailable().iter().find(|row| row.subject.as_str() == name).unwrap().remedy.as_str());
    assert_eq!(absent, "run tools/setup.sh it, then make bench; or build with --features no-such-feature");
    assert_eq!(unaided, "run make bench WITH=no-such-feature; or build with --features no-such-feature");
    assert_eq!(registry.take("one").unwrap().get(), 1);
}

#[test]
fn one_alone_is_found_by_its_name_with_its_limits() {
    let limits = Limits { memory: 77, ..Limits::default() };
    assert_eq!(Numbers::only_within("limit", limits).unwrap().get(), 77);
    assert_eq!(Numbers::only("hidden").unwrap().get(), 9);
    assert!(!Numbers::subjects().contains(&"hidden".to_owned()));
    let refused = Numbers::only("absent").map(drop).unwrap_err();
    assert!(matches!(refused, RegistryError::Unavailable(_)), "{refused}");
    let unknown = Numbers::only("two").map(drop).unwrap_err();
    assert!(unknown.to_string().starts_with("no number is named \"two\"; there are one, limit, "), "{unknown}");
}

#[test]
fn another_crates_adapter_is_found_once_it_is_registered() {
    let outside = Descriptor::new("outside", Needs::Build, |_| Ok(Box::new(5_u64) as Box<dyn Number>));
    assert!(matches!(outside.make, Make::Built(_)));
    Numbers::register(outside).unwrap();
    assert_eq!(Numbers::only("outside").unwrap().get(), 5);
    for (name, part) in [("outside", "one of that name"), ("one", "one of that name"), ("not a subject", "")] {
        let refused = Numbers::register(Descriptor { subject: name, ..outside }).unwrap_err();
        assert!(refused.to_string().contains(name) && refused.to_string().contains(part), "{refused}");
    }
}

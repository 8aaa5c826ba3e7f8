//! A file of claims: read, checked and judged, whatever it says.
#![no_main]

use runtime_baseline::{Baseline, Claims, compare::judge};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(claims) = Claims::from_toml(text) else { return };
    let nothing = Baseline::new();
    // The claim's own figures, as if they had been measured.
    let mut same = Baseline::new();
    for claim in claims.iter() {
        same.push(claim.reference().metric().clone());
        same.push(claim.contender().metric().clone());
    }
    for claim in claims.iter() {
        let _ = (claim.factor(), claim.computed_factor(), claim.improvement());
        claim.findings().iter().for_each(|finding| drop(finding.to_string()));
        let _ = judge(claim, &nothing);
        let _ = judge(claim, &same);
    }
});

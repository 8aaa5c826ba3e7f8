//! Two whole runs at once, in one directory and in two: neither fails because of the other, and no figure of either is lost.

use crate::{
    Outcome, Scale, found,
    kill::{baseline, lost},
    record::Found,
    run::{KINDS, Place, command},
};

/// In a full soak, and at least.
const ROUNDS: u32 = 50;
const FEWEST: u32 = 1;

pub fn two_at_once(scale: Scale) -> Outcome<()> {
    let rounds = scale.of(ROUNDS, FEWEST);
    // What each kind records when nothing runs beside it.
    let mut alone = Vec::new();
    for (kind, _) in KINDS {
        let place = Place::new()?;
        let status = place.run(kind)?.status()?;
        ended(kind, status.success(), &place)?;
        alone.push(baseline(&place.baseline())?);
    }
    for round in 0..rounds as usize {
        let (first, second) = (round % KINDS.len(), (round + 1) % KINDS.len());
        let place = Place::new()?;
        // In one directory, then in two.
        let (shared, apart) = (place.baseline(), place.meanwhile().join("another"));
        for other in [&shared, &apart] {
            let said = [place.said(), place.said().with_extension("second")];
            let mut children = [
                command(KINDS[first].0, &shared, &place.meanwhile(), &said[0])?.spawn()?,
                command(KINDS[second].0, other, &place.meanwhile(), &said[1])?.spawn()?,
            ];
            for (child, said) in children.iter_mut().zip(said) {
                if !child.wait()?.success() {
                    return Err(format!("round {round}: a run failed: {}", std::fs::read_to_string(said)?).into());
                }
            }
            let now = [baseline(&shared)?, baseline(other)?];
            let lost = [first, second].map(|kind| lost(&alone[kind], &[&now[0], &now[1]])).concat();
            if !lost.is_empty() {
                return Err(format!("round {round}: lost {}", lost.join(", ")).into());
            }
        }
    }
    println!("{rounds} rounds of two runs in one directory and in two: 0 failed, 0 figures lost");
    found(Found::Rounds { rounds, failed: 0 });
    Ok(())
}

fn ended(kind: &str, well: bool, place: &Place) -> Outcome<()> {
    if well { Ok(()) } else { Err(format!("{kind}: {}", std::fs::read_to_string(place.said())?).into()) }
}

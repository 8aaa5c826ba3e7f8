//! Bars as long as each other, each divided by the shares of what it is made of. A stretch that is wide enough is named in the
//! bar, and all of them in the table below it, so that no colour says what nothing else does.

use maud::html;

use super::{Picture, at};
use crate::report::{
    plot::{Bar, Stretch},
    words::columns,
};

const WIDTH: f64 = 400.0;
const MARGIN: f64 = 12.0;
/// From one bar to the next, and where its words, its top and the words in it are.
const ROW: f64 = 38.0;
const WORDS: f64 = 12.0;
const TOP: f64 = 17.0;
const HEIGHT: f64 = 15.0;
const INSIDE: f64 = 28.5;
/// What a character takes, and what is narrower than this is not seen.
const CHARACTER: f64 = 5.8;
const NARROWEST: f64 = 0.4;
/// How many colours there are.
const INKS: usize = 6;

pub(super) fn draw(bars: &[Bar]) -> Picture {
    let top = |i: usize| i as f64 * ROW;
    let all: Vec<_> =
        bars.iter().enumerate().flat_map(|(i, bar)| places(bar).into_iter().map(move |it| (i, it))).collect();
    // One path for each colour: a page has many stretches.
    let path = |ink: usize| {
        let of_it = all.iter().filter(|(_, (stretch, ..))| stretch.kind % INKS == ink);
        let boxes = of_it.map(|(i, (_, left, width))| {
            format!("M{} {}h{w}v{HEIGHT}h-{w}z", at(*left), top(*i) + TOP, w = at(*width))
        });
        boxes.collect::<String>()
    };
    let named = all.iter().filter(|(_, (stretch, _, width))| columns(stretch.label) as f64 * CHARACTER + 4.0 < *width);
    let marks = html! {
        @for (i, bar) in bars.iter().enumerate() {
            text x=(MARGIN) y=(top(i) + WORDS) { (bar.label) }
            text.end x=(WIDTH - MARGIN) y=(top(i) + WORDS) { (bar.words) }
        }
        @for (ink, path) in (0..INKS).map(|ink| (ink, path(ink))).filter(|(_, path)| !path.is_empty()) {
            path class={ "mark phase line-" (ink) } d=(path) {}
        }
        g text-anchor="middle" {
            @for (i, (stretch, left, width)) in named {
                text x=(at(left + 0.5 * width)) y=(top(*i) + INSIDE) { (stretch.label) }
            }
        }
    };
    Picture { width: WIDTH, height: bars.len() as f64 * ROW, marks }
}

/// Each stretch that is seen, where it begins, and how wide it is.
fn places(bar: &Bar) -> Vec<(&Stretch, f64, f64)> {
    let mut left = MARGIN;
    let mut places = Vec::with_capacity(bar.stretches.len());
    for stretch in &bar.stretches {
        let width = stretch.share.clamp(0.0, 1.0) * (WIDTH - 2.0 * MARGIN);
        if width >= NARROWEST {
            places.push((stretch, left, width));
        }
        left += width;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_lie_next_to_each_other_and_fill_the_bar() {
        let stretch = |kind, share| Stretch { kind, label: "phase", share };
        let shares = [0.25, 0.0001, 0.5, 0.2499];
        let stretches = shares.iter().enumerate().map(|(kind, share)| stretch(kind, *share)).collect();
        let bar = Bar { label: String::new(), words: String::new(), stretches };
        let places = places(&bar);
        assert_eq!(places.iter().map(|place| place.0.kind).collect::<Vec<_>>(), [0, 2, 3], "one is too narrow");
        let (_, left, width) = places[2];
        assert!((left + width - (WIDTH - MARGIN)).abs() < 1e-9, "{left} + {width}");
        assert!((places[0].1 - MARGIN).abs() < 1e-9);
    }
}

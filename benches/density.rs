//! How many ready instances live at the same time, what stopped the next, and how fast they start meanwhile: each runtime
//! in a fresh process of this program, one after the other.
//!
//! `cargo bench --bench density` records; `-- --quick` fills less.

mod support;

use std::error::Error;

use runtime_baseline::{
    Temperature,
    probe::Budget,
};
use support::fill::{self, Order};

fn main() -> Result<(), Box<dyn Error>> {
    fill::serve_if_asked();
    let a: Vec<String> = std::env::args().collect();
    let order = Order { subject: a[1].clone(), temperature: match a[2].as_str() { "cold" => Temperature::Cold, "precompiled" => Temperature::Precompiled, _ => Temperature::Warm }, dense: a.get(5).is_some(), budget: Budget::default().count(a[3].parse()?).memory(8 << 30).threads(a[4].parse()?) };
    let d = fill::fill(&order)?;
    println!("ready {} died {} stop {:?} elapsed {:.3} rate {:?} at100 {:?} end {:?} slope {:?} check {:.3} teardown {:.3} mem {:?} {}", d.ready, d.died, d.stopped_by, d.elapsed() as f64/1e9, d.rate(), d.rate_at(100), d.rate_at_end(), d.memory_line().map(|l| (l.slope, l.fit)), d.check as f64/1e9, d.teardown as f64/1e9, d.memory.last(), d.memory_method);
    println!("{:?}", d.rates(12));
    Ok(())
}

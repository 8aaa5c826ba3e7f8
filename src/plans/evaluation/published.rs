//! What published figures of rates speak of besides: regorus on more threads than there are cores, and an engine that is made anew
//! for each decision.

use std::sync::Arc;

use crate::{
    Subject,
    adapter::Identity,
    policy::{Evaluator, Loader, PolicyEngine, PolicyError},
};

/// Whom they are about, in its README's benchmark.
const SUBJECT: &str = "regorus";

/// Threads that decide at the same time.
const THREADS: [usize; 4] = [2, 4, 8, 16];

/// On how many threads a rate is measured: on one, on as many as the machine has `cores`, and on those of published figures where
/// `as_published`, each once and in order.
pub(super) fn threads(engine: &dyn PolicyEngine, cores: usize, as_published: bool) -> Vec<usize> {
    let mut counts = vec![1, cores];
    if as_published && is_published(engine) {
        counts.extend(THREADS);
    }
    counts.sort_unstable();
    counts.dedup();
    counts
}

/// Who it is when it is made anew for each decision, where a published figure is about that.
pub(super) fn anew(engine: &dyn PolicyEngine) -> Option<Identity> {
    is_published(engine).then(|| {
        let mut identity = engine.identity().clone();
        identity.subject = Subject::new(format!("{SUBJECT}/fresh-engine")).expect("a valid constant");
        identity
    })
}

fn is_published(engine: &dyn PolicyEngine) -> bool {
    engine.identity().subject.as_str() == SUBJECT
}

/// Loads engines that load themselves for each decision.
pub(super) struct Anew(pub(super) Arc<dyn Loader>);

impl Loader for Anew {
    fn load(&self) -> Result<Box<dyn Evaluator>, PolicyError> {
        Ok(Box::new(Self(Arc::clone(&self.0))))
    }
}

impl Evaluator for Anew {
    fn evaluate(&mut self, input: &str) -> Result<String, PolicyError> {
        self.0.load()?.evaluate(input)
    }
}

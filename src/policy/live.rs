//! What the engines that are alive share: made for the first of them, and gone with the last.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The thing that is shared, as long as anybody has it.
pub(super) struct Live<T>(Mutex<Weak<T>>);

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Live<T> {
    /// What others have, or else a new one.
    pub(super) fn get<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        self.get_if(|_| true, make)
    }

    /// What is shared now, if anything.
    #[cfg(test)]
    pub(super) fn now(&self) -> Option<Arc<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// What others have, where it `is_good` still, or else a new one.
    pub(super) fn get_if<E>(
        &self,
        is_good: impl FnOnce(&T) -> bool,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let mut live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = live.upgrade().filter(|shared| is_good(shared)) {
            return Ok(shared);
        }
        let new = Arc::new(make()?);
        *live = Arc::downgrade(&new);
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_for_those_that_live_and_anew_when_it_went_bad() {
        let live = Live::default();
        let get = |good: bool, new: u32| live.get_if(|_| good, || Ok::<_, ()>(new)).unwrap();
        let first = get(true, 1);
        assert_eq!((*get(true, 2), *get(false, 3)), (1, 3));
        drop(first);
        assert_eq!(*get(true, 4), 4, "the last that had it is gone");
        assert_eq!(live.get_if(|_| true, || Err::<u32, _>("why")), Err("why"));
    }
}

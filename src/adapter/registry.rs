//! The adapters of one family on this machine: those that run here, and why the others do not.

use std::{
    fmt,
    sync::{PoisonError, RwLock},
};

use super::{Descriptor, Kit, Limits, Refusal};
use crate::Subject;

/// A family of adapters: what their trait objects have in common for the [`Registry`].
pub trait Family: 'static {
    /// What one of them is called in an error.
    const KIND: &'static str;

    /// Those of this crate, in the order of the report.
    fn built_in() -> &'static [Descriptor<Self>];

    /// Those of other crates.
    fn registered() -> &'static RwLock<Vec<Descriptor<Self>>>;
}

/// Why there is no adapter of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// It does not run here; the value says what to do about it.
    #[error(transparent)]
    Unavailable(#[from] Refusal),
    /// No adapter has that name.
    #[error("no {kind} is named {name:?}; there are {}", known.join(", "))]
    UnknownSubject {
        /// What was looked for.
        kind: String,
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}

/// Why an adapter of another crate cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {kind} cannot be registered as {name:?}: {reason}; give it another name")]
#[non_exhaustive]
pub struct RegisterError {
    /// What was to be registered.
    pub kind: &'static str,
    /// The name.
    pub name: &'static str,
    /// What is wrong with the name.
    pub reason: String,
}

/// The adapters of a family on this machine.
///
/// ```
/// use runtime_baseline::runtime::Registry;
///
/// let registry = Registry::of_this_machine();
/// assert!(registry.runtimes().any(|runtime| runtime.identity().subject.as_str() == "noop"));
/// for refusal in registry.unavailable() {
///     println!("{refusal}");
/// }
/// ```
pub struct Registry<T: ?Sized> {
    made: Vec<(&'static str, Box<T>)>,
    refused: Vec<Refusal>,
}

impl<T: ?Sized> fmt::Debug for Registry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects: Vec<_> = self.made.iter().map(|(subject, _)| subject).collect();
        f.debug_struct("Registry").field("made", &subjects).field("refused", &self.refused).finish()
    }
}

impl<T: Family + ?Sized> Registry<T> {
    /// Tries every adapter: starts what it needs, and asks it for its version. One that was not built in is unavailable
    /// too, and says which feature it takes.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let kit = Kit::default();
        let (mut made, mut refused) = (Vec::new(), Vec::new());
        for descriptor in Self::descriptors().into_iter().filter(|descriptor| descriptor.listed) {
            match descriptor.make(&kit) {
                Ok(adapter) => made.push((descriptor.subject, adapter)),
                Err(refusal) => refused.push(refusal),
            }
        }
        Self { made, refused }
    }

    /// Every adapter that this version knows, and those that were registered, in the order of the report. Nothing is made.
    #[must_use]
    pub fn descriptors() -> Vec<Descriptor<T>> {
        let registered = T::registered().read().unwrap_or_else(PoisonError::into_inner);
        T::built_in().iter().chain(registered.iter()).copied().collect()
    }

    /// The names of the adapters of [`of_this_machine`](Self::of_this_machine), in the order of the report. Nothing is made.
    #[must_use]
    pub fn subjects() -> Vec<String> {
        let listed = Self::descriptors().into_iter().filter(|descriptor| descriptor.listed);
        listed.map(|descriptor| descriptor.subject.to_owned()).collect()
    }

    /// One adapter alone, with the default [`Limits`]. No other is made.
    ///
    /// # Errors
    /// [`RegistryError::Unavailable`] when it does not run here, [`RegistryError::UnknownSubject`] when there is none.
    pub fn only(subject: &str) -> Result<Box<T>, RegistryError> {
        Self::only_within(subject, Limits::default())
    }

    /// One adapter alone, with limits for each of its instances.
    ///
    /// # Errors
    /// As of [`only`](Self::only).
    pub fn only_within(subject: &str, limits: Limits) -> Result<Box<T>, RegistryError> {
        match Self::descriptors().into_iter().find(|descriptor| descriptor.subject == subject) {
            Some(descriptor) => Ok(descriptor.make(&Kit::new(limits))?),
            None => {
                let (kind, name) = (T::KIND.to_owned(), subject.to_owned());
                Err(RegistryError::UnknownSubject { kind, name, known: Self::subjects() })
            }
        }
    }

    /// Adds an adapter of another crate, for as long as this process lives: it is then found by its name, and one of
    /// [`of_this_machine`](Self::of_this_machine).
    ///
    /// The probes that measure in a fresh process start this program again, and find the adapter there only if it is
    /// registered there too. So leave out the feature `hook`, and in `main` register first and then call
    /// [`become_helper`](crate::become_helper).
    ///
    /// # Errors
    /// [`RegisterError`] when the name is taken, or is not one that a [`Subject`] may have.
    pub fn register(descriptor: Descriptor<T>) -> Result<(), RegisterError> {
        let refuse = |reason: String| RegisterError { kind: T::KIND, name: descriptor.subject, reason };
        Subject::new(descriptor.subject).map_err(|error| refuse(error.to_string()))?;
        let mut registered = T::registered().write().unwrap_or_else(PoisonError::into_inner);
        if T::built_in().iter().chain(registered.iter()).any(|other| other.subject == descriptor.subject) {
            return Err(refuse("there is one of that name".to_owned()));
        }
        registered.push(descriptor);
        Ok(())
    }

    /// Those that run here, in the order of the report.
    pub fn adapters(&self) -> impl Iterator<Item = &T> {
        self.made.iter().map(|(_, adapter)| adapter.as_ref())
    }

    /// Takes the adapter of that name, and gives up the others.
    #[must_use]
    pub fn take(self, subject: &str) -> Option<Box<T>> {
        self.made.into_iter().find(|(name, _)| *name == subject).map(|(_, adapter)| adapter)
    }

    /// Those that do not run here, each with why and what to do about it.
    #[must_use]
    pub fn unavailable(&self) -> &[Refusal] {
        &self.refused
    }

    /// Of [`unavailable`](Self::unavailable) those in which something is broken. A bench that has one ends with an error,
    /// after all else ran.
    pub fn failures(&self) -> impl Iterator<Item = &Refusal> {
        self.refused.iter().filter(|refusal| refusal.kind.is_failure())
    }
}

#[cfg(test)]
mod tests;

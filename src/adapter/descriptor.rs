//! An adapter before it is made: its name, what it needs, and its constructor.

use std::fmt;

use super::{Kit, Refusal, RefusalKind};
use crate::{Subject, setup};

/// What must be there besides this build, so that an adapter of it can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// Nothing: one that was built in and cannot be made is a failure.
    Build,
    /// Something of the machine: rights, a program, an image.
    Machine,
}

/// Why a constructor made nothing. [`Registry`](super::Registry) adds whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotMade {
    /// Whether something is missing, or broken.
    pub kind: RefusalKind,
    /// Why.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl NotMade {
    /// Of that kind, because of `reason`; `remedy` says what would help.
    #[must_use]
    pub fn new(kind: RefusalKind, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), remedy: remedy.into() }
    }

    /// Because of an error that says of nothing that it is missing: something is broken.
    #[must_use]
    pub fn failed(error: impl fmt::Display) -> Self {
        Self::new(
            RefusalKind::Failed,
            error.to_string(),
            "free what it needs and run again; if it fails again, report it as a bug, with the reason",
        )
    }

    /// The same, where the error says what to do about it.
    pub(crate) fn failed_with(error: impl fmt::Display, remedy: Option<&str>) -> Self {
        let failed = Self::failed(error);
        match remedy {
            Some(remedy) => Self { remedy: remedy.to_owned(), ..failed },
            None => failed,
        }
    }
}

impl From<Refusal> for NotMade {
    fn from(refusal: Refusal) -> Self {
        Self { kind: refusal.kind, reason: refusal.reason, remedy: refusal.remedy }
    }
}

/// How an adapter is made, if it was built in.
pub enum Make<T: ?Sized> {
    /// By its constructor.
    Built(fn(&Kit) -> Result<Box<T>, NotMade>),
    /// Not at all: these features are off, or some of them.
    Missing(&'static [&'static str]),
}

/// An adapter that can be made: a line of a family's table.
pub struct Descriptor<T: ?Sized> {
    /// The adapter's name in the stored form.
    pub subject: &'static str,
    /// What it needs besides the build.
    pub needs: Needs,
    /// The step of `tools/setup.sh` that brings what its features need, where that is more than a Rust toolchain.
    pub setup: Option<&'static str>,
    /// Whether it is one of [`Registry::of_this_machine`](super::Registry::of_this_machine). One that is not is made by its
    /// name alone.
    pub listed: bool,
    /// How it is made.
    pub make: Make<T>,
}

impl<T: ?Sized> Descriptor<T> {
    /// An adapter of another crate, for [`Registry::register`](super::Registry::register).
    #[must_use]
    pub const fn new(subject: &'static str, needs: Needs, make: fn(&Kit) -> Result<Box<T>, NotMade>) -> Self {
        Self { subject, needs, setup: None, listed: true, make: Make::Built(make) }
    }

    /// Makes the adapter.
    ///
    /// # Errors
    /// [`Refusal`] says why there is none. An error of the constructor that is no refusal is of
    /// [`RefusalKind::Failed`].
    ///
    /// # Panics
    /// When the name is not one that a subject may have: those of this crate are tested.
    pub fn make(&self, kit: &Kit) -> Result<Box<T>, Refusal> {
        let made = match &self.make {
            Make::Built(make) => make(kit),
            Make::Missing(features) => Err(self.not_built(features)),
        };
        made.map_err(|NotMade { kind, reason, remedy }| {
            let subject = Subject::new(self.subject).expect("the name of an adapter is a subject");
            Refusal::new(&subject, kind, reason, remedy)
        })
    }

    fn not_built(&self, features: &[&str]) -> NotMade {
        let features = features.join(",");
        let build = format!("build with --features {features}");
        let reason = "this build has no adapter for it";
        let (reason, remedy) = match self.setup {
            // What the set-up said, or the build that was tried with it, is the true reason.
            Some(step) => {
                let remedy = format!("run tools/setup.sh {step}, then make bench; or {build}");
                setup::said(&[&format!("{step}-build"), step], reason, &remedy)
            }
            None => (reason.to_owned(), format!("run make bench WITH={features}; or {build}")),
        };
        NotMade::new(RefusalKind::NotBuilt, reason, remedy)
    }
}

impl<T: ?Sized> Clone for Make<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Make<T> {}

impl<T: ?Sized> Clone for Descriptor<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Descriptor<T> {}

impl<T: ?Sized> fmt::Debug for Make<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Built(_) => f.write_str("Built"),
            Self::Missing(features) => f.debug_tuple("Missing").field(features).finish(),
        }
    }
}

impl<T: ?Sized> fmt::Debug for Descriptor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor").field("subject", &self.subject).field("make", &self.make).finish_non_exhaustive()
    }
}

/// The first of none or one.
pub(crate) const fn first(of: &[&'static str]) -> Option<&'static str> {
    match of {
        [first, ..] => Some(*first),
        [] => None,
    }
}

/// A family, what one of it is called, and its table of adapters, one a line: name, features, needs, constructor. The
/// constructor's expression gives a `Result`; where a feature is off it is not compiled, and the adapter's refusal says which
/// feature it takes.
///
/// ```text
/// adapters! {
///     dyn Runtime, "runtime";
///     "noop": [] Build, _kit => Ok::<_, NotMade>(Noop::new());
///     "wasmtime": ["wasmtime"] Build, kit => Wasmtime::with_limits(kit.limits);
///     "wasmedge/aot": ["wasmedge"] Build by "wasmedge", kit => WasmEdge::with_limits(Mode::Aot, kit.limits);
///     "wasmtime/dense": ["wasmtime"] Build listed false, kit => Wasmtime::dense(kit.limits);
/// }
/// ```
macro_rules! adapters {
    (
        $family:ty, $kind:literal;
        $($subject:literal: [$($feature:literal),*] $needs:ident $(by $setup:literal)? $(listed $listed:literal)?,
            $kit:ident => $make:expr;)*
    ) => {
        impl $crate::adapter::Family for $family {
            const KIND: &'static str = $kind;

            fn built_in() -> &'static [$crate::adapter::Descriptor<Self>] {
                static TABLE: &[$crate::adapter::Descriptor<$family>] = &[$($crate::adapter::Descriptor {
                    subject: $subject,
                    needs: $crate::adapter::Needs::$needs,
                    setup: $crate::adapter::first(&[$($setup)?]),
                    listed: true $(&& $listed)?,
                    #[cfg(all($(feature = $feature),*))]
                    make: $crate::adapter::Make::Built(|$kit| Ok(Box::new($make?))),
                    #[cfg(not(all($(feature = $feature),*)))]
                    make: $crate::adapter::Make::Missing(&[$($feature),*]),
                }),*];
                TABLE
            }

            fn registered() -> &'static ::std::sync::RwLock<Vec<$crate::adapter::Descriptor<Self>>> {
                static REGISTERED: ::std::sync::RwLock<Vec<$crate::adapter::Descriptor<$family>>> =
                    ::std::sync::RwLock::new(Vec::new());
                &REGISTERED
            }
        }
    };
}
pub(crate) use adapters;

//! What the constructors of adapters are given.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    fmt,
    rc::Rc,
};

use super::Limits;

/// What a constructor is given: the limits of its instances, and what is made once for several adapters.
#[derive(Default)]
pub struct Kit {
    /// What bounds each instance.
    pub limits: Limits,
    shared: RefCell<HashMap<TypeId, Rc<dyn Any>>>,
}

impl Kit {
    /// A kit in which nothing has been made.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, shared: RefCell::default() }
    }

    /// The one value of its type in this kit, made when it is first asked for.
    ///
    /// ```
    /// use runtime_baseline::adapter::{Kit, Limits};
    ///
    /// let kit = Kit::new(Limits::default());
    /// let first = kit.shared(|| String::from("made once"));
    /// assert_eq!(*kit.shared(String::new), *first);
    /// ```
    pub fn shared<V: 'static>(&self, make: impl FnOnce() -> V) -> Rc<V> {
        let known = self.shared.borrow().get(&TypeId::of::<V>()).map(Rc::clone);
        if let Some(Ok(value)) = known.map(Rc::downcast::<V>) {
            return value;
        }
        let value = Rc::new(make());
        self.shared.borrow_mut().insert(TypeId::of::<V>(), Rc::clone(&value) as Rc<dyn Any>);
        value
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").field("limits", &self.limits).finish_non_exhaustive()
    }
}

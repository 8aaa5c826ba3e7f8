#![allow(missing_docs, missing_debug_implementations)]
use crate::{Hardware, Software};
#[derive(Debug)]
pub struct Host(Hardware, Software);
impl Host {
    pub fn capture(_: &std::path::Path) -> Self {
        Self(Hardware::default(), Software::default())
    }
    pub fn hardware(&self) -> &Hardware {
        &self.0
    }
    pub fn software(&self) -> &Software {
        &self.1
    }
    pub fn noise(&self) -> Vec<String> {
        vec![]
    }
}

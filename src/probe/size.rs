//! `image_size`: bytes that must be shipped. For a container the sum of the regular files of its root file system, and
//! beside it the same as a gzip layer, which is what a registry transfers; for a module the file that a start reads: the
//! `.wasm` when cold, what was compiled from it when precompiled. Both are counted, not estimated: the same image always
//! gives the same bytes.

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use tar::{Builder, HeaderMode};

use super::{ProbeError, Target};
use crate::{
    adapter::Identity,
    process::{Progress, Task, fresh},
    runtime::Artifact,
};

/// How long compiling and counting may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What an artifact ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageSize {
    /// The figure: the root file system's regular files, or the one file.
    pub bytes: u64,
    /// How many regular files.
    pub files: u64,
    /// The root file system as one layer, tar and gzip at level 6, where there is one.
    pub layer: Option<u64>,
}

/// What a runtime ships for a workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shipped {
    /// Whose.
    pub identity: Identity,
    /// The artifact's own settings.
    pub settings: BTreeMap<String, String>,
    /// `None` where nothing is shipped.
    pub size: Option<ImageSize>,
}

/// Prepares the target in a fresh process and counts what it ships.
///
/// # Errors
/// [`ProbeError::Unavailable`] when the runtime does not run here, [`ProbeError::Fresh`] when the measurement failed.
pub fn shipped(target: &Target) -> Result<Shipped, ProbeError> {
    Ok(fresh::measure(&Ship { target: target.clone() }, LIMIT)?)
}

/// The task behind [`shipped`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ship {
    target: Target,
}

impl Task for Ship {
    const NAME: &str = "shipped";

    type Answer = Shipped;
    type Error = ProbeError;

    fn run(self, progress: &Progress) -> Result<Shipped, ProbeError> {
        let (runtime, artifact) = self.target.prepare(progress)?;
        progress.doing("counting the image");
        let size = image_size(artifact.as_ref())?;
        Ok(Shipped { identity: runtime.identity().clone(), settings: artifact.settings(), size })
    }
}

/// Counts what an artifact ships; `None` where it ships nothing, since what it starts from is in memory.
///
/// # Errors
/// [`ProbeError::Reading`] when a file of the image cannot be read.
pub fn image_size(artifact: &dyn Artifact) -> Result<Option<ImageSize>, ProbeError> {
    let Some(image) = artifact.image() else {
        return Ok(artifact.artifact_bytes().map(|bytes| ImageSize { bytes, files: 1, layer: None }));
    };
    let read = |source| ProbeError::Reading { what: "the image", source };
    let entries = entries(&image).map_err(read)?;
    let mut seen = HashSet::new();
    let (mut bytes, mut files) = (0, 0);
    for (_, metadata) in entries.iter().filter(|(_, metadata)| metadata.is_file()) {
        // Another name of the same file is no other file.
        if seen.insert((metadata.dev(), metadata.ino())) {
            (bytes, files) = (bytes + metadata.len(), files + 1);
        }
    }
    let layer = Some(layer(&image, &entries).map_err(read)?);
    Ok(Some(ImageSize { bytes, files, layer }))
}

/// Everything below `root`, in the order of the paths.
fn entries(root: &Path) -> io::Result<Vec<(PathBuf, fs::Metadata)>> {
    let (mut found, mut directories) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).map_err(|e| at(&directory, &e))? {
            let path = entry?.path();
            let metadata = fs::symlink_metadata(&path).map_err(|e| at(&path, &e))?;
            if metadata.is_dir() {
                directories.push(path.clone());
            }
            found.push((path, metadata));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// The bytes of a layer that depends on names, modes and content alone.
fn layer(root: &Path, entries: &[(PathBuf, fs::Metadata)]) -> io::Result<u64> {
    let mut tar = Builder::new(GzEncoder::new(Count(0), Compression::new(6)));
    tar.mode(HeaderMode::Deterministic);
    tar.follow_symlinks(false);
    for (path, metadata) in entries {
        let kind = metadata.file_type();
        // Sockets and pipes are no part of an image.
        if kind.is_file() || kind.is_dir() || kind.is_symlink() {
            let name = path.strip_prefix(root).map_err(io::Error::other)?;
            tar.append_path_with_name(path, name).map_err(|e| at(path, &e))?;
        }
    }
    Ok(tar.into_inner()?.finish()?.0)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Counts what is written.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{Instance, RuntimeError};

    struct Image(PathBuf);

    impl Artifact for Image {
        fn image(&self) -> Option<PathBuf> {
            Some(self.0.clone())
        }

        fn start(&self) -> Result<Box<dyn Instance>, RuntimeError> {
            unreachable!("never started")
        }
    }

    #[test]
    fn a_link_is_counted_once_and_the_layer_does_not_depend_on_times() {
        let size = || {
            let root = tempfile::tempdir().unwrap();
            let path = |name: &str| root.path().join(name);
            fs::create_dir(path("bin")).unwrap();
            fs::write(path("bin/program"), vec![7; 100_000]).unwrap();
            fs::write(path("text"), "some text").unwrap();
            fs::hard_link(path("bin/program"), path("bin/again")).unwrap();
            std::os::unix::fs::symlink("bin/program", path("link")).unwrap();
            image_size(&Image(root.path().to_owned())).unwrap().unwrap()
        };
        let first = size();
        assert_eq!((first.bytes, first.files), (100_009, 2));
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert_eq!(size(), first);
        assert!(first.layer.is_some_and(|layer| layer > 100 && layer < 2000), "{first:?}");
    }

    #[test]
    fn an_image_that_is_not_there_is_an_error_that_names_it() {
        let error = image_size(&Image("/nonexistent/rootfs".into())).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/rootfs"), "{error}");
    }
}

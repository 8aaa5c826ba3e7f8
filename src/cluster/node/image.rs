//! The image of a node's pods: an archive as `docker save` writes it, of one layer with one static program. It has two names, since
//! what holds a pod's sandbox is the same program.

use std::{io, path::Path};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What runs in a pod, `/ready`.
pub(super) const POD: &str = "runtime-baseline.invalid/pod:1";

/// What holds a pod's sandbox.
pub(super) const PAUSE: &str = "runtime-baseline.invalid/pause:1";

/// Writes the archive, with `program` as what it runs.
pub(super) fn write(program: &Path, archive: &Path) -> io::Result<()> {
    std::fs::write(archive, of(&std::fs::read(program)?)?)
}

fn of(program: &[u8]) -> io::Result<Vec<u8>> {
    let layer = packed(&[("ready", program, 0o755)])?;
    let digest = digest(&layer);
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": { "Entrypoint": ["/ready"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
    });
    let config = config.to_string();
    let (config_name, layer_name) =
        (format!("{}.json", self::digest(config.as_bytes())), format!("{digest}/layer.tar"));
    let manifest: Value = json!([{ "Config": config_name, "RepoTags": [POD, PAUSE], "Layers": [layer_name] }]);
    packed(&[
        (&config_name, config.as_bytes(), 0o644),
        (&layer_name, &layer, 0o644),
        ("manifest.json", manifest.to_string().as_bytes(), 0o644),
    ])
}

fn packed(files: &[(&str, &[u8], u32)]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content, mode) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_mtime(0);
        archive.append_data(&mut header, name, *content)?;
    }
    archive.into_inner()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |digest, byte| digest + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Read};

    use super::*;

    fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let entry = |entry: io::Result<tar::Entry<'_, _>>| {
            let mut entry: tar::Entry<'_, &[u8]> = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        };
        archive.entries().unwrap().map(entry).collect()
    }

    #[test]
    fn an_image_is_what_its_digests_say_and_the_same_each_time() {
        let image = of(b"a program").unwrap();
        assert_eq!(image, of(b"a program").unwrap());
        let files = unpacked(&image);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"], json!([POD, PAUSE]));
        let config = &files[manifest[0]["Config"].as_str().unwrap()];
        assert_eq!(manifest[0]["Config"], format!("{}.json", digest(config)));
        let layer = &files[manifest[0]["Layers"][0].as_str().unwrap()];
        let config: Value = serde_json::from_slice(config).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", digest(layer)));
        assert_eq!(unpacked(layer), [("ready".to_owned(), b"a program".to_vec())].into());
    }
}

//! The keys and certificates of one control plane: made anew for each, readable for this user alone, and gone with its directory.
//! Nothing of an earlier one is trusted, since its authority is another.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use super::ClusterError;
use crate::Subject;

/// How long they hold: longer than any measurement, and no longer than need be where a directory was left behind.
const VALID: TimeDelta = TimeDelta::days(8);

/// They begin on the day before, since one that begins at this instant is refused by who rounds.
const EARLIER: TimeDelta = TimeDelta::days(1);

/// What the API server is called: by its address, and as pods know it.
const NAMES: [&str; 6] =
    ["127.0.0.1", "10.96.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

/// What a node is called: by a name that means this machine alone, so that nothing of it is asked from outside.
pub(super) const NODE: &str = "localhost";

/// Where the files lie, and what a client of this process needs of them.
pub(super) struct Certificates {
    directory: PathBuf,
    pub client: ClientPem,
}

/// What a client needs, as PEM: whom it trusts, and who it is.
pub(super) struct ClientPem {
    pub authority: String,
    pub certificate: String,
    pub key: String,
}

impl Certificates {
    /// Makes them in `directory`, which is this user's alone: an authority, a certificate for servers at 127.0.0.1, one for each
    /// client, and the key by which service accounts are known. The clients' kubeconfig files name the API server at `port`.
    pub fn make(subject: &Subject, directory: &Path, port: u16) -> Result<Self, ClusterError> {
        let cannot = |reason: String| ClusterError::Certificates { subject: subject.clone(), reason };
        let files = files(port, directory).map_err(|error| cannot(error.to_string()))?;
        let mut client = ClientPem { authority: String::new(), certificate: String::new(), key: String::new() };
        for (name, content) in files {
            write(&directory.join(name), &content).map_err(|error| cannot(format!("{name}: {error}")))?;
            match name {
                "ca.crt" => client.authority = content,
                "admin.crt" => client.certificate = content,
                "admin.key" => client.key = content,
                _ => {}
            }
        }
        Ok(Self { directory: directory.to_owned(), client })
    }

    /// A flag whose value is one of the files.
    pub fn flag(&self, flag: &str, file: &str) -> String {
        format!("--{flag}={}", self.path(file).display())
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }
}

/// The names and contents of all files.
fn files(port: u16, directory: &Path) -> Result<Vec<(&'static str, String)>, rcgen::Error> {
    let mut of_authority = params("runtime-baseline", None, &[])?;
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    of_authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority = CertifiedIssuer::self_signed(of_authority, KeyPair::generate()?)?;
    let service_accounts = KeyPair::generate()?;
    let mut files = vec![
        ("ca.crt", authority.pem()),
        ("ca.key", authority.key().serialize_pem()),
        ("service-accounts.key", service_accounts.serialize_pem()),
        ("service-accounts.pub", service_accounts.public_key_pem()),
    ];
    let sign = |files: [&'static str; 2], mut params: CertificateParams, usage| -> Result<_, rcgen::Error> {
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;
        Ok([(files[0], certificate.pem()), (files[1], key.serialize_pem())])
    };
    files.extend(sign(
        ["server.crt", "server.key"],
        params("kube-apiserver", None, &NAMES)?,
        ExtendedKeyUsagePurpose::ServerAuth,
    )?);
    files.extend(sign(
        ["kubelet.crt", "kubelet.key"],
        params(NODE, None, &[NODE, "127.0.0.1"])?,
        ExtendedKeyUsagePurpose::ServerAuth,
    )?);
    for (names, user, group) in [
        (["admin.crt", "admin.key"], "admin", Some("system:masters")),
        (["node.crt", "node.key"], &format!("system:node:{NODE}"), Some("system:nodes")),
        (["manager.crt", "manager.key"], "system:kube-controller-manager", None),
        (["scheduler.crt", "scheduler.key"], "system:kube-scheduler", None),
    ] {
        files.extend(sign(names, params(user, group, &[])?, ExtendedKeyUsagePurpose::ClientAuth)?);
    }
    files.push(("manager.kubeconfig", kubeconfig(directory, port, "manager")));
    files.push(("scheduler.kubeconfig", kubeconfig(directory, port, "scheduler")));
    Ok(files)
}

/// Kubernetes reads a user's name from the common name, and the groups from the organisations.
fn params(name: &str, group: Option<&str>, hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())?;
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    if let Some(group) = group {
        distinguished.push(DnType::OrganizationName, group);
    }
    params.distinguished_name = distinguished;
    let day = |at: DateTime<Utc>| rcgen::date_time_ymd(at.year(), at.month() as u8, at.day() as u8);
    params.not_before = day(Utc::now() - EARLIER);
    params.not_after = day(Utc::now() + VALID);
    Ok(params)
}

/// How a client finds the API server, with its files in `directory`.
pub(super) fn kubeconfig(directory: &Path, port: u16, user: &str) -> String {
    let file = |name: &str| serde_json::json!(directory.join(name).display().to_string());
    // JSON is YAML.
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "here", "cluster": { "server": format!("https://127.0.0.1:{port}"), "certificate-authority": file("ca.crt") } }],
        "users": [{ "name": user, "user": { "client-certificate": file(&format!("{user}.crt")), "client-key": file(&format!("{user}.key")) } }],
        "contexts": [{ "name": "here", "context": { "cluster": "here", "user": user } }],
        "current-context": "here",
    })
    .to_string()
}

/// A new file of this user alone: one that is there is not written over.
pub(super) fn write(path: &Path, content: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn every_file_is_this_users_alone_and_no_two_runs_share_a_key() {
        let subject: Subject = "kubernetes".parse().unwrap();
        let made = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for directory in &made {
            Certificates::make(&subject, directory.path(), 1234).unwrap();
        }
        let names: Vec<_> = fs::read_dir(made[0].path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 18);
        for name in names {
            let [one, other] = [0, 1].map(|at| made[at].path().join(&name));
            assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600, "{one:?}");
            assert_ne!(fs::read(&one).unwrap(), fs::read(&other).unwrap(), "{name:?}");
        }
        let again = Certificates::make(&subject, made[0].path(), 1234).err().unwrap();
        assert!(matches!(again, ClusterError::Certificates { .. }), "{again}");
        let config: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(made[0].path().join("manager.kubeconfig")).unwrap()).unwrap();
        assert_eq!(config["clusters"][0]["cluster"]["server"], "https://127.0.0.1:1234");
    }
}

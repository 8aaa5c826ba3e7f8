//! Programs in place of those of a control plane.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use runtime_baseline::cluster::{ControlPlane, kubernetes::Kubernetes};

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The programs of this machine, of which one is exchanged for one that only says that it is of the same version.
pub struct BinDirectory(tempfile::TempDir);

impl BinDirectory {
    pub fn with(component: &str, does: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let plane = Kubernetes::over_etcd(Default::default()).unwrap();
        let version = plane.identity().components[0].version().to_owned();
        for program in plane.executables() {
            let name = program.file_name().unwrap();
            let place = directory.path().join(name);
            if name == component {
                let says =
                    format!("#!/bin/sh\n[ \"$1\" != --version ] || {{ echo Kubernetes v{version}; exit; }}\n{does}\n");
                script(&place, &says);
            } else {
                symlink(program, place).unwrap();
            }
        }
        Self(directory)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A server that does what is known of K3s: it writes down its arguments, and that it was asked to end.
pub struct K3sStandIn(tempfile::TempDir);

/// Its keys come from the directory `made`, as K3s makes its own, a moment after it was started.
const SERVER: &str = r#"
import http.server, os, shutil, signal, ssl, sys, threading, time

here = os.path.dirname(os.path.abspath(__file__))
if sys.argv[1:] == ["--version"]:
    print("k3s version v1.30.4+k3s1 (98262b5d)\ngo version go1.22.5")
    sys.exit()

def note(line):
    with open(os.path.join(here, "noted"), "a") as noted:
        noted.write(line + "\n")

for argument in sys.argv[1:]:
    note(argument)
if os.environ["MOOD"] == "dies":
    sys.exit("no room for the database")

def value(flag):
    return next(a for a in sys.argv if a.startswith(flag)).removeprefix(flag)

data = value("--data-dir=")
time.sleep(0.2)
tls = os.path.join(data, "server", "tls")
os.makedirs(tls)
for name in os.listdir(os.path.join(here, "made")):
    shutil.copy(os.path.join(here, "made", name), tls)

class Ready(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200 if self.path in ("/readyz", "/healthz") else 404)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass

def serve(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(tls, "server.crt"), os.path.join(tls, "server.key"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Ready)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()

def end(*_):
    note("asked to end")
    os._exit(0)

signal.signal(signal.SIGTERM, end)
serve(int(value("--https-listen-port=")))
serve(int(value("--kube-controller-manager-arg=secure-port=")))
serve(int(value("--kube-scheduler-arg=secure-port=")))
while True:
    signal.pause()
"#;

impl K3sStandIn {
    /// One, where there is a Python.
    pub fn new() -> Result<Self, String> {
        let found = Command::new("python3").args(["-c", "import ssl, http.server; print(0)"]).output();
        if !found.map_err(|error| error.to_string())?.status.success() {
            return Err("it has no ssl".to_owned());
        }
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("made");
        fs::create_dir(&made).unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "stand-in");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(made.join("server-ca.crt"), authority.pem()).unwrap();
        for (name, hosts) in [("server", vec!["127.0.0.1".to_owned()]), ("client-admin", Vec::new())] {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new(hosts).unwrap().signed_by(&key, &authority).unwrap();
            fs::write(made.join(format!("{name}.crt")), certificate.pem()).unwrap();
            fs::write(made.join(format!("{name}.key")), key.serialize_pem()).unwrap();
        }
        fs::write(directory.path().join("server.py"), SERVER).unwrap();
        let server = directory.path().join("server.py");
        script(&directory.path().join("k3s"), &format!("#!/bin/sh\nexec python3 {} \"$@\"\n", server.display()));
        Ok(Self(directory))
    }

    pub fn program(&self) -> PathBuf {
        self.0.path().join("k3s")
    }

    /// What it wrote down: its arguments, and then that it was asked to end.
    pub fn noted(&self) -> Vec<String> {
        fs::read_to_string(self.0.path().join("noted")).unwrap().lines().map(str::to_owned).collect()
    }
}

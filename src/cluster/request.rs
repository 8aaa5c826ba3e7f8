//! Requests to a component, over TLS, by one who knows the authority of this control plane alone.
//!
//! By `ureq`, and not by the crate `kube`: what is asked here is plain HTTP (readiness, JSON, a watch read line by line), `ureq` is
//! there for OPA, and `kube` 5 with `k8s-openapi` would be 49 crates more than the 135 that the feature `cluster` has. What `ureq`
//! costs is in every latency: some 0.1 ms of a request that is answered at once (0.15 ms by it, 0.03 ms by hand, unoptimised on a
//! busy machine), where an API server takes a millisecond and more.

use std::{io, time::Duration};

use ureq::{
    Agent,
    http::Request,
    tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig},
};

use super::{Answer, certificates::ClientPem, component::Door};

/// Connections that are kept: for as many as ask at the same time. A connection more costs a request the keys' exchange.
const KEPT: usize = 64;

/// No watch is listened to for longer, in case that its server is gone without a word.
const LONGEST: Duration = Duration::from_secs(600);

/// Requests to components at 127.0.0.1, over connections that are kept.
#[derive(Debug)]
pub(super) struct Requests {
    agent: Agent,
    /// For what has a certificate of its own making.
    trusting: Agent,
}

impl Requests {
    /// Of a client, each of whose requests may take so long.
    pub fn of(client: &ClientPem, limit: Duration) -> Result<Self, ureq::Error> {
        let authority = Certificate::from_pem(client.authority.as_bytes())?;
        let certificate = Certificate::from_pem(client.certificate.as_bytes())?;
        let key = PrivateKey::from_pem(client.key.as_bytes())?;
        let roots = RootCerts::new_with_certs(&[authority]);
        let client = ClientCert::new_with_certs(&[certificate], key);
        let agent = |trusting: bool| -> Agent {
            let tls = TlsConfig::builder().root_certs(roots.clone()).client_cert(Some(client.clone()));
            let config = Agent::config_builder()
                .tls_config(tls.disable_verification(trusting).build())
                .http_status_as_error(false)
                .timeout_global(Some(limit))
                .max_idle_connections(KEPT)
                .max_idle_connections_per_host(KEPT)
                .proxy(None)
                .user_agent("");
            config.build().into()
        };
        Ok(Self { agent: agent(false), trusting: agent(true) })
    }

    /// What is answered at that port.
    pub fn ask(&self, port: u16, method: &str, path: &str, body: Option<&str>) -> Result<Answer, ureq::Error> {
        answer(&self.agent, port, method, path, body)
    }

    /// An answer that goes on, as it comes. How it ends says nothing of what it lacks.
    pub fn stream(&self, port: u16, path: &str) -> Result<impl io::Read + Send + use<>, ureq::Error> {
        let request = Request::builder().uri(format!("https://127.0.0.1:{port}{path}")).body(())?;
        let limit = self.agent.config().timeouts().global;
        let request = self.agent.configure_request(request).timeout_global(None);
        let request = request.timeout_recv_response(limit).timeout_recv_body(Some(LONGEST)).build();
        Ok(self.agent.run(request)?.into_body().into_reader())
    }

    /// What a component says of its being ready.
    pub fn knock(&self, door: &Door) -> Result<Answer, ureq::Error> {
        let agent = if door.verified { &self.agent } else { &self.trusting };
        answer(agent, door.port, "GET", door.path, None)
    }

    /// Whether it says that it is.
    pub fn says_ready(&self, door: &Door) -> bool {
        self.knock(door).is_ok_and(|answer| answer.status == 200)
    }
}

fn answer(agent: &Agent, port: u16, method: &str, path: &str, body: Option<&str>) -> Result<Answer, ureq::Error> {
    let request = Request::builder().method(method).uri(format!("https://127.0.0.1:{port}{path}"));
    let mut response = match body {
        Some(body) => agent.run(request.header("content-type", "application/json").body(body)?)?,
        None => agent.run(request.body(())?)?,
    };
    // A list may be as long as its objects are many.
    let body = response.body_mut().with_config().limit(u64::MAX).read_to_string()?;
    Ok(Answer { status: response.status().as_u16(), body })
}

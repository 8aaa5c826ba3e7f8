//! Requests to a component, over TLS, by one who knows the authority of this control plane alone. Readiness and a few requests
//! want no more than HTTP; a client that watches would be the crate `kube`.

use std::time::Duration;

use ureq::{
    Agent,
    http::Request,
    tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig},
};

use super::{Answer, certificates::ClientPem, component::Door};

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

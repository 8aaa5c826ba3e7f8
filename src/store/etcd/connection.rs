//! One connection to a server that speaks etcd's protocol, with an event loop on the thread that asks.

use std::{sync::Arc, time::Duration};

use prost::Message;
use tokio::runtime::{Builder, Runtime};
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    codegen::{
        http::uri::PathAndQuery,
        tokio_stream::{self, StreamExt},
    },
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::{
    adapter::with_causes,
    store::{StoreError, server::Server},
};

/// How long a connection on loopback may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection. The runtime is of this thread alone: it turns while a request is waited for, and stands still otherwise.
#[derive(Debug)]
pub(super) struct Connection {
    // Before the runtime, on which its tasks are.
    grpc: Grpc<Channel>,
    runtime: Runtime,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// There was none in time.
    Late,
    /// The server, or the connection, said this.
    Status(Status),
}

impl NoAnswer {
    /// What it means, where it is the answer of that server.
    pub fn of(self, server: &Server, limit: Duration) -> StoreError {
        match self {
            Self::Late => StoreError::TimeLimit { subject: server.subject().clone(), limit },
            // The codes of a connection that broke.
            Self::Status(status)
                if matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal) =>
            {
                server.broken(status.message().to_owned())
            }
            Self::Status(status) => server.failed(status.message().to_owned()),
        }
    }
}

impl From<Status> for NoAnswer {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl Connection {
    /// To that port of loopback.
    pub fn to(port: u16) -> Result<Self, NoAnswer> {
        let unavailable = |error: &dyn std::error::Error| NoAnswer::from(Status::unavailable(with_causes(error)));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| unavailable(&error))?;
        let endpoint =
            Endpoint::from_shared(format!("http://127.0.0.1:{port}")).map_err(|error| unavailable(&error))?;
        let endpoint = endpoint.connect_timeout(CONNECT).tcp_nodelay(true);
        let channel = runtime.block_on(endpoint.connect()).map_err(|error| unavailable(&error))?;
        // A list of many objects is one message.
        let grpc = Grpc::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Self { grpc, runtime })
    }

    /// One request, one answer.
    pub fn ask<Q: Message + 'static, A: Message + Default + 'static>(
        &mut self,
        method: &'static str,
        request: Q,
        limit: Duration,
    ) -> Result<A, NoAnswer> {
        let grpc = &mut self.grpc;
        let asked = async {
            ready(grpc).await?;
            let codec = ProstCodec::<Q, A>::default();
            grpc.unary(Request::new(request), PathAndQuery::from_static(method), codec).await
        };
        let answer = self.runtime.block_on(async { tokio::time::timeout(limit, asked).await });
        Ok(answer.map_err(|_| NoAnswer::Late)??.into_inner())
    }

    /// One request, after which the other side goes on answering.
    pub fn subscribe<Q: Message + 'static, A: Message + Default + 'static>(
        &mut self,
        method: &'static str,
        request: Q,
        limit: Duration,
    ) -> Result<Streaming<A>, NoAnswer> {
        let grpc = &mut self.grpc;
        let asked = async {
            ready(grpc).await?;
            // The end of the requests would be the end of the subscription.
            let requests = tokio_stream::once(request).chain(tokio_stream::pending());
            let codec = ProstCodec::<Q, A>::default();
            grpc.streaming(Request::new(requests), PathAndQuery::from_static(method), codec).await
        };
        let answers = self.runtime.block_on(async { tokio::time::timeout(limit, asked).await });
        Ok(answers.map_err(|_| NoAnswer::Late)??.into_inner())
    }

    /// The next answer of a subscription; nothing where there was none in time.
    pub fn next<A: Message + Default + 'static>(
        &self,
        answers: &mut Streaming<A>,
        patience: Duration,
    ) -> Result<Option<A>, NoAnswer> {
        let next = self.runtime.block_on(async { tokio::time::timeout(patience, answers.message()).await });
        match next {
            Err(_) => Ok(None),
            Ok(Ok(Some(answer))) => Ok(Some(answer)),
            Ok(Ok(None)) => Err(Status::unavailable("the server ended the stream").into()),
            Ok(Err(status)) => Err(status.into()),
        }
    }
}

async fn ready(grpc: &mut Grpc<Channel>) -> Result<(), Status> {
    grpc.ready().await.map_err(|error| Status::unavailable(with_causes(&error)))
}

/// A store behind a server that speaks etcd's protocol.
pub(super) type Shared = Arc<Server>;

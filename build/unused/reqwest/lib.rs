//! A client that downloads nothing: see ../README.md.

/// Why.
#[derive(Debug)]
pub struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this project's builds download nothing: run tools/setup.sh wasmedge")
    }
}

impl std::error::Error for Error {}

/// Names a proxy.
#[derive(Debug)]
pub struct Proxy;

impl Proxy {
    /// For every address.
    pub fn all(_address: String) -> Result<Self, Error> {
        Err(Error)
    }

    /// As somebody.
    pub fn basic_auth(self, _user: &str, _password: &str) -> Self {
        self
    }
}

/// The client that waits.
pub mod blocking {
    use std::{
        io::{self, Read},
        time::Duration,
    };

    use super::{Error, Proxy};

    /// What would ask.
    #[derive(Debug)]
    pub struct Client;

    /// A client to be.
    #[derive(Debug)]
    pub struct ClientBuilder;

    /// A request to be.
    #[derive(Debug)]
    pub struct RequestBuilder;

    /// What nobody gets.
    #[derive(Debug)]
    pub struct Response;

    impl Client {
        /// A client to be.
        pub fn builder() -> ClientBuilder {
            ClientBuilder
        }

        /// A request to be.
        pub fn get(&self, _address: &str) -> RequestBuilder {
            RequestBuilder
        }
    }

    impl ClientBuilder {
        /// By a proxy.
        pub fn proxy(self, _proxy: Proxy) -> Self {
            self
        }

        /// The client.
        pub fn build(self) -> Result<Client, Error> {
            Err(Error)
        }
    }

    impl RequestBuilder {
        /// With a limit of time.
        pub fn timeout(self, _limit: Duration) -> Self {
            self
        }

        /// Asks nobody.
        pub fn send(self) -> Result<Response, Error> {
            Err(Error)
        }
    }

    impl Read for Response {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other(Error))
        }
    }
}

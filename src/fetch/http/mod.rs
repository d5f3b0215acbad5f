//! Files over HTTP.

#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod proxy;

#[cfg(feature = "http")]
pub(super) use client::Client;

#[cfg(not(feature = "http"))]
pub(super) use absent::Client;

/// The client of a krender that is built without the feature `http`.
#[cfg(not(feature = "http"))]
mod absent {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::SystemTime;

    use crate::error::{Code, Error, Result};
    use crate::external::Environment;
    use crate::fetch::door::Door;
    use crate::fetch::failing::Failing;
    use crate::limits::{Budget, Cancel};

    pub(in crate::fetch) struct Client;

    impl Client {
        pub(in crate::fetch) fn new(
            _: Door,
            _: Arc<Failing>,
            _: Environment,
            _: Option<&Path>,
            _: SystemTime,
            _: bool,
        ) -> Self {
            Self
        }

        pub(in crate::fetch) fn get(&self, url: &str, _: &Budget, _: &Cancel) -> Result<Arc<[u8]>> {
            let message = format!("`{url}` is a file over HTTP");
            Err(Error::new(Code::FetchRefused, message)
                .help("this krender is built without the feature `http`: fetch the file first"))
        }
    }
}

//! Listening: connections with their limits, encryption, and an end that lets what is in flight finish.
//!
//! What is served is for others to say: it gets a router. Who is at the other end reaches handlers as [`Peer`].

mod pinned;
mod tls;

pub use pinned::trusting_only;
pub use tls::{Certificate, TlsError, certificate};

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower_service::Service as _;

/// Who is at the other end of a connection: a sender, or a proxy that speaks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

// LIMIT: each connection costs memory and a file; an MSP has hundreds of senders. Further ones wait to be accepted.
const MOST_CONNECTIONS: usize = 4_096;

// LIMIT: how long a connection may take over a request's head, or be idle between two.
const HEAD_TIME: Duration = Duration::from_secs(75);

// LIMIT: what a handshake takes over a bad line, and a few round trips more.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How long what is in flight may take after the end was asked for.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// A listener and what is served on it.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    tls: Option<Certificate>,
    router: Router,
}

impl Server {
    /// Serves `router` on the listener; encrypted where there is a certificate.
    pub fn new(listener: TcpListener, tls: Option<Certificate>, router: Router) -> Self {
        Self { listener, tls, router }
    }

    /// Serves until it is told to stop, and then until what is in flight has its answer.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let acceptor = self.tls.as_ref().map(Certificate::acceptor);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &room) => accepted,
                // A sender that is gone means the same as one that said stop.
                _ = stopping.wait_for(|stop| *stop) => break,
            };
            let (stream, peer, place) = accepted;
            let (router, watcher) = (self.router.clone(), graceful.watcher());
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                match acceptor {
                    None => speak(stream, peer, router, watcher).await,
                    Some(acceptor) => {
                        match tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
                            Ok(Ok(stream)) => speak(stream, peer, router, watcher).await,
                            Ok(Err(error)) => {
                                tracing::debug!(%peer, %error, "no encrypted connection came to be");
                            }
                            Err(_) => tracing::debug!(%peer, "the handshake took too long"),
                        }
                    }
                }
                drop(place);
            });
        }
        // ORDER: nobody new comes in while those who are in get their answers.
        drop(self.listener);
        if tokio::time::timeout(STOP_WITHIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("connections that did not come to an end were cut");
        }
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    // The semaphore is never closed.
    let Ok(place) = Arc::clone(room).acquire_owned().await else { return pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and wanted at once. A connection that cannot do that works all the same.
                let _ = stream.set_nodelay(true);
                return (stream, peer, place);
            }
            Err(error) if is_the_others(&error) => {}
            Err(error) => {
                // Out of files or memory: it may be over in a moment, and asking on would only burn time.
                tracing::error!(%error, "no connection can be accepted now");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Whether it was the other end that gave up.
fn is_the_others(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers the requests of one connection.
async fn speak<S>(stream: S, peer: SocketAddr, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        // A router is always ready, and its clones share everything.
        let answer = router.clone().call(request.map(Body::new));
        async move { answer.await as Result<_, Infallible> }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        // Answers are short: copied together they are sent at less cost than gathered from two places by the system.
        .writev(false)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests;

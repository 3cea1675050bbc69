//! Accepting connections until the sandbox stops.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::exchange;
use crate::shared::Shared;

// LIMIT: request line and headers together; the server under the real one has 32 KB as well.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Opens the port.
pub(crate) async fn bind(listen: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(listen).await
}

/// Serves connections until the sandbox stops; then they all end.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stopped() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&shared)));
            }
            // Out of file handles, mostly: letting others finish is all there is to do.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Answers are small: waiting to fill a packet would only slow tests down.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| exchange::handle(Arc::clone(&shared), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // An error here is a client that left or a cut the test asked for: neither is ours to report.
        _ = connection => {}
        () = shared.stopped() => {}
    }
}

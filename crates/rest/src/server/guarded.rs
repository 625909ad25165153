//! A socket that gives up on a client that keeps it waiting: with a head that never ends, an answer that it never
//! takes, or silence between requests.
//!
//! The timers are made only when a read or write has to wait, so that a client in good order costs none.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::limits::Limits;

/// What a connection is at, shared between its socket and its requests.
#[derive(Debug, Default)]
pub(crate) struct Phase(AtomicU8);

impl Phase {
    const IDLE: u8 = 0;
    const HEAD: u8 = 1;
    const BUSY: u8 = 2;

    /// A request's head is complete; the body's reader keeps its own time.
    pub(crate) fn begin(&self) {
        self.0.store(Self::BUSY, Ordering::Relaxed);
    }

    /// Bytes came. From the first one after an answer the next head has its time; later ones don't prolong it.
    fn read(&self) {
        // Whether it was idle or not: either way it is not idle now.
        let _ =
            self.0
                .compare_exchange(Self::IDLE, Self::HEAD, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The request is answered.
    pub(crate) fn end(&self) {
        self.0.store(Self::IDLE, Ordering::Relaxed);
    }
}

/// The socket.
pub(crate) struct Guarded<S> {
    socket: S,
    phase: Arc<Phase>,
    head: Duration,
    idle: Duration,
    write: Duration,
    /// Runs while a head is being read.
    reading: Option<Pin<Box<Sleep>>>,
    /// Goes off again and again; twice without a byte or a request between them is idle.
    ticking: Option<Pin<Box<Sleep>>>,
    active: bool,
    writing: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    pub(crate) fn new(socket: S, phase: Arc<Phase>, limits: &Limits) -> Self {
        Self {
            socket,
            phase,
            head: limits.head,
            idle: limits.idle,
            write: limits.write,
            reading: None,
            ticking: None,
            active: false,
            writing: None,
        }
    }

    /// Ready with an error when the client had its time in the current phase.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let phase = self.phase.0.load(Ordering::Relaxed);
        if phase == Phase::HEAD {
            let patience = self.head;
            let timer = self
                .reading
                .get_or_insert_with(|| Box::pin(sleep(patience)));
            ready!(timer.as_mut().poll(context));
            return Poll::Ready(timed_out("the head of a request came too slowly"));
        }
        self.reading = None;
        let idle = self.idle;
        let timer = self.ticking.get_or_insert_with(|| Box::pin(sleep(idle)));
        loop {
            ready!(timer.as_mut().poll(context));
            if phase == Phase::IDLE && !self.active {
                return Poll::Ready(timed_out("nothing was asked for long"));
            }
            self.active = false;
            timer.as_mut().reset(Instant::now() + idle);
        }
    }

    fn poll_reader(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let (patience, writing) = (self.write, &mut self.writing);
        let timer = writing.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(timed_out("the client takes nothing"))
    }

    fn wrote(&mut self) {
        if let Some(timer) = &mut self.writing {
            timer.as_mut().reset(Instant::now() + self.write);
        }
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let guarded = &mut *self;
        match Pin::new(&mut guarded.socket).poll_read(context, buffer) {
            Poll::Ready(result) => {
                guarded.active = true;
                guarded.phase.read();
                Poll::Ready(result)
            }
            Poll::Pending => guarded.poll_patience(context).map(Err),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.socket).poll_write(context, bytes) {
            Poll::Ready(result) => {
                self.wrote();
                Poll::Ready(result)
            }
            Poll::Pending => self.poll_reader(context).map(Err),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.socket).poll_write_vectored(context, slices) {
            Poll::Ready(result) => {
                self.wrote();
                Poll::Ready(result)
            }
            Poll::Pending => self.poll_reader(context).map(Err),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

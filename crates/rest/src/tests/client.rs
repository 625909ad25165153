//! A client that sends what it is told, byte for byte, and reads whole answers.

use std::{io::Read as _, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a test waits for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(super) fn unzipped(&self) -> String {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&self.body[..])
            .read_to_string(&mut text)
            .unwrap();
        text
    }
}

/// A connection.
pub(super) struct Client<S> {
    socket: S,
    buffer: Vec<u8>,
}

impl Client<TcpStream> {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub(super) fn into_socket(self) -> TcpStream {
        self.socket
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(super) fn over(socket: S) -> Self {
        Self {
            socket,
            buffer: Vec::new(),
        }
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    /// Sends as much as is taken: a server that refuses may close before it has all.
    pub(super) async fn offer(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.socket.write_all(bytes.as_ref()).await);
    }

    /// The next answer; `None` when the connection is closed instead.
    pub(super) async fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET").await
    }

    /// The next answer, to a request of this method: one to `HEAD` has no body.
    pub(super) async fn answer_to(&mut self, method: &str) -> Option<Answer> {
        timeout(PATIENCE, self.read_answer(method))
            .await
            .expect("an answer or the end of the connection")
    }

    /// Waits for the head of an answer and leaves its body.
    pub(super) async fn head(&mut self) {
        while !self.buffer.windows(4).any(|window| window == b"\r\n\r\n") {
            assert!(timeout(PATIENCE, self.more()).await.expect("a head"));
        }
    }

    /// `GET` on this connection.
    pub(super) async fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        self.answer().await.unwrap()
    }

    /// A request with a body on this connection.
    pub(super) async fn post(
        &mut self,
        target: &str,
        content_type: &str,
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let body = body.as_ref();
        self.send(format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ))
        .await;
        self.offer(body).await;
        self.answer().await.unwrap()
    }

    /// Whether the server closes the connection without a further byte.
    pub(super) async fn is_closed(&mut self) -> bool {
        self.buffer.is_empty()
            && !timeout(PATIENCE, self.more())
                .await
                .expect("the end of the connection")
    }

    async fn read_answer(&mut self, method: &str) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if status < 200 {
            return Some(answer);
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = self.chunks().await?;
        } else if method != "HEAD" {
            let length = answer
                .header("content-length")
                .unwrap_or("0")
                .parse()
                .unwrap();
            answer.body = self.exactly(length).await?;
        }
        Some(answer)
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let at = loop {
                if let Some(at) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                    break at;
                }
                if !self.more().await {
                    return None;
                }
            };
            let line: Vec<u8> = self.buffer.drain(..at + 2).collect();
            let size =
                usize::from_str_radix(std::str::from_utf8(&line[..at]).unwrap(), 16).unwrap();
            body.extend(self.exactly(size).await?);
            self.exactly(2).await?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.more().await {
                return None;
            }
        }
        Some(self.buffer.drain(..length).collect())
    }

    /// Reads more; false at the end. A reset is an end as well.
    async fn more(&mut self) -> bool {
        let mut piece = [0; 16 << 10];
        let read = self.socket.read(&mut piece).await.unwrap_or(0);
        self.buffer.extend_from_slice(&piece[..read]);
        read > 0
    }
}

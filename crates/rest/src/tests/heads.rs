//! Request heads: methods, paths, headers, parameters, and what is answered before a handler runs.

use super::{
    client::Client,
    endpoints::{open, start, tight},
};
use crate::server::Limits;

async fn get(target: &str) -> (u16, String) {
    let server = open().await;
    let answer = Client::connect(server.address()).await.get(target).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn every_answer_says_what_it_speaks() {
    let server = open().await;
    let answer = Client::connect(server.address()).await.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("X-OpenSearch-Version"),
        Some("OpenSearch/3.8.0 (opensearch)")
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=UTF-8")
    );
    assert_eq!(answer.text(), "{\n  \"name\" : \"node-0\"\n}\n");
}

#[tokio::test]
async fn head_answers_with_the_length_and_no_body() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer_to("HEAD").await.unwrap();
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, Some("24"))
    );
    assert!(answer.body.is_empty());
    assert_eq!(
        client.get("/").await.body.len(),
        24,
        "the connection is in order afterwards"
    );
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    client
        .send("DELETE /echo?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), Some("POST,GET"));
    assert_eq!(
        answer.text(),
        r#"{"error":"Incorrect HTTP method for uri [/echo?x=1] and method [DELETE], allowed: [POST, GET]","status":405}"#
    );
    client
        .send("OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!(
        (answer.status, answer.header("allow")),
        (200, Some("POST,GET"))
    );
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn an_unknown_path_and_doubled_slashes_find_no_handler() {
    assert_eq!(
        get("/_nothing").await,
        (
            400,
            r#"{"error":"no handler found for uri [/_nothing] and method [GET]"}"#.to_owned()
        )
    );
    assert_eq!(
        get("//_cat//health").await,
        (
            400,
            r#"{"error":"no handler found for uri [//health] and method [GET]"}"#.to_owned()
        )
    );
}

#[tokio::test]
async fn a_method_that_is_none_gets_no_answer() {
    for line in ["BREW / HTTP/1.1", "get / HTTP/1.1"] {
        let server = open().await;
        let mut client = Client::connect(server.address()).await;
        client.send(format!("{line}\r\nHost: x\r\n\r\n")).await;
        assert!(client.is_closed().await, "{line}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_closed() {
    for line in [
        "nonsense\r\n\r\n",
        "GET / HTTQ/9\r\n\r\n",
        "\0\x01\x02\r\n\r\n",
    ] {
        let server = open().await;
        let mut client = Client::connect(server.address()).await;
        client.send(line).await;
        assert_eq!(
            client.answer().await.map(|answer| answer.status),
            Some(400),
            "{line:?}"
        );
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn parameters_are_typed_and_unknown_ones_refused_with_hints() {
    assert_eq!(
        get("/echo?flag&names=a,b").await,
        (
            200,
            r#"{"flag":true,"names":["a","b"],"headers":{}}"#.to_owned()
        )
    );
    for (query, reason) in [
        (
            "flag=maybe",
            "Failed to parse value [maybe] as only [true] or [false] are allowed.",
        ),
        (
            "foo=1&bar=2",
            "request [/echo] contains unrecognized parameters: [bar], [foo]",
        ),
        (
            "timeot=1s",
            "request [/echo] contains unrecognized parameter: [timeot] -> did you mean [timeout]?",
        ),
        (
            "prety",
            "request [/echo] contains unrecognized parameter: [prety] -> did you mean [pretty]?",
        ),
        (
            "q=x",
            "request [/echo] contains unrecognized parameter: [q]",
        ),
        (
            "flag=%zz",
            "invalid escape sequence `%zz' at index 1 of: %zz",
        ),
        (
            "timeout=5",
            "failed to parse setting [timeout] with value [5] as a time value: unit is missing or unrecognized",
        ),
    ] {
        let (status, body) = get(&format!("/echo?{query}")).await;
        assert_eq!(status, 400);
        let reason = reason.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(
            body,
            format!(
                "{{\"error\":{{\"root_cause\":[{{\"type\":\"illegal_argument_exception\",\"reason\":\"{reason}\"}}],\
                 \"type\":\"illegal_argument_exception\",\"reason\":\"{reason}\"}},\"status\":400}}"
            )
        );
    }
}

#[tokio::test]
async fn the_form_of_an_answer_is_chosen_by_parameter_or_accept() {
    assert_eq!(
        get("/echo?format=yaml").await.1,
        "---\nflag: false\nnames: []\nheaders: {}\n"
    );
    assert_eq!(get("/echo?filter_path=flag").await.1, r#"{"flag":false}"#);
    assert_eq!(get("/echo?filter_path=nothing").await.1, "{}");
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    for (accept, content_type) in [
        ("application/yaml", "application/yaml"),
        ("image/png", "application/json; charset=UTF-8"),
        ("*/*", "application/json; charset=UTF-8"),
    ] {
        client
            .send(format!(
                "GET /echo HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n"
            ))
            .await;
        assert_eq!(
            client.answer().await.unwrap().header("content-type"),
            Some(content_type)
        );
    }
    assert_eq!(
        client.get("/echo?format=cbor").await.status,
        400,
        "known and not written"
    );
}

#[tokio::test]
async fn ids_are_carried_echoed_and_single() {
    let server = open().await;
    let mut client = Client::connect(server.address()).await;
    client.send("GET /echo HTTP/1.1\r\nHost: x\r\nx-opaque-id: 111111\r\nX-Request-ID: r\r\nX-Foo: y\r\n\r\n").await;
    let answer = client.answer().await.unwrap();
    assert_eq!(
        (answer.header("x-opaque-id"), answer.header("x-request-id")),
        (Some("111111"), Some("r"))
    );
    assert_eq!(answer.header("x-foo"), None);
    assert_eq!(
        answer.text(),
        r#"{"flag":false,"names":[],"headers":{"X-Opaque-Id":"111111","X-Request-Id":"r"}}"#
    );

    client
        .send("GET /nothing HTTP/1.1\r\nHost: x\r\nX-Opaque-Id: e\r\n\r\n")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!(
        (answer.status, answer.header("x-opaque-id")),
        (400, Some("e")),
        "on errors too"
    );

    client
        .send("GET / HTTP/1.1\r\nHost: x\r\nX-Opaque-Id: one\r\nX-Opaque-Id: two\r\n\r\n")
        .await;
    let answer = client.answer().await.unwrap();
    assert_eq!(
        (answer.status, answer.header("x-opaque-id")),
        (400, Some("one"))
    );
    assert_eq!(
        answer.text(),
        r#"{"error":"multiple values for single-valued header [X-Opaque-Id].","status":400}"#
    );
}

#[tokio::test]
async fn heads_have_limits() {
    let server = start(
        Limits {
            head: Limits::default().head,
            ..tight()
        },
        None,
        None,
    )
    .await;
    let refused = async |head: String| {
        let mut client = Client::connect(server.address()).await;
        client.offer(head).await;
        let answer = client.answer().await.expect("an answer");
        (answer.status, answer.text())
    };
    let (status, body) = refused(format!(
        "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n",
        "a".repeat(5000)
    ))
    .await;
    assert_eq!(status, 400);
    assert!(
        body.contains("too_long_http_line_exception") && body.contains("larger than 4096 bytes"),
        "{body}"
    );
    let (status, body) = refused(format!(
        "GET / HTTP/1.1\r\nHost: x\r\nX-Big: {}\r\n\r\n",
        "a".repeat(17_000)
    ))
    .await;
    assert_eq!(status, 400);
    assert!(
        body.contains("HTTP header is larger than 16384 bytes."),
        "{body}"
    );
    let flood: String = (0..5000)
        .map(|number| format!("X-{number}: y\r\n"))
        .collect();
    assert_eq!(
        refused(format!("GET / HTTP/1.1\r\nHost: x\r\n{flood}\r\n"))
            .await
            .0,
        431
    );
    assert_eq!(
        refused(format!(
            "GET / HTTP/1.1\r\nX: {}\r\n\r\n",
            "a".repeat(1 << 20)
        ))
        .await
        .0,
        431
    );
}

#[tokio::test]
async fn noise_is_refused_or_left_alone_and_the_server_lives() {
    let server = open().await;
    // A fixed sequence (xorshift), so that a failure can be seen again.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..200 {
        let mut noise: Vec<u8> = match next() % 3 {
            0 => b"GET /echo?".to_vec(),
            1 => b"POST /echo HTTP/1.1\r\nContent-Type: application/json\r\n".to_vec(),
            _ => Vec::new(),
        };
        noise.extend((0..next() % 300).flat_map(|_| next().to_le_bytes()));
        noise.extend_from_slice(b"\r\n\r\n");
        let mut client = Client::connect(server.address()).await;
        client.offer(&noise).await;
    }
    assert_eq!(
        Client::connect(server.address())
            .await
            .get("/")
            .await
            .status,
        200
    );
}

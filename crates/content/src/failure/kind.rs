//! The table of failure kinds: what a kind is called on the wire and which HTTP status it answers with.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Where an exception of that name comes from upstream: only OpenSearch's own exceptions take part in the search for a
/// root cause (`OpenSearchException.guessRootCauses`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An `OpenSearchException`.
    Own,
    /// `XContentParseException`: not one of OpenSearch's own, but the search goes through it.
    Content,
    /// Any other Java exception.
    Foreign,
}

macro_rules! kinds {
    ($($variant:ident $name:literal $status:literal $origin:ident;)*) => {
        /// What went wrong, as a name of the closed list that clients match on.
        ///
        /// [`Kind::name`] is the `type` on the wire, [`Kind::status`] the HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(into = "Cow<'static, str>", from = "Cow<'_, str>")]
        pub enum Kind {
            $(
                #[doc = concat!("`", $name, "`, status ", stringify!($status))]
                $variant,
            )*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),*];

            /// The `type` on the wire, such as `illegal_argument_exception`.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// The HTTP status of a failure of this kind. [`Failure::status`](super::Failure::status) refines it for
            /// kinds that take the status of their cause.
            pub const fn status(self) -> u16 {
                match self { $(Kind::$variant => $status,)* }
            }

            pub(crate) const fn origin(self) -> Origin {
                match self { $(Kind::$variant => Origin::$origin,)* }
            }

            /// The kind of that wire name, if it is in the table.
            pub fn named(name: &str) -> Option<Kind> {
                match name { $($name => Some(Kind::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    // 400
    ActionRequestValidation "action_request_validation_exception" 400 Foreign;
    DateTimeParse "date_time_parse_exception" 500 Foreign;
    IllegalArgument "illegal_argument_exception" 400 Foreign;
    IndexClosed "index_closed_exception" 400 Own;
    InputCoercion "input_coercion_exception" 400 Foreign;
    InvalidAliasName "invalid_alias_name_exception" 400 Own;
    InvalidIndexName "invalid_index_name_exception" 400 Own;
    InvalidIndexTemplate "invalid_index_template_exception" 400 Own;
    JsonParse "json_parse_exception" 400 Foreign;
    MaxBytesLengthExceeded "max_bytes_length_exceeded_exception" 500 Foreign;
    MapperParsing "mapper_parsing_exception" 400 Own;
    NamedObjectNotFound "named_object_not_found_exception" 400 Content;
    NotXContent "not_x_content_exception" 400 Foreign;
    NumberFormat "number_format_exception" 400 Foreign;
    OpenSearchParse "parse_exception" 400 Own;
    Parsing "parsing_exception" 400 Own;
    QueryShard "query_shard_exception" 400 Own;
    ResourceAlreadyExists "resource_already_exists_exception" 400 Own;
    RoutingMissing "routing_missing_exception" 400 Own;
    Script "script_exception" 400 Own;
    Settings "settings_exception" 400 Own;
    StreamConstraints "stream_constraints_exception" 400 Foreign;
    StreamRead "stream_read_exception" 400 Foreign;
    StrictDynamicMapping "strict_dynamic_mapping_exception" 400 Own;
    TooManyBuckets "too_many_buckets_exception" 503 Own;
    TooManyClauses "too_many_clauses" 400 Foreign;
    TooManyNestedClauses "too_many_nested_clauses" 400 Foreign;
    UnexpectedEndOfInput "unexpected_end_of_input_exception" 400 Foreign;
    XContentParse "x_content_parse_exception" 400 Content;
    IllegalIndexShardState "illegal_index_shard_state_exception" 404 Own;
    // 401, 403
    Security "security_exception" 401 Own;
    ClusterBlock "cluster_block_exception" 403 Own;
    AccessControl "access_control_exception" 403 Foreign;
    // 404
    AliasesNotFound "aliases_not_found_exception" 404 Own;
    DocumentMissing "document_missing_exception" 404 Own;
    IndexNotFound "index_not_found_exception" 404 Own;
    IndexTemplateMissing "index_template_missing_exception" 404 Own;
    RepositoryMissing "repository_missing_exception" 404 Own;
    ResourceNotFound "resource_not_found_exception" 404 Own;
    SearchContextMissing "search_context_missing_exception" 404 Own;
    ShardNotFound "shard_not_found_exception" 404 Own;
    SnapshotMissing "snapshot_missing_exception" 404 Own;
    // 406, 409, 413, 414, 415, 429, 431
    ContentTypeHeader "content_type_header_exception" 400 Foreign;
    TaskInProgress "task_in_progress_exception" 409 Own;
    VersionConflict "version_conflict_engine_exception" 409 Own;
    TooLongHttpContent "too_long_http_content_exception" 413 Foreign;
    TooLongHttpLine "too_long_http_line_exception" 400 Foreign;
    TooLongHttpHeader "too_long_http_header_exception" 400 Foreign;
    CircuitBreaking "circuit_breaking_exception" 429 Own;
    RejectedExecution "rejected_execution_exception" 429 Foreign;
    // 500
    AggregationExecution "aggregation_execution_exception" 500 Own;
    AggregationInitialization "aggregation_initialization_exception" 500 Own;
    Exception "exception" 500 Own;
    Arithmetic "arithmetic_exception" 500 Foreign;
    ArrayIndexOutOfBounds "array_index_out_of_bounds_exception" 500 Foreign;
    ClassCast "class_cast_exception" 500 Foreign;
    ConnectTimeout "connect_timeout_exception" 500 Foreign;
    ConnectionClosed "connection_closed_exception" 500 Foreign;
    ContentTooLong "content_too_long_exception" 500 Foreign;
    ConcurrentModification "concurrent_modification_exception" 500 Foreign;
    Eof "e_o_f_exception" 500 Foreign;
    FailedNode "failed_node_exception" 500 Own;
    HttpHostConnect "http_host_connect_exception" 500 Foreign;
    IllegalState "illegal_state_exception" 500 Foreign;
    IndexOutOfBounds "index_out_of_bounds_exception" 500 Foreign;
    InputMismatch "input_mismatch_exception" 500 Foreign;
    IO "i_o_exception" 500 Foreign;
    LexerNoViableAlt "lexer_no_viable_alt_exception" 500 Foreign;
    NoSuchElement "no_such_element_exception" 500 Foreign;
    NoSuchNode "no_such_node_exception" 500 Own;
    NoViableAlt "no_viable_alt_exception" 500 Foreign;
    NullPointer "null_pointer_exception" 500 Foreign;
    PainlessError "painless_error" 500 Foreign;
    NodeDisconnected "node_disconnected_exception" 500 Own;
    NodeNotConnected "node_not_connected_exception" 500 Own;
    ReceiveTimeoutTransport "receive_timeout_transport_exception" 500 Own;
    RemoteTransport "remote_transport_exception" 500 Own;
    Protocol "protocol_exception" 500 Foreign;
    Repository "repository_exception" 500 Own;
    Response "response_exception" 500 Foreign;
    Runtime "runtime_exception" 500 Foreign;
    Search "search_exception" 500 Own;
    SocketTimeout "socket_timeout_exception" 500 Foreign;
    SslHandshake "s_s_l_handshake_exception" 500 Foreign;
    Status "status_exception" 500 Own;
    StringIndexOutOfBounds "string_index_out_of_bounds_exception" 500 Foreign;
    TaskCancelled "task_cancelled_exception" 500 Own;
    TaskLost "task_lost_exception" 500 Own;
    UnknownHost "unknown_host_exception" 500 Foreign;
    UnsupportedOperation "unsupported_operation_exception" 500 Foreign;
    // 503, 504
    ClusterManagerNotDiscovered "cluster_manager_not_discovered_exception" 503 Own;
    FailedToCommitClusterState "failed_to_commit_cluster_state_exception" 503 Own;
    NoShardAvailableAction "no_shard_available_action_exception" 503 Own;
    NodeClosed "node_closed_exception" 503 Own;
    ProcessClusterEventTimeout "process_cluster_event_timeout_exception" 503 Own;
    SearchPhaseExecution "search_phase_execution_exception" 503 Own;
    UnavailableShards "unavailable_shards_exception" 503 Own;
    Timeout "timeout_exception" 504 Own;
}

impl From<Kind> for Cow<'static, str> {
    fn from(kind: Kind) -> Self {
        Cow::Borrowed(kind.name())
    }
}

/// A name that this version does not know (written by a newer node) is read as [`Kind::Exception`].
impl From<Cow<'_, str>> for Kind {
    fn from(name: Cow<'_, str>) -> Self {
        Kind::named(&name).unwrap_or(Kind::Exception)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

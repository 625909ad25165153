//! Finds the row for a method and a path.
//!
//! The order in which literals and placeholders are tried is the reference's (`PathTrie`, four matching modes): no
//! placeholder at all, one for the first part only, for the last part only, anywhere. Literal parts are compared as
//! they were sent; what stands in for a placeholder is decoded.

use std::collections::HashMap;

use super::{Method, Route};
use glasswork_content::uri;

/// The rows, arranged by the parts of their paths.
#[derive(Debug)]
pub(crate) struct Router {
    nodes: Vec<Node>,
    deepest: usize,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<&'static str, usize>,
    placeholder: Option<usize>,
    rows: Vec<&'static Route>,
    /// Rows beyond the reference.
    extensions: Vec<&'static Route>,
}

/// The names of placeholders and what stands in for them.
pub(crate) type Placeholders = Vec<(Box<str>, Box<str>)>;

/// What the table says about a method and a path.
#[derive(Debug)]
pub(crate) enum Found {
    /// This row, with the values of its placeholders in order.
    Route(&'static Route, Placeholders),
    /// The path is there, the method is not; these are.
    OtherMethods(Vec<Method>),
    /// The path is there, and what stands in for one of its placeholders can't be decoded.
    Undecodable(Vec<Method>),
    /// No such path.
    Nothing,
}

/// Where placeholders may stand in for a part.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Nowhere,
    First,
    Last,
    Anywhere,
}

const MODES: [Mode; 4] = [Mode::Nowhere, Mode::First, Mode::Last, Mode::Anywhere];

impl Mode {
    fn allows(self, at: usize, parts: usize) -> bool {
        match self {
            Self::Nowhere => false,
            Self::First => at == 0,
            Self::Last => at + 1 == parts,
            Self::Anywhere => true,
        }
    }
}

impl Router {
    /// Arranges the families of rows.
    pub(crate) fn new(table: &[&'static [Route]]) -> Self {
        let mut router = Self {
            nodes: vec![Node::default()],
            deepest: 0,
        };
        for route in table.iter().flat_map(|family| family.iter()) {
            router.insert(route, |node| &mut node.rows);
        }
        router
    }

    /// With rows that the reference does not have. They answer, and are not told of where a path has others too.
    #[must_use]
    pub(crate) fn with_extensions(mut self, table: &[&'static [Route]]) -> Self {
        for route in table.iter().flat_map(|family| family.iter()) {
            self.insert(route, |node| &mut node.extensions);
        }
        self
    }

    fn insert(
        &mut self,
        route: &'static Route,
        among: impl Fn(&mut Node) -> &mut Vec<&'static Route>,
    ) {
        let parts = split(route.path);
        self.deepest = self.deepest.max(parts.len());
        let mut at = 0;
        for part in parts {
            let fresh = self.nodes.len();
            let node = &mut self.nodes[at];
            let next = if part.starts_with('{') {
                *node.placeholder.get_or_insert(fresh)
            } else {
                *node.literals.entry(part).or_insert(fresh)
            };
            if next == fresh {
                self.nodes.push(Node::default());
            }
            at = next;
        }
        let node = &mut self.nodes[at];
        assert!(
            node.all().all(|known| known.method != route.method),
            "the table has two rows for {route:?}"
        );
        among(node).push(route);
    }

    /// The row for `method` (`None`: one that no row can have) and the path as it was sent.
    pub(crate) fn find(&self, method: Option<Method>, path: &str) -> Found {
        let parts = split(path);
        if parts.len() > self.deepest {
            return Found::Nothing;
        }
        let mut methods: Vec<Method> = Vec::new();
        for mode in MODES {
            let Some(node) = self.walk(0, &parts, 0, mode) else {
                continue;
            };
            if let Some(route) = node.all().find(|route| Some(route.method) == method) {
                return match placeholders(route, &parts) {
                    Some(values) => Found::Route(route, values),
                    None => Found::Undecodable(sorted(node.told().collect())),
                };
            }
            methods.extend(node.told());
        }
        if methods.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(sorted(methods))
        }
    }

    /// As deep as the deepest row at most: `parts` was bounded by it.
    fn walk(&self, node: usize, parts: &[&str], at: usize, mode: Mode) -> Option<&Node> {
        let node = &self.nodes[node];
        let Some(part) = parts.get(at) else {
            return node.all().next().is_some().then_some(node);
        };
        let literal = node
            .literals
            .get(part)
            .and_then(|next| self.walk(*next, parts, at + 1, mode));
        literal.or_else(|| {
            let next = node.placeholder.filter(|_| mode.allows(at, parts.len()))?;
            self.walk(next, parts, at + 1, mode)
        })
    }
}

impl Node {
    fn all(&self) -> impl Iterator<Item = &'static Route> {
        self.rows.iter().chain(&self.extensions).copied()
    }

    /// The methods that a client is told of.
    fn told(&self) -> impl Iterator<Item = Method> {
        let rows = if self.rows.is_empty() {
            &self.extensions
        } else {
            &self.rows
        };
        rows.iter().map(|route| route.method)
    }
}

fn sorted(mut methods: Vec<Method>) -> Vec<Method> {
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// The parts of a path: an empty first one and empty last ones don't count.
fn split(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
    if path.is_empty() {
        Vec::new()
    } else {
        path.split('/').collect()
    }
}

fn placeholders(route: &Route, parts: &[&str]) -> Option<Placeholders> {
    split(route.path)
        .into_iter()
        .zip(parts)
        .filter_map(|(pattern, part)| {
            let name = pattern.strip_prefix('{')?.strip_suffix('}')?;
            Some(uri::path_part(part).map(|value| (name.into(), value.into())))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reply::Reply, routes::Body};

    const fn row(method: Method, path: &'static str) -> Route {
        Route {
            method,
            path,
            params: &[],
            body: Body::Ignored,
            handler: |_, _| Box::pin(async { Ok(Reply::status(200)) }),
            action: "",
        }
    }

    static ROWS: [Route; 9] = [
        row(Method::Get, "/"),
        row(Method::Get, "/_tasks"),
        row(Method::Get, "/_tasks/{task_id}"),
        row(Method::Post, "/_tasks/_cancel"),
        row(Method::Post, "/_tasks/{task_id}/_cancel"),
        row(Method::Get, "/{index}"),
        row(Method::Put, "/{index}"),
        row(Method::Get, "/{index}/_search"),
        row(Method::Get, "/{index}/_doc/{id}"),
    ];

    fn find(method: Method, path: &str) -> String {
        match Router::new(&[&ROWS]).find(Some(method), path) {
            Found::Route(route, values) => format!("{} {values:?}", route.path),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_literal_goes_before_a_placeholder_and_trailing_slashes_do_not_count() {
        assert_eq!(find(Method::Get, "/_tasks/"), "/_tasks []");
        assert_eq!(find(Method::Get, "/"), "/ []");
        assert_eq!(
            find(Method::Get, "/_tasks/N%3A1"),
            r#"/_tasks/{task_id} [("task_id", "N:1")]"#
        );
        assert_eq!(
            find(Method::Post, "/_tasks//_cancel"),
            r#"/_tasks/{task_id}/_cancel [("task_id", "")]"#
        );
        assert_eq!(
            find(Method::Get, "/_tasks/_search"),
            r#"/{index}/_search [("index", "_tasks")]"#
        );
    }

    #[test]
    fn an_extension_answers_and_is_told_of_only_where_nothing_else_is() {
        static MORE: [Route; 2] = [
            row(Method::Delete, "/_tasks/{task_id}"),
            row(Method::Post, "/_tasks/{task_id}/_pause"),
        ];
        let router = Router::new(&[&ROWS]).with_extensions(&[&MORE]);
        let find = |method, path| match router.find(Some(method), path) {
            Found::Route(route, _) => route.path.to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(find(Method::Delete, "/_tasks/n:1"), "/_tasks/{task_id}");
        assert_eq!(find(Method::Post, "/_tasks/n:1"), "OtherMethods([Get])");
        assert_eq!(
            find(Method::Get, "/_tasks/n:1/_pause"),
            "OtherMethods([Post])"
        );
    }

    #[test]
    fn parts_are_split_before_they_are_decoded() {
        assert_eq!(
            find(Method::Get, "/a%2Fb/_doc/x%2Fy"),
            r#"/{index}/_doc/{id} [("index", "a/b"), ("id", "x/y")]"#
        );
        assert_eq!(find(Method::Get, "/books/_doc/%"), "Undecodable([Get])");
    }

    #[test]
    fn a_known_path_names_its_methods_and_an_unknown_one_is_nothing() {
        assert_eq!(find(Method::Get, "/_tasks/_cancel"), "OtherMethods([Post])");
        assert_eq!(find(Method::Post, "/x"), "OtherMethods([Put, Get])");
        assert_eq!(find(Method::Get, "/x/_nothing"), "Nothing");
        assert_eq!(find(Method::Get, &"/x".repeat(1000)), "Nothing");
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_found_or_not(path in "(/(_tasks|_cancel|%[0-9a-fA-F]{0,2}|\\PC{0,4}))*/{0,3}") {
            let router = Router::new(&[&ROWS]);
            for method in [Some(Method::Get), Some(Method::Post), None] {
                if let Found::Route(route, values) = router.find(method, &path) {
                    proptest::prop_assert_eq!(Some(route.method), method);
                    proptest::prop_assert_eq!(values.len(), route.placeholders().count());
                }
            }
        }
    }
}

//! Which endpoint a method and a path name.

use glasswork_content::uri;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Banner,
    List,
    Get,
    History,
    Cancel,
    CancelOne,
    Watch,
    WatchOne,
}

/// A path: its parts, and what its methods do.
struct Row {
    parts: &'static [&'static str],
    methods: &'static [(&'static str, Endpoint)],
    /// The same names, as a client is told of them.
    allowed: &'static [&'static str],
}

/// What stands for any part: a task's id.
const ID: &str = "{task_id}";

/// Literal parts come before the one that is any.
const ROWS: &[Row] = &[
    Row {
        parts: &[],
        methods: &[("HEAD", Endpoint::Banner), ("GET", Endpoint::Banner)],
        allowed: &["HEAD", "GET"],
    },
    get(&["_tasks"], &[("GET", Endpoint::List)]),
    get(&["_tasks", "_history"], &[("GET", Endpoint::History)]),
    get(&["_tasks", "_watch"], &[("GET", Endpoint::Watch)]),
    Row {
        parts: &["_tasks", "_cancel"],
        // What a GET of this path names is a task.
        methods: &[("POST", Endpoint::Cancel), ("GET", Endpoint::Get)],
        allowed: &["POST", "GET"],
    },
    get(&["_tasks", ID], &[("GET", Endpoint::Get)]),
    get(&["_tasks", ID, "_watch"], &[("GET", Endpoint::WatchOne)]),
    Row {
        parts: &["_tasks", ID, "_cancel"],
        methods: &[("POST", Endpoint::CancelOne)],
        allowed: &["POST"],
    },
];

const fn get(parts: &'static [&'static str], methods: &'static [(&'static str, Endpoint)]) -> Row {
    Row {
        parts,
        methods,
        allowed: &["GET"],
    }
}

/// What was found for a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An endpoint, and the id in the path; empty where there is none.
    Endpoint(Endpoint, String),
    /// The path has these methods only.
    OtherMethods(&'static [&'static str]),
    /// The same, for an id that can't be decoded.
    Undecodable(&'static [&'static str]),
    /// There is no such path.
    Nothing,
}

impl Found {
    /// The methods that the path has.
    pub(super) fn allowed(&self) -> &'static [&'static str] {
        match self {
            Self::OtherMethods(allowed) | Self::Undecodable(allowed) => allowed,
            Self::Endpoint(..) | Self::Nothing => &[],
        }
    }
}

pub(super) fn find(method: &str, path: &str) -> Found {
    let path = uri::without_authority(path);
    let path = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
    // One part more than any row has is enough to know that none fits.
    let parts: Vec<&str> = match path {
        "" => Vec::new(),
        path => path.splitn(4, '/').collect(),
    };
    let fits = |row: &&Row| {
        row.parts.len() == parts.len()
            && row
                .parts
                .iter()
                .zip(&parts)
                .all(|(row, part)| *row == ID || row == part)
    };
    let Some(row) = ROWS.iter().find(fits) else {
        return Found::Nothing;
    };
    let Some((_, endpoint)) = row.methods.iter().find(|(known, _)| *known == method) else {
        return Found::OtherMethods(row.allowed);
    };
    let id = match endpoint {
        Endpoint::Get | Endpoint::CancelOne | Endpoint::WatchOne => parts.get(1).copied(),
        _ => None,
    };
    match uri::path_part(id.unwrap_or("")) {
        Some(id) => Found::Endpoint(*endpoint, id.into_owned()),
        None => Found::Undecodable(row.allowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_endpoint() {
        let endpoint = |method, path| match find(method, path) {
            Found::Endpoint(endpoint, id) => (endpoint, id),
            other => panic!("{method} {path}: {other:?}"),
        };
        let none = String::new;
        assert_eq!(endpoint("GET", "/"), (Endpoint::Banner, none()));
        assert_eq!(endpoint("GET", "/_tasks/"), (Endpoint::List, none()));
        assert_eq!(
            endpoint("GET", "/_tasks/n%3A7"),
            (Endpoint::Get, "n:7".into())
        );
        assert_eq!(
            endpoint("POST", "/_tasks/_cancel"),
            (Endpoint::Cancel, none())
        );
        assert_eq!(endpoint("GET", "/_tasks/_watch"), (Endpoint::Watch, none()));
        assert_eq!(
            endpoint("POST", "/_tasks/a%2Fb:1/_cancel"),
            (Endpoint::CancelOne, "a/b:1".into())
        );
    }

    #[test]
    fn a_path_with_other_methods_tells_them() {
        assert_eq!(find("PUT", "/_tasks"), Found::OtherMethods(&["GET"]));
        assert_eq!(find("DELETE", "/"), Found::OtherMethods(&["HEAD", "GET"]));
        assert_eq!(find("GET", "/_tasks/%zz"), Found::Undecodable(&["GET"]));
        for path in [
            "/x",
            "/_tasks/a/b",
            "/_tasks/a/_cancel/c",
            "/_tasks//_cancel/",
        ] {
            let found = find("GET", path);
            let other = matches!(found, Found::OtherMethods(_));
            assert!(found == Found::Nothing || other, "{path}: {found:?}");
        }
    }
}

//! The web console: the files of `console/` in the binary, and how each is sent.
//!
//! There is no build step: the page names the modules and styles as they are. They lie under a version made of all
//! their bytes, so that a browser may keep them for ever; the page itself is asked for each time.
//!
//! ```
//! let page = glasswork_console::answer("/_console", true, None);
//! assert_eq!((page.status, page.content_type), (200, "text/html; charset=utf-8"));
//! let kept = glasswork_console::answer("/_console", true, page.etag.as_deref());
//! assert_eq!(kept.status, 304);
//! ```

mod files;

use bytes::Bytes;
use files::{FILES, content_type};
use flate2::{Compression, write::GzEncoder};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    sync::LazyLock,
};

/// Where the console is.
pub const PATH: &str = "/_console";

/// What every answer of the console says beside its content: scripts, styles and requests are this server's alone,
/// no text ever becomes markup (`trusted-types`), and no other page shows this one in a frame.
pub const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("vary", "accept-encoding"),
];

/// An answer to a request for a part of the console. It is sent with [`HEADERS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 200, 304 when the client has it, 308 with a `location`, 404.
    pub status: u16,
    /// The content type; empty when there is no body.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: &'static str,
    /// `ETag`, with its quotes.
    pub etag: Option<String>,
    /// `Location`.
    pub location: Option<&'static str>,
    /// Whether `body` is compressed.
    pub gzip: bool,
    /// The body.
    pub body: Bytes,
}

/// Answers `GET` of a path at or below [`PATH`]. `if_none_match` is that header as it came.
pub fn answer(path: &str, gzip: bool, if_none_match: Option<&str>) -> Answer {
    let console = &*CONSOLE;
    let below = path.strip_prefix(PATH).unwrap_or("");
    if path == PATH {
        return console.page.answer("no-cache", gzip, if_none_match);
    }
    if below == "/" {
        // What the page names is relative to the path without the slash.
        return Answer {
            status: 308,
            location: Some("../_console"),
            ..Answer::bare(404)
        };
    }
    let file = below
        .strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(console.version.as_str()))
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|name| console.files.get(name));
    match file {
        Some(file) => file.answer("private, max-age=31536000, immutable", gzip, if_none_match),
        None => Answer::bare(404),
    }
}

impl Answer {
    fn bare(status: u16) -> Self {
        Self {
            status,
            content_type: "",
            cache_control: "no-store",
            etag: None,
            location: None,
            gzip: false,
            body: Bytes::new(),
        }
    }
}

static CONSOLE: LazyLock<Console> = LazyLock::new(Console::new);

struct Console {
    version: String,
    page: File,
    files: HashMap<&'static str, File>,
}

struct File {
    content_type: &'static str,
    etag: String,
    plain: Bytes,
    packed: Bytes,
}

impl Console {
    fn new() -> Self {
        let mut hasher = DefaultHasher::new();
        FILES.hash(&mut hasher);
        let version = format!("{:016x}", hasher.finish());
        let mut files = HashMap::new();
        let mut page = String::new();
        for (name, text) in FILES {
            match *name {
                "index.html" => page = index(text, &version),
                name => {
                    let kept = File::new(
                        content_type(name),
                        &version,
                        Bytes::from_static(text.as_bytes()),
                    );
                    files.insert(name, kept);
                }
            }
        }
        Self {
            page: File::new(content_type("index.html"), &version, page.into()),
            version,
            files,
        }
    }
}

/// The page with its places filled: the styles, and a hint for each module, so that they come all at once.
fn index(template: &str, version: &str) -> String {
    let base = format!("_console/{version}");
    let named = |ending: &str, before: &str, after: &str| -> String {
        FILES
            .iter()
            .filter(|(name, _)| name.ends_with(ending))
            .map(|(name, _)| format!("{before}{base}/{name}{after}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    template
        .replace("{{base}}", &base)
        .replace(
            "{{styles}}",
            &named(".css", "<link rel=\"stylesheet\" href=\"", "\">"),
        )
        .replace(
            "{{modules}}",
            &named(".js", "<link rel=\"modulepreload\" href=\"", "\">"),
        )
}

impl File {
    fn new(content_type: &'static str, version: &str, plain: Bytes) -> Self {
        let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::best());
        // Writing into memory does not fail; if it did, the plain body is sent.
        let packed = encoder.write_all(&plain).and_then(|()| encoder.finish());
        Self {
            content_type,
            etag: format!("\"{version}\""),
            packed: packed.map_or_else(|_| plain.clone(), Bytes::from),
            plain,
        }
    }

    fn answer(
        &self,
        cache_control: &'static str,
        gzip: bool,
        if_none_match: Option<&str>,
    ) -> Answer {
        let etag = Some(self.etag.clone());
        let matches = |tag: &str| {
            matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == self.etag
        };
        if if_none_match.is_some_and(|tags| tags.split(',').any(matches)) {
            return Answer {
                cache_control,
                etag,
                ..Answer::bare(304)
            };
        }
        let gzip = gzip && self.packed.len() < self.plain.len();
        Answer {
            status: 200,
            content_type: self.content_type,
            cache_control,
            etag,
            location: None,
            gzip,
            body: if gzip {
                self.packed.clone()
            } else {
                self.plain.clone()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, path::Path};

    const FIRST_LOAD: usize = 150 * 1024;

    #[test]
    fn every_file_of_the_folder_is_in_the_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console");
        let mut there = BTreeSet::new();
        for folder in ["", "model", "server", "style", "view"] {
            for entry in std::fs::read_dir(root.join(folder)).expect("the folder is there") {
                let path = entry.expect("it can be read").path();
                // What tells Node that these are modules is for the tests alone.
                if path.is_file() && !path.ends_with("package.json") {
                    let name = path.strip_prefix(&root).expect("it lies below");
                    there.insert(name.to_string_lossy().into_owned());
                }
            }
        }
        let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, embedded);
    }

    #[test]
    fn the_page_names_files_that_there_are() {
        let page = answer(PATH, false, None);
        let text = String::from_utf8(page.body.to_vec()).expect("the page is text");
        assert!(!text.contains("{{"), "{text}");
        let named: Vec<_> = text
            .split('"')
            .filter(|part| part.starts_with("_console/"))
            .collect();
        assert!(named.len() > 20, "{named:?}");
        for name in named {
            let file = answer(&format!("/{name}"), true, None);
            assert_eq!(file.status, 200, "{name}");
            assert!(file.cache_control.contains("immutable"));
        }
    }

    #[test]
    fn the_first_load_is_small() {
        let sent: usize = CONSOLE.files.values().map(|file| file.packed.len()).sum();
        let sent = sent + CONSOLE.page.packed.len();
        assert!(sent <= FIRST_LOAD, "{sent} bytes");
    }

    #[test]
    fn what_a_client_has_is_not_sent_again() {
        let page = answer(PATH, true, None);
        assert!(page.gzip && page.cache_control == "no-cache");
        let etag = page.etag.expect("a page has a tag");
        for given in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
            let kept = answer(PATH, true, Some(&given));
            assert_eq!((kept.status, kept.body.len()), (304, 0), "{given}");
        }
        assert_eq!(answer(PATH, true, Some("\"other\"")).status, 200);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for path in [
            "/_console/0/view/console.js",
            "/_console/../Cargo.toml",
            "/_consolex",
            "/_console//",
        ] {
            assert_eq!(answer(path, true, None).status, 404, "{path}");
        }
        assert_eq!(
            answer("/_console/", true, None).location,
            Some("../_console")
        );
    }

    #[test]
    fn the_policy_allows_nothing_unsafe_and_no_other_host() {
        let (_, policy) = HEADERS[0];
        assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'));
        for (name, text) in FILES {
            assert!(
                !text.contains("innerHTML") && !text.contains("insertAdjacent"),
                "{name}"
            );
            let outside = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !outside.contains("http://") && !outside.contains("https://"),
                "{name} names a host"
            );
        }
    }
}

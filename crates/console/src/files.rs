//! The files of the console, as they lie in `console/`.

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Every file: its name below `console/`, and its text. Styles are in the order in which they apply.
        pub(crate) const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../console/", $name)))),*
        ];
    };
}

files![
    "index.html",
    "icon.svg",
    "style/base.css",
    "style/page.css",
    "style/table.css",
    "model/filter.js",
    "model/flame.js",
    "model/forest.js",
    "model/format.js",
    "model/group.js",
    "model/pace.js",
    "model/past.js",
    "model/task.js",
    "model/tiles.js",
    "model/why.js",
    "server/live.js",
    "server/request.js",
    "server/server.js",
    "view/acts.js",
    "view/columns.js",
    "view/console.js",
    "view/detail.js",
    "view/dialogs.js",
    "view/element.js",
    "view/flame.js",
    "view/history.js",
    "view/keys.js",
    "view/nodes.js",
    "view/settings.js",
    "view/table.js",
    "view/tiles.js",
    "view/toolbar.js",
];

/// The content type of a file, by its ending.
pub(crate) fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

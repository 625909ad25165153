//! The table: one line an endpoint file.

use super::Route;
use crate::handlers;

/// Every route of the node, by endpoint file.
pub(crate) const TABLE: &[&[Route]] = &[
    handlers::root::ROUTES,
    handlers::cat::aliases::ROUTES,
    handlers::cat::count::ROUTES,
    handlers::cat::health::ROUTES,
    handlers::cat::indices::ROUTES,
    handlers::cat::nodes::ROUTES,
    handlers::cat::overview::ROUTES,
    handlers::cluster::get_settings::ROUTES,
    handlers::cluster::health::ROUTES,
    handlers::cluster::pending_tasks::ROUTES,
    handlers::cluster::put_settings::ROUTES,
    handlers::cluster::state::ROUTES,
    handlers::indices::analyze::ROUTES,
    handlers::nodes::info::ROUTES,
    handlers::aliases::delete::ROUTES,
    handlers::aliases::get::ROUTES,
    handlers::aliases::put::ROUTES,
    handlers::aliases::update::ROUTES,
    handlers::by_query::delete::ROUTES,
    handlers::by_query::reindex::ROUTES,
    handlers::by_query::update::ROUTES,
    handlers::documents::bulk::ROUTES,
    handlers::documents::delete::ROUTES,
    handlers::documents::get::ROUTES,
    handlers::documents::index::ROUTES,
    handlers::documents::mget::ROUTES,
    handlers::documents::source::ROUTES,
    handlers::documents::update::ROUTES,
    handlers::indices::close::ROUTES,
    handlers::indices::create::ROUTES,
    handlers::indices::delete::ROUTES,
    handlers::indices::flush::ROUTES,
    handlers::indices::force_merge::ROUTES,
    handlers::indices::get::ROUTES,
    handlers::indices::mapping::ROUTES,
    handlers::indices::open::ROUTES,
    handlers::indices::put_mapping::ROUTES,
    handlers::indices::put_settings::ROUTES,
    handlers::indices::refresh::ROUTES,
    handlers::indices::settings::ROUTES,
    handlers::search::count::ROUTES,
    handlers::search::msearch::ROUTES,
    handlers::search::point_in_time::ROUTES,
    handlers::search::scroll::ROUTES,
    handlers::search::search::ROUTES,
    handlers::tasks::list::ROUTES,
    handlers::tasks::get::ROUTES,
    handlers::tasks::cancel::ROUTES,
    handlers::tasks::cat::ROUTES,
    handlers::tasks::rethrottle::ROUTES,
];

/// Endpoints that the reference does not have: its clients are not told of them by an `Allow`.
pub(crate) const EXTENSIONS: &[&[Route]] = &[
    handlers::tasks::delete::ROUTES,
    handlers::tasks::pause::ROUTES,
];

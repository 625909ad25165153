//! The table: one line an endpoint file.

use super::Route;
use crate::handlers;

/// Every route of the node, by endpoint file.
pub(crate) const TABLE: &[&[Route]] = &[
    handlers::root::ROUTES,
    handlers::aliases::delete::ROUTES,
    handlers::aliases::get::ROUTES,
    handlers::aliases::put::ROUTES,
    handlers::aliases::update::ROUTES,
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
    handlers::tasks::list::ROUTES,
    handlers::tasks::get::ROUTES,
    handlers::tasks::cancel::ROUTES,
    handlers::tasks::cat::ROUTES,
];

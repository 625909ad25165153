//! Pausing: everything is given back, and opened again where it was.

use glasswork_content::Failure;

use super::{
    super::source::{Page, Source},
    Worker,
};
use crate::actions::by_query::status::Figures;

impl Worker {
    pub(super) fn is_paused(&self) -> bool {
        let place = self.place.as_ref().filter(|_| self.can_close());
        place.is_some_and(|place| place.run().is_paused())
    }

    /// A sorted source can't go on behind a document, so that it can't be closed either. Another cluster's begins again.
    pub(super) fn can_close(&self) -> bool {
        !self.saved.bounds.is_empty() || self.request.remote.is_some()
    }

    /// Ready when it is to pause and can.
    pub(super) async fn told_to_pause(&self) {
        match self.place.as_ref().filter(|_| self.can_close()) {
            Some(place) => place.run().told_to_pause().await,
            None => std::future::pending().await,
        }
    }

    /// Gives everything back, waits until it is resumed, and begins again behind what was reached.
    pub(super) async fn pause(
        &mut self,
        source: &mut Source,
        page: Page,
    ) -> Result<Option<Page>, Failure> {
        drop(page);
        source.close().await;
        if let Some(place) = &self.place {
            place.run().not_paused(&self.task).await;
        }
        if self.task.is_cancelled() {
            return Ok(None);
        }
        source.rewind(self.saved.bounds.clone());
        let page = self.unless_cancelled(source.first().await)?;
        if let Some(page) = page.as_ref().filter(|_| self.request.remote.is_some()) {
            self.begin_again(page);
        }
        Ok(page)
    }

    /// Counts from the beginning: what was written comes again, and is found at the destination.
    fn begin_again(&mut self, page: &Page) {
        self.begins_again = true;
        let most = self.request.options.max_docs.map_or(u64::MAX, u64::from);
        let total = page.total.min(most);
        self.state.count(|figures| {
            *figures = Figures {
                total,
                bulk_retries: figures.bulk_retries,
                search_retries: figures.search_retries,
                ..Figures::default()
            };
        });
        self.task.expect(total);
    }
}

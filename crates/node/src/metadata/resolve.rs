//! From names to indices (`IndexNameExpressionResolver`).

use glasswork_content::{Failure, Kind, Node};
use glasswork_search::mapping::wildcard;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Alias, ExpressionOptions, Index, IndexExpression, Metadata, date_names::dated,
    expression::closed,
};

/// An index that a search is to look at, and what the aliases that led to it say.
#[derive(Debug, Clone)]
pub struct SearchTarget {
    /// The index.
    pub index: Arc<Index>,
    /// Only documents that one of these queries matches; all when empty.
    pub filters: Vec<Node>,
    /// Only the shards of these routing values; all when none.
    pub routing: Option<BTreeSet<String>>,
}

/// The index that a write goes to.
#[derive(Debug, Clone)]
pub struct WriteTarget {
    /// The index.
    pub index: Arc<Index>,
    /// The alias that led to it.
    pub alias: Option<Arc<Alias>>,
}

impl Metadata {
    /// The indices of an expression, each once, ordered by name.
    ///
    /// # Errors
    /// 404 `index_not_found_exception`, 400 `index_closed_exception`, 400 `invalid_index_name_exception`.
    pub fn resolve(&self, expression: &IndexExpression) -> Result<Vec<Arc<Index>>, Failure> {
        let mut found = BTreeMap::new();
        for name in self.names(expression)? {
            for index in self.indices_named(&name) {
                found.insert(Arc::clone(&index.name), Arc::clone(index));
            }
        }
        self.check(expression, found.into_values().collect())
    }

    /// The indices that a search over an expression looks at, with the filters and routings of aliases.
    ///
    /// # Errors
    /// As [`Metadata::resolve`].
    pub fn resolve_search(
        &self,
        expression: &IndexExpression,
        routing: Option<&str>,
    ) -> Result<Vec<SearchTarget>, Failure> {
        let names = self.names(expression)?;
        let indices = self.resolve(expression)?;
        let asked: Option<BTreeSet<String>> =
            routing.map(|list| list.split(',').map(str::to_owned).collect());
        Ok(indices
            .into_iter()
            .filter_map(|index| target(index, &names, asked.as_ref()))
            .collect())
    }

    /// The index that a read of one document goes to.
    ///
    /// # Errors
    /// 404 when there is none, 400 when it is closed or the alias has several indices.
    pub fn single(&self, name: &str) -> Result<WriteTarget, Failure> {
        let name = &*dated(name)?;
        let target = match self.index(name) {
            Some(index) => WriteTarget {
                index: Arc::clone(index),
                alias: None,
            },
            None => match self.indices_of_alias(name) {
                [] => return Err(missing(name)),
                [index] => WriteTarget {
                    index: Arc::clone(index),
                    alias: index.aliases.get(name).cloned(),
                },
                several => {
                    let names: Vec<&str> = several.iter().map(|index| &*index.name).collect();
                    return Err(Failure::illegal_argument(format!(
                        "alias [{name}] has more than one index associated with it [{}], can't execute a single index op",
                        names.join(", ")
                    )));
                }
            },
        };
        open(target)
    }

    /// The index that a write to a name goes to; `None` when there is none and it may be made.
    ///
    /// # Errors
    /// 400 when the alias has no write index or the index is closed, 404 when an alias is required.
    pub fn write_target(
        &self,
        name: &str,
        require_alias: bool,
    ) -> Result<Option<WriteTarget>, Failure> {
        let indices = self.indices_of_alias(name);
        if require_alias && indices.is_empty() {
            let why = format!(
                "no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias"
            );
            return Err(Failure::new(Kind::IndexNotFound, why)
                .with_text("index", name)
                .with_text("index_uuid", "_na_"));
        }
        if let Some(index) = self.index(name) {
            return open(WriteTarget {
                index: Arc::clone(index),
                alias: None,
            })
            .map(Some);
        }
        let says = |index: &&Arc<Index>| {
            index
                .aliases
                .get(name)
                .and_then(|alias| alias.is_write_index)
        };
        let chosen = match indices {
            [] => return Ok(None),
            [only] if says(&only) != Some(false) => Some(only),
            several => several.iter().find(|index| says(index) == Some(true)),
        };
        let Some(index) = chosen else {
            return Err(Failure::illegal_argument(format!(
                "no write index is defined for alias [{name}]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index"
            )));
        };
        open(WriteTarget {
            index: Arc::clone(index),
            alias: index.aliases.get(name).cloned(),
        })
        .map(Some)
    }

    /// The concrete names (indices and aliases) of an expression, wildcards opened.
    fn names(&self, expression: &IndexExpression) -> Result<BTreeSet<String>, Failure> {
        let options = &expression.options;
        if expression.is_all() {
            return Ok(self.matching("*", options));
        }
        let mut names = BTreeSet::new();
        let mut wildcard_seen = false;
        for part in &expression.names {
            let part = &*dated(part)?;
            let (excludes, name) = match part.strip_prefix('-') {
                Some(rest) if wildcard_seen => (true, rest),
                _ => (false, part),
            };
            if name.is_empty() {
                return Err(Failure::index_not_found(name));
            }
            if name.starts_with('_') && name != "_all" {
                let why = format!("Invalid index name [{name}], must not start with '_'.");
                return Err(Failure::new(Kind::InvalidIndexName, why)
                    .with_text("index", name)
                    .with_text("index_uuid", "_na_"));
            }
            if !name.contains('*') && name != "_all" {
                if excludes {
                    names.remove(name);
                } else if self.is_known(name, options) {
                    names.insert(name.to_owned());
                } else if options.ignore_aliases && !self.indices_of_alias(name).is_empty() {
                    return Err(Failure::illegal_argument(format!(
                        "The provided expression [{name}] matches an alias, specify the corresponding concrete indices instead."
                    )));
                } else if !options.ignore_unavailable {
                    return Err(Failure::index_not_found(name));
                }
                continue;
            }
            wildcard_seen = true;
            let found = self.matching(if name == "_all" { "*" } else { name }, options);
            if found.is_empty() && !options.allow_no_indices {
                return Err(Failure::index_not_found(name));
            }
            if excludes {
                names.retain(|known| !wildcard(name, known));
            } else {
                names.extend(found);
            }
        }
        Ok(names)
    }

    fn is_known(&self, name: &str, options: &ExpressionOptions) -> bool {
        self.index(name).is_some() || (!options.ignore_aliases && self.aliases.contains_key(name))
    }

    /// Names that fit a pattern and stand for an index that wildcards may open.
    fn matching(&self, pattern: &str, options: &ExpressionOptions) -> BTreeSet<String> {
        let expand = options.expand;
        let wanted = |index: &Index| {
            if index.open {
                expand.open
            } else {
                expand.closed
            }
        };
        // A pattern with a leading dot finds hidden names that have one.
        let shown = |name: &str, hidden: bool| {
            !hidden || expand.hidden || (pattern.starts_with('.') && name.starts_with('.'))
        };
        let mut names: BTreeSet<String> = self
            .indices
            .values()
            .filter(|index| {
                wanted(index)
                    && wildcard(pattern, &index.name)
                    && shown(&index.name, index.options.hidden)
            })
            .map(|index| index.name.to_string())
            .collect();
        if !options.ignore_aliases && pattern != "*" {
            let fits = |(alias, indices): &(&String, &Vec<Arc<Index>>)| {
                let hidden = indices.iter().any(|index| {
                    index
                        .aliases
                        .get(*alias)
                        .is_some_and(|alias| alias.is_hidden == Some(true))
                });
                wildcard(pattern, alias)
                    && shown(alias, hidden)
                    && indices.iter().any(|index| wanted(index))
            };
            names.extend(
                self.aliases
                    .iter()
                    .filter(fits)
                    .map(|(alias, _)| alias.clone()),
            );
        }
        names
    }

    fn indices_named(&self, name: &str) -> &[Arc<Index>] {
        match self.indices.get(name) {
            Some(index) => std::slice::from_ref(index),
            None => self.indices_of_alias(name),
        }
    }

    /// Refuses closed indices and an empty answer where they are not allowed.
    fn check(
        &self,
        expression: &IndexExpression,
        found: Vec<Arc<Index>>,
    ) -> Result<Vec<Arc<Index>>, Failure> {
        let options = &expression.options;
        let mut kept = Vec::with_capacity(found.len());
        for index in found {
            if index.open || !options.forbid_closed {
                kept.push(index);
            } else if !options.ignore_unavailable
                && (options.expand.closed || !self.only_by_wildcard(expression, &index))
            {
                return Err(closed(&index.name, &index.uuid));
            }
        }
        if kept.is_empty() && !options.allow_no_indices {
            let asked = if expression.names.is_empty() {
                "_all".to_owned()
            } else {
                expression.names.join(",")
            };
            return Err(Failure::index_not_found(&asked));
        }
        Ok(kept)
    }

    fn only_by_wildcard(&self, expression: &IndexExpression, index: &Index) -> bool {
        !expression
            .names
            .iter()
            .any(|name| **name == *index.name || index.aliases.contains_key(name))
    }
}

/// What a search through these names sees of an index: aliases restrict it unless it is named itself.
fn target(
    index: Arc<Index>,
    names: &BTreeSet<String>,
    asked: Option<&BTreeSet<String>>,
) -> Option<SearchTarget> {
    if names.contains(&*index.name) {
        return Some(SearchTarget {
            index,
            filters: Vec::new(),
            routing: asked.cloned(),
        });
    }
    let through: Vec<Arc<Alias>> = index
        .aliases
        .iter()
        .filter(|(name, _)| names.contains(*name))
        .map(|(_, alias)| Arc::clone(alias))
        .collect();
    let filters: Option<Vec<Node>> = through.iter().map(|alias| alias.filter.clone()).collect();
    let routed: Option<BTreeSet<String>> = through
        .iter()
        .map(|alias| alias.search_routing.as_deref())
        .collect::<Option<Vec<&str>>>()
        .map(|lists| {
            lists
                .iter()
                .flat_map(|list| list.split(','))
                .map(str::to_owned)
                .collect()
        });
    let routing = match (routed, asked) {
        (Some(routed), Some(asked)) => {
            let both: BTreeSet<String> = routed.intersection(asked).cloned().collect();
            // Nothing can be where both point to.
            if both.is_empty() {
                return None;
            }
            Some(both)
        }
        (routed, asked) => routed.or_else(|| asked.cloned()),
    };
    Some(SearchTarget {
        index,
        filters: filters.unwrap_or_default(),
        routing,
    })
}

fn open(target: WriteTarget) -> Result<WriteTarget, Failure> {
    if target.index.open {
        Ok(target)
    } else {
        Err(closed(&target.index.name, &target.index.uuid))
    }
}

fn missing(name: &str) -> Failure {
    Failure::index_not_found_as(name, "index_expression")
}

//! Another name for one or more indices.

use glasswork_content::{Failure, Node, Render};
use serde::{Deserialize, Serialize};

/// What an alias of one index says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// Searches through the alias see only documents that this query matches.
    pub filter: Option<Node>,
    /// Routing of writes and reads of documents.
    pub index_routing: Option<String>,
    /// Routing of searches; several in a comma list.
    pub search_routing: Option<String>,
    /// Whether writes go to this index.
    pub is_write_index: Option<bool>,
    /// Whether wildcards pass it over.
    pub is_hidden: Option<bool>,
}

impl Alias {
    /// Writes the object under the alias's name.
    pub fn render(&self, out: &mut Render) {
        out.object();
        if let Some(filter) = &self.filter {
            out.key("filter");
            out.node(filter);
        }
        if let Some(routing) = &self.index_routing {
            out.field_str("index_routing", routing);
        }
        if let Some(routing) = &self.search_routing {
            out.field_str("search_routing", routing);
        }
        if let Some(flag) = self.is_write_index {
            out.field_bool("is_write_index", flag);
        }
        if let Some(flag) = self.is_hidden {
            out.field_bool("is_hidden", flag);
        }
        out.end_object();
    }
}

impl Alias {
    /// Reads what stands under an alias's name in the body of a new index or of `PUT /{index}/_alias/{name}`.
    ///
    /// # Errors
    /// 400 when it is no object, or says what an alias can't.
    pub fn parse(name: &str, body: &Node) -> Result<Self, Failure> {
        let mut alias = Self::default();
        let Some(object) = body.as_object() else {
            let why = format!(
                "Expected START_OBJECT but found [{}] for alias [{name}]",
                body.token_name()
            );
            return Err(Failure::parsing(why, body.at));
        };
        for (key, node) in object.iter() {
            if !alias.read(key, node)? {
                return Err(Failure::illegal_argument(format!(
                    "Unknown field [{key}] in alias [{name}]"
                )));
            }
        }
        Ok(alias)
    }

    /// Takes one key of the body of an alias; false when it is none of an alias's.
    ///
    /// # Errors
    /// 400 when the value is not what the key takes.
    pub fn read(&mut self, key: &str, node: &Node) -> Result<bool, Failure> {
        let text = || {
            node.to_text()
                .map(|text| Some(text.into_owned()))
                .ok_or_else(|| {
                    Failure::parsing(
                        format!("[{key}] must be a text, found [{}]", node.token_name()),
                        node.at,
                    )
                })
        };
        match key {
            "filter" if node.is_null() => {}
            "filter" if node.as_object().is_some() => self.filter = Some(node.clone()),
            "filter" => {
                let why = format!("[filter] must be an object, found [{}]", node.token_name());
                return Err(Failure::parsing(why, node.at));
            }
            "routing" => {
                // The closer ones count more, wherever they stand.
                let routing = text()?;
                self.index_routing = self.index_routing.take().or_else(|| routing.clone());
                self.search_routing = self.search_routing.take().or(routing);
            }
            "index_routing" | "indexRouting" | "index-routing" => self.index_routing = text()?,
            "search_routing" | "searchRouting" | "search-routing" => self.search_routing = text()?,
            "is_write_index" => self.is_write_index = Some(node.to_bool()?),
            "is_hidden" => self.is_hidden = Some(node.to_bool()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

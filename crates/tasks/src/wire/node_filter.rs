//! Which nodes are meant: the `nodes` parameter of the tasks and nodes endpoints.

use super::NodeInfo;
use crate::{NodeId, Pattern};

/// Names of roles that may be asked for; other words before a colon are names of attributes.
const ROLES: [&str; 6] = [
    "data",
    "ingest",
    "cluster_manager",
    "remote_cluster_client",
    "search",
    "warm",
];

/// The members that `elements` mean, in the order of `members`; none = all. Each element adds to or takes from what those
/// before it left, so the order matters.
#[must_use]
pub fn matching<'a>(
    members: &'a [NodeInfo],
    elements: &[String],
    local: &NodeId,
    manager: Option<&NodeId>,
) -> Vec<&'a NodeInfo> {
    if elements.is_empty() {
        return members.iter().collect();
    }
    let mut chosen = vec![false; members.len()];
    for element in elements {
        let mut set = |value: bool, fits: &dyn Fn(&NodeInfo) -> bool| {
            for (chosen, member) in chosen.iter_mut().zip(members) {
                if fits(member) {
                    *chosen = value;
                }
            }
        };
        match element.as_str() {
            "_all" => set(true, &|_| true),
            "_local" => set(true, &|member| member.id == *local),
            "_cluster_manager" | "_master" => set(true, &|member| Some(&member.id) == manager),
            text => {
                let by_id = members.iter().any(|member| member.id.as_str() == text);
                match text.split_once(':') {
                    _ if by_id => set(true, &|member| member.id.as_str() == text),
                    Some((role, value)) if is_flag(value) && is_role(role, members) => {
                        set(value == "true", &|member| has_role(member, role));
                    }
                    Some((name, value)) => {
                        let (name, value) = (Pattern::new(name), Pattern::new(value));
                        let has = |member: &NodeInfo| {
                            let mut attributes = member.attributes.iter();
                            attributes.any(|(key, held)| name.matches(key) && value.matches(held))
                        };
                        // An address has a colon too.
                        set(true, &|member| has(member) || named(member, text));
                    }
                    None => set(true, &|member| named(member, text)),
                }
            }
        }
    }
    let fitting = members.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    fitting.map(|(member, _)| member).collect()
}

fn named(member: &NodeInfo, text: &str) -> bool {
    let pattern = Pattern::new(text);
    [&member.name, &member.host, &member.transport_address]
        .into_iter()
        .any(|name| pattern.matches(name))
}

fn is_flag(value: &str) -> bool {
    value == "true" || value == "false"
}

fn is_role(name: &str, members: &[NodeInfo]) -> bool {
    ["master", "coordinating_only"].contains(&name)
        || ROLES.contains(&name)
        || members.iter().any(|member| member.has_role(name))
}

fn has_role(member: &NodeInfo, role: &str) -> bool {
    match role {
        "master" => member.has_role("cluster_manager"),
        "coordinating_only" => {
            let works = ["cluster_manager", "data", "ingest"];
            !works.iter().any(|role| member.has_role(role))
        }
        role => member.has_role(role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Vec<NodeInfo> {
        let node = |id: &str, roles: &[&str]| NodeInfo {
            id: id.into(),
            name: format!("node-{id}"),
            transport_address: format!("10.0.0.{}:9300", id.len()),
            http_address: String::new(),
            host: format!("10.0.0.{}", id.len()),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            attributes: [("zone".to_owned(), format!("z-{id}"))].into(),
            version: String::new(),
        };
        vec![
            node("a", &["cluster_manager", "data"]),
            node("bb", &["data", "ingest"]),
            node("ccc", &[]),
        ]
    }

    fn ids(elements: &[&str]) -> Vec<String> {
        let elements: Vec<String> = elements.iter().map(|text| (*text).to_owned()).collect();
        let members = members();
        let chosen = matching(&members, &elements, &"bb".into(), Some(&"a".into()));
        chosen.iter().map(|member| member.id.to_string()).collect()
    }

    #[test]
    fn every_kind_of_element_is_understood() {
        assert_eq!(ids(&[]), ["a", "bb", "ccc"]);
        assert_eq!(ids(&["_all"]), ["a", "bb", "ccc"]);
        assert_eq!(ids(&["_local"]), ["bb"]);
        assert_eq!(ids(&["_cluster_manager"]), ["a"]);
        assert_eq!(ids(&["_master", "_local", "_local"]), ["a", "bb"]);
        assert_eq!(ids(&["ccc"]), ["ccc"]);
        assert_eq!(ids(&["node-*"]), ["a", "bb", "ccc"]);
        assert_eq!(ids(&["10.0.0.2"]), ["bb"]);
        assert_eq!(ids(&["10.0.0.2:9300"]), ["bb"]);
        assert_eq!(ids(&["zone:z-c*"]), ["ccc"]);
        assert_eq!(ids(&["z*:z-a"]), ["a"]);
        assert_eq!(ids(&["data:true"]), ["a", "bb"]);
        assert_eq!(ids(&["master:true"]), ["a"]);
        assert_eq!(ids(&["coordinating_only:true"]), ["ccc"]);
        assert_eq!(ids(&["nope"]), [""; 0]);
    }

    #[test]
    fn a_false_role_takes_away_from_what_stood_before() {
        assert_eq!(ids(&["data:false"]), [""; 0]);
        assert_eq!(ids(&["_all", "data:false"]), ["ccc"]);
        assert_eq!(ids(&["data:false", "_all"]), ["a", "bb", "ccc"]);
    }
}

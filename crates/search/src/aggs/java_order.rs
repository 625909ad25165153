//! The order in which a Java `HashMap` hands its string keys back.
//!
//! OpenSearch reduces sibling aggregations through a `HashMap` by name, so its answers list them in that order, not in
//! the request's. Clients that compare bodies see it; we keep it.

/// Positions of `names`, in the order of a `HashMap` they were put into one after the other.
pub(crate) fn hash_map_order<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Vec<usize> {
    let mut capacity = 16_usize;
    while names.len() * 4 > capacity * 3 {
        capacity *= 2;
    }
    let slots: Vec<usize> = names.map(|name| slot(name, capacity)).collect();
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_by_key(|position| slots[*position]);
    order
}

/// `HashMap.hash` of `String.hashCode`, cut to the table's size.
fn slot(name: &str, capacity: usize) -> usize {
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(u32::from(unit))
    });
    ((hash ^ (hash >> 16)) as usize) & (capacity - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(names: &[&'static str]) -> Vec<&'static str> {
        hash_map_order(names.iter().copied())
            .into_iter()
            .map(|position| names[position])
            .collect()
    }

    #[test]
    fn siblings_come_in_the_recorded_order() {
        assert_eq!(ordered(&["a", "m", "s"]), ["a", "s", "m"]);
        assert_eq!(ordered(&["m", "g"]), ["g", "m"]);
        assert_eq!(
            ordered(&["min", "max", "avg", "sum", "value_count", "cardinality"]),
            ["min", "avg", "max", "sum", "value_count", "cardinality"]
        );
    }
}

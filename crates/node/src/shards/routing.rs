//! Which shard a document belongs to: the same one as in OpenSearch.

use crate::metadata::Index;

impl Index {
    /// The shard of a document with this id and routing.
    #[must_use]
    pub fn shard_of(&self, id: &str, routing: Option<&str>) -> u32 {
        let offset = match (routing, self.options.routing_partition_size) {
            (Some(_), partition @ 2..) => floor_mod(murmur3(id), partition),
            _ => 0,
        };
        self.shard_at(routing.unwrap_or(id), offset)
    }

    /// The shards that hold documents of a routing value.
    #[must_use]
    pub fn shards_of_routing(&self, routing: &str) -> Vec<u32> {
        let mut shards: Vec<u32> = (0..self.options.routing_partition_size.max(1))
            .map(|offset| self.shard_at(routing, offset))
            .collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// `OperationRouting.calculateScaledShardId`.
    fn shard_at(&self, routing: &str, offset: u32) -> u32 {
        let factor = (self.options.routing_shards / self.options.number_of_shards).max(1);
        let hash = murmur3(routing).wrapping_add(offset.cast_signed());
        floor_mod(hash, self.options.routing_shards) / factor
    }
}

fn floor_mod(hash: i32, modulus: u32) -> u32 {
    // The result lies below the modulus, so that it fits.
    i64::from(hash).rem_euclid(i64::from(modulus)) as u32
}

/// MurmurHash3 x86 32 (Austin Appleby) with seed 0 over the UTF-16 code units, low byte first: `Murmur3HashFunction`.
fn murmur3(text: &str) -> i32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let mut hash = 0_u32;
    let mut units = text.encode_utf16();
    let mut bytes = 0_u32;
    while let Some(low) = units.next() {
        let Some(high) = units.next() else {
            bytes += 2;
            hash ^= u32::from(low)
                .wrapping_mul(C1)
                .rotate_left(15)
                .wrapping_mul(C2);
            break;
        };
        bytes += 4;
        let block = u32::from(low) | u32::from(high) << 16;
        hash ^= block.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
        hash = hash
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    hash ^= bytes;
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^= hash >> 16;
    hash.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_reference() {
        // From `Murmur3HashFunctionTests.testKnownValues`.
        for (text, hash) in [
            ("hell", 0x5a0c_b7c3_u32),
            ("hello", 0xd7c3_1989),
            ("hello w", 0x22ab_2984),
            ("hello wo", 0xdf0c_a123),
            ("hello wor", 0xe7744d61),
            ("The quick brown fox jumps over the lazy dog", 0xe07d_b09c),
            ("The quick brown fox jumps over the lazy cog", 0x4e63_d2ad),
        ] {
            assert_eq!(murmur3(text), hash.cast_signed(), "{text}");
        }
    }
}

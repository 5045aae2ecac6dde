//! A small table that is shared by clients: one of them may fill it while the others do not need it.

/// Returns who has to leave a full table for `newcomer`, by the index in `holders`, which are in the order in which they came:
/// the oldest of the client that has most. `None` when nobody has so many that the newcomer would have no more than that one.
pub fn leaves<K: PartialEq>(holders: &[K], newcomer: &K) -> Option<usize> {
    let count = |client: &K| holders.iter().filter(|holder| *holder == client).count();
    let (most, oldest) = (0..holders.len()).rev().map(|at| (count(&holders[at]), at)).max_by_key(|(most, _)| *most)?;
    // `max_by_key` returns the last one, which is the oldest of all that have most.
    (most >= count(newcomer) + 2).then_some(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_most_makes_room_for_who_has_less() {
        for (holders, newcomer, leaves_at) in [
            ("aaaa", 'b', Some(0)),
            ("baaa", 'c', Some(1)),
            ("baab", 'b', None),
            ("aabb", 'c', Some(0)),
            ("bbaa", 'c', Some(0)),
            ("abcd", 'e', None),
            ("abcd", 'a', None),
            ("aaab", 'b', Some(0)),
            ("aaaa", 'a', None),
            ("", 'a', None),
        ] {
            let holders: Vec<char> = holders.chars().collect();
            assert_eq!(leaves(&holders, &newcomer), leaves_at, "{newcomer} comes to {holders:?}");
        }
    }

    #[test]
    fn a_flood_leaves_room_for_everybody() {
        let mut holders = vec![0; 16];
        for client in 1..=7 {
            for _ in 0..100 {
                if let Some(at) = leaves(&holders, &client) {
                    holders.remove(at);
                    holders.push(client);
                }
            }
        }
        for client in 0..=7 {
            assert!(holders.contains(&client), "{client} in {holders:?}");
        }
    }
}

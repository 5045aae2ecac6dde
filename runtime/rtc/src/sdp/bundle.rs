//! Which sections of an offer share a transport (RFC 8843).

use super::section::Section;

/// A group of sections that share a transport, by name.
pub struct Bundle<'a>(Vec<&'a str>);

impl<'a> Bundle<'a> {
    /// The group that a section of this name belongs to; without one it has a transport of its own.
    pub fn of(session: &Section<'a>, mid: Option<&str>) -> Option<Self> {
        let groups = session.values("group").filter_map(|group| group.strip_prefix("BUNDLE "));
        let names = |group: &'a str| group.split_ascii_whitespace().collect::<Vec<_>>();
        groups.map(names).find(|names| mid.is_some_and(|mid| names.contains(&mid))).map(Self)
    }

    /// Returns whether a section is in the group.
    pub fn has(&self, section: &Section) -> bool {
        matches!(section.mid(), Ok(Some(mid)) if self.0.contains(&mid))
    }

    /// The section whose transport all use: the first one of the group that the peer does not decline itself (RFC 8843 section
    /// 7.2.1).
    pub fn tagged(&self, sections: &[Section]) -> Option<usize> {
        let position = |mid: &&str| sections.iter().position(|section| section.value("mid") == Some(*mid));
        self.0.iter().filter_map(position).find(|index| !sections[*index].is_declined())
    }
}

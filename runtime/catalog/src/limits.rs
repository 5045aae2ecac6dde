//! What handlers may use: what each gets, and what nobody gets more of.

use std::time::Duration;

use anyhow::ensure;
use framebox_sandbox::{Budget, Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `[limits]`, `[bounds]` and `[handlers.NAME.limits]`. What is absent comes from the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Limits)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// Time of a call for a frame, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_ms: Option<u64>,
    /// Fuel of a call for a frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_fuel: Option<u64>,
    /// Time of `describe`, `init`, `configure` and `close`, each, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_ms: Option<u64>,
    /// Linear memory of an instance, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Values put for a frame, KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_kib: Option<u64>,
    /// The largest picture that is read or put, thousands of pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_kilopixels: Option<u64>,
    /// Lines of log a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_lines: Option<u64>,
    /// Log a second, KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_kib: Option<u64>,
    /// Memory beyond which an instance that goes on growing is replaced between two frames, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_memory_mib: Option<u64>,
    /// Fuel that a session may use a second; absent: as much as its calls do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel_per_second: Option<u64>,
    /// CPU time of a session's handler a second, milliseconds; absent: as much as its calls take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms_per_second: Option<u64>,
}

/// One key: its name, where it is, the smallest value that makes sense, what it is when nothing is said, and the most that
/// anybody gets when nothing is said about that.
struct Key {
    name: &'static str,
    of: fn(&mut Table) -> &mut Option<u64>,
    least: u64,
    usual: u64,
    most: u64,
}

const KEYS: [Key; 11] = [
    Key { name: "call_ms", of: |table| &mut table.call_ms, least: 1, usual: 500, most: 10_000 },
    Key { name: "call_fuel", of: |table| &mut table.call_fuel, least: 1, usual: 20_000_000_000, most: u64::MAX },
    Key { name: "setup_ms", of: |table| &mut table.setup_ms, least: 1, usual: 2000, most: 60_000 },
    Key { name: "memory_mib", of: |table| &mut table.memory_mib, least: 1, usual: 128, most: 1024 },
    Key { name: "values_kib", of: |table| &mut table.values_kib, least: 1, usual: 1024, most: 16 * 1024 },
    Key { name: "output_kilopixels", of: |table| &mut table.output_kilopixels, least: 1, usual: 8295, most: 35_390 },
    Key { name: "log_lines", of: |table| &mut table.log_lines, least: 0, usual: 100, most: 10_000 },
    Key { name: "log_kib", of: |table| &mut table.log_kib, least: 0, usual: 64, most: 16 * 1024 },
    Key { name: "soft_memory_mib", of: |table| &mut table.soft_memory_mib, least: 1, usual: 96, most: 1024 },
    Key { name: "fuel_per_second", of: |table| &mut table.fuel_per_second, least: 1, usual: NONE, most: NONE },
    Key { name: "cpu_ms_per_second", of: |table| &mut table.cpu_ms_per_second, least: 1, usual: NONE, most: NONE },
];

/// As much as there is.
const NONE: u64 = u64::MAX;

/// A key that is none, or a value that is no whole number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The key.
    #[error("there is no option {0}; limits are {known}", known = KEYS.map(|key| key.name).join(", "))]
    Key(String),
    /// The key.
    #[error("{0} must be a whole number")]
    Value(&'static str),
}

impl Table {
    /// Sets a key by its name.
    ///
    /// # Errors
    /// When there is no such key, or `value` is no whole number. Whether it is within bounds, [`Table::over`] says.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| Wrong::Key(name.to_owned()))?;
        let value = value.parse().map_err(|_| Wrong::Value(key.name))?;
        *(key.of)(self) = Some(value);
        Ok(())
    }

    /// `self`, and what it does not say from `other`.
    pub fn or(mut self, mut other: Self) -> Self {
        for Key { of, .. } in KEYS {
            *of(&mut self) = of(&mut self).or(*of(&mut other));
        }
        self
    }

    /// What nobody gets more of: `[bounds]`, and for the rest what is sensible at all.
    ///
    /// # Errors
    /// Says which key is out of range.
    pub fn bounds(mut self) -> anyhow::Result<Self> {
        for Key { name, of, least, most, .. } in KEYS {
            let value = *of(&mut self).get_or_insert(most);
            ensure!((least..=most).contains(&value), "bounds.{name} must be within {least} and {most}");
        }
        Ok(self)
    }

    /// What handlers get of whom nothing else is said: `[limits]`, within `bounds`.
    ///
    /// # Errors
    /// Says which key is out of range.
    pub fn usual(self, bounds: Self) -> anyhow::Result<Self> {
        let mut usual = Self::default();
        for Key { of, usual: value, .. } in KEYS {
            *of(&mut usual) = Some(value.min(of(&mut { bounds }).unwrap_or(value)));
        }
        self.over(usual, bounds, "limits")
    }

    /// `self`, found at `place` of the configuration, and for what it does not say `usual`.
    ///
    /// # Errors
    /// Says which key is out of range.
    pub fn over(mut self, mut usual: Self, mut bounds: Self, place: &str) -> anyhow::Result<Self> {
        for Key { name, of, least, most, .. } in KEYS {
            let bound = of(&mut bounds).unwrap_or(most);
            let value = *of(&mut self).get_or_insert_with(|| of(&mut usual).unwrap_or(least));
            ensure!(value >= least, "{place}.{name} must be at least {least}");
            ensure!(
                value <= bound,
                "{place}.{name} is {value}: at most {bound} are allowed; bounds.{name} is what allows more, up to {most}"
            );
        }
        Ok(self)
    }

    /// What a session may use a second: fuel, and CPU time in milliseconds. None: as much as there is.
    pub fn per_second(&self) -> (Option<u64>, Option<u32>) {
        let limited = |value: Option<u64>| value.filter(|value| *value != NONE);
        let ms = limited(self.cpu_ms_per_second).map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        (limited(self.fuel_per_second), ms)
    }

    /// As the sandbox wants it. What the table does not say is as the sandbox has it.
    pub fn limits(&self) -> Limits {
        let defaults = Limits::default();
        let or = |value: Option<u64>, default: u64| value.unwrap_or(default);
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Limits {
            call: Budget {
                time: self.call_ms.map_or(defaults.call.time, Duration::from_millis),
                fuel: or(self.call_fuel, defaults.call.fuel),
            },
            setup: Budget { time: self.setup_ms.map_or(defaults.setup.time, Duration::from_millis), ..defaults.setup },
            memory: self.memory_mib.map_or(defaults.memory, |mib| size(mib << 20)),
            values_bytes: self.values_kib.map_or(defaults.values_bytes, |kib| size(kib << 10)),
            output_pixels: self.output_kilopixels.map_or(defaults.output_pixels, |kilo| kilo * 1000),
            log_bytes: self.log_kib.map_or(defaults.log_bytes, |kib| size(kib << 10)),
            soft_memory: self.soft_memory_mib.map_or(defaults.soft_memory, |mib| size(mib << 20)),
            log_lines: self.log_lines.map_or(defaults.log_lines, |lines| u32::try_from(lines).unwrap_or(u32::MAX)),
            ..defaults
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_absent_comes_from_the_one_before() {
        let bounds = table("call_ms = 800\nlog_lines = 50").bounds().unwrap();
        let usual = table("memory_mib = 64").usual(bounds).unwrap();
        let own = table("call_ms = 600").over(usual, bounds, "handlers.a.limits").unwrap();
        let limits = own.limits();
        assert_eq!(limits.call.time, Duration::from_millis(600));
        assert_eq!((limits.memory, limits.log_lines), (64 << 20, 50), "a default is held to the bounds as well");
        assert_eq!(limits.setup.time, Duration::from_secs(2));
    }

    #[test]
    fn without_a_word_they_are_those_of_the_sandbox() {
        let bounds = Table::default().bounds().unwrap();
        let limits = Table::default().usual(bounds).unwrap().limits();
        let defaults = Limits::default();
        assert_eq!(Limits { output_pixels: defaults.output_pixels, ..limits.clone() }, defaults);
        assert!(limits.output_pixels >= defaults.output_pixels);
    }

    #[test]
    fn what_is_too_much_or_too_little_is_said_with_its_key() {
        let bounds = table("call_ms = 800").bounds().unwrap();
        let usual = Table::default().usual(bounds).unwrap();
        for (text, words) in [
            ("call_ms = 801", "handlers.a.limits.call_ms is 801: at most 800 are allowed"),
            ("call_ms = 0", "handlers.a.limits.call_ms must be at least 1"),
            ("memory_mib = 4096", "memory_mib is 4096: at most 1024"),
        ] {
            let error = table(text).over(usual, bounds, "handlers.a.limits").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(table("memory_mib = 2000").bounds().unwrap_err().to_string().contains("bounds.memory_mib"));
        assert!(toml::from_str::<Table>("call = 1").unwrap_err().to_string().contains("call_ms"));
    }
}

//! Limits of handlers: defaults, and bounds on what may be configured or requested.
//!
//! The operator's own limits may be as high as `[bounds]` says, or as high as is possible where that is silent. What an upload
//! requests may only lower `[limits]`, except where `[bounds]` says that it may be more.

use std::time::Duration;

use framebox_sandbox::{Budget, Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A table of limits: `[limits]`, `[bounds]`, `[handlers.NAME.limits]`, or what an upload requests. An absent limit
/// comes from a more general table.
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
    /// Output values of a frame, KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values_kib: Option<u64>,
    /// The largest picture that a handler reads or puts, thousands of pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_kilopixels: Option<u64>,
    /// Log lines a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_lines: Option<u64>,
    /// Log text a second, KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_kib: Option<u64>,
    /// Memory beyond which an instance that keeps growing is replaced between two frames, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_memory_mib: Option<u64>,
    /// Fuel of a session a second; absent: unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel_per_second: Option<u64>,
    /// CPU time of a session's handler a second, milliseconds; absent: unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms_per_second: Option<u64>,
}

/// A key of the table.
struct Key {
    name: &'static str,
    of: fn(&mut Table) -> &mut Option<u64>,
    /// The smallest value that makes sense.
    least: u64,
    /// The value unless configured.
    default: u64,
    /// The bound of the operator's limits unless configured, and the highest that can be configured.
    most: u64,
}

const KEYS: [Key; 11] = [
    Key { name: "call_ms", of: |table| &mut table.call_ms, least: 1, default: 500, most: 10_000 },
    Key { name: "call_fuel", of: |table| &mut table.call_fuel, least: 1, default: 20_000_000_000, most: u64::MAX },
    Key { name: "setup_ms", of: |table| &mut table.setup_ms, least: 1, default: 2000, most: 60_000 },
    Key { name: "memory_mib", of: |table| &mut table.memory_mib, least: 1, default: 128, most: 1024 },
    Key { name: "values_kib", of: |table| &mut table.values_kib, least: 1, default: 1024, most: 16 * 1024 },
    Key { name: "output_kilopixels", of: |table| &mut table.output_kilopixels, least: 1, default: 8295, most: 35_390 },
    Key { name: "log_lines", of: |table| &mut table.log_lines, least: 0, default: 100, most: 10_000 },
    Key { name: "log_kib", of: |table| &mut table.log_kib, least: 0, default: 64, most: 16 * 1024 },
    Key { name: "soft_memory_mib", of: |table| &mut table.soft_memory_mib, least: 1, default: 96, most: 1024 },
    Key {
        name: "fuel_per_second",
        of: |table| &mut table.fuel_per_second,
        least: 1,
        default: UNLIMITED,
        most: UNLIMITED,
    },
    Key {
        name: "cpu_ms_per_second",
        of: |table| &mut table.cpu_ms_per_second,
        least: 1,
        default: UNLIMITED,
        most: UNLIMITED,
    },
];

/// Unlimited.
const UNLIMITED: u64 = u64::MAX;

/// Why a limit cannot be as given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no limit of this name.
    #[error("there is no option {0}; limits are {known}", known = KEYS.map(|key| key.name).join(", "))]
    Key(String),
    /// The value of this limit is not a whole number.
    #[error("{0} must be a whole number")]
    Value(&'static str),
    /// A bound is outside the range of bounds.
    #[error("bounds.{name} must be within {least} and {most}")]
    Bound {
        /// The limit.
        name: &'static str,
        /// Its smallest value.
        least: u64,
        /// The highest bound.
        most: u64,
    },
    /// A value is too small.
    #[error("{place}.{name} must be at least {least}")]
    TooLow {
        /// The table.
        place: String,
        /// The limit.
        name: &'static str,
        /// Its smallest value.
        least: u64,
    },
    /// A value is beyond its bound.
    #[error("{place}.{name} is {value}: at most {bound} are allowed; bounds.{name} is what allows more, up to {most}")]
    TooHigh {
        /// The table.
        place: String,
        /// The limit.
        name: &'static str,
        /// The value.
        value: u64,
        /// The bound.
        bound: u64,
        /// The highest bound that can be configured.
        most: u64,
    },
}

impl Table {
    /// Sets a key by its name.
    ///
    /// # Errors
    /// When there is no such key, or `value` is not a whole number. [`Table::resolve`] checks the bounds.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(|| Error::Key(name.to_owned()))?;
        let value = value.parse().map_err(|_| Error::Value(key.name))?;
        *(key.of)(self) = Some(value);
        Ok(())
    }

    /// Returns `self` with absent limits from `other`.
    pub fn or(mut self, mut other: Self) -> Self {
        for Key { of, .. } in KEYS {
            *of(&mut self) = of(&mut self).or(*of(&mut other));
        }
        self
    }

    /// Returns `self`, the table `[bounds]`, with absent bounds at their defaults.
    ///
    /// # Errors
    /// Names the bound that is out of range.
    pub fn bounds(mut self) -> Result<Self, Error> {
        for Key { name, of, least, most, .. } in KEYS {
            let value = *of(&mut self).get_or_insert(most);
            if !(least..=most).contains(&value) {
                return Err(Error::Bound { name, least, most });
            }
        }
        Ok(self)
    }

    /// Returns `self`, the table `[bounds]`, with absent bounds from `general`, the resolved `[limits]`: the bounds of what
    /// uploads request.
    pub fn upload_bounds(self, general: Self) -> Self {
        self.or(general)
    }

    /// Returns the limits that are given in `self`, none higher than in `bounds`.
    pub fn clamped(mut self, mut bounds: Self) -> Self {
        for Key { of, most, .. } in KEYS {
            let bound = of(&mut bounds).unwrap_or(most);
            *of(&mut self) = of(&mut self).map(|value| value.min(bound));
        }
        self
    }

    /// Returns `self`, the table `[limits]`, with absent limits at their defaults, within `bounds`.
    ///
    /// # Errors
    /// Names the limit that is out of range.
    pub fn with_defaults(self, bounds: Self) -> Result<Self, Error> {
        let mut defaults = Self::default();
        for Key { of, default, .. } in KEYS {
            *of(&mut defaults) = Some(default.min(of(&mut { bounds }).unwrap_or(default)));
        }
        self.resolve(defaults, bounds, "limits")
    }

    /// Returns `self` with absent limits from `general`, within `bounds`. `place`: the table's name in errors.
    ///
    /// # Errors
    /// Names the limit that is out of range.
    pub fn resolve(mut self, mut general: Self, mut bounds: Self, place: &str) -> Result<Self, Error> {
        for Key { name, of, least, most, .. } in KEYS {
            let bound = of(&mut bounds).unwrap_or(most);
            let value = *of(&mut self).get_or_insert_with(|| of(&mut general).unwrap_or(least));
            let place = || place.to_owned();
            if value < least {
                return Err(Error::TooLow { place: place(), name, least });
            }
            if value > bound {
                return Err(Error::TooHigh { place: place(), name, value, bound, most });
            }
        }
        Ok(self)
    }

    /// Fuel and CPU time in milliseconds that a session may use a second; `None`: unlimited.
    pub fn per_second(&self) -> (Option<u64>, Option<u32>) {
        let limited = |value: Option<u64>| value.filter(|value| *value != UNLIMITED);
        let ms = limited(self.cpu_ms_per_second).map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
        (limited(self.fuel_per_second), ms)
    }

    /// Converts to the sandbox's limits. An absent limit is the sandbox's default.
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
    fn an_absent_limit_comes_from_the_general_table() {
        let bounds = table("call_ms = 800\nlog_lines = 50").bounds().unwrap();
        let general = table("memory_mib = 64").with_defaults(bounds).unwrap();
        let own = table("call_ms = 600").resolve(general, bounds, "handlers.a.limits").unwrap();
        let limits = own.limits();
        assert_eq!(limits.call.time, Duration::from_millis(600));
        assert_eq!((limits.memory, limits.log_lines), (64 << 20, 50), "a default is held to the bounds as well");
        assert_eq!(limits.setup.time, Duration::from_secs(2));
    }

    #[test]
    fn uploads_may_only_lower_what_the_operator_limits_unless_bounds_say_otherwise() {
        let bounds = table("call_ms = 800\nlog_lines = 10");
        let general = table("call_ms = 100\nlog_lines = 5").with_defaults(bounds.bounds().unwrap()).unwrap();
        let uploads = bounds.upload_bounds(general);
        for (text, allowed) in [
            ("call_ms = 800", true),
            ("call_ms = 801", false),
            ("log_lines = 10", true),
            ("memory_mib = 128", true),
            ("memory_mib = 129", false),
            ("call_fuel = 20000000001", false),
            ("setup_ms = 2001", false),
            ("values_kib = 1025", false),
            ("output_kilopixels = 8296", false),
            ("log_kib = 65", false),
            ("soft_memory_mib = 97", false),
            ("fuel_per_second = 9", true),
        ] {
            assert_eq!(table(text).resolve(general, uploads, "limits").is_ok(), allowed, "{text}");
        }
        let clamped = table("call_ms = 9000\nmemory_mib = 64").clamped(uploads);
        assert_eq!(clamped, table("call_ms = 800\nmemory_mib = 64"));
    }

    #[test]
    fn an_empty_table_is_the_sandboxs_defaults() {
        let bounds = Table::default().bounds().unwrap();
        let limits = Table::default().with_defaults(bounds).unwrap().limits();
        let defaults = Limits::default();
        assert_eq!(Limits { output_pixels: defaults.output_pixels, ..limits.clone() }, defaults);
        assert!(limits.output_pixels >= defaults.output_pixels);
    }

    #[test]
    fn an_error_names_the_limit_that_is_out_of_range() {
        let bounds = table("call_ms = 800").bounds().unwrap();
        let general = Table::default().with_defaults(bounds).unwrap();
        for (text, words) in [
            ("call_ms = 801", "handlers.a.limits.call_ms is 801: at most 800 are allowed"),
            ("call_ms = 0", "handlers.a.limits.call_ms must be at least 1"),
            ("memory_mib = 4096", "memory_mib is 4096: at most 1024"),
        ] {
            let error = table(text).resolve(general, bounds, "handlers.a.limits").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(table("memory_mib = 2000").bounds().unwrap_err().to_string().contains("bounds.memory_mib"));
        assert!(toml::from_str::<Table>("call = 1").unwrap_err().to_string().contains("call_ms"));
    }
}

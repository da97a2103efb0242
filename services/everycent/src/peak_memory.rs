//! The most memory that this process held, as the system counts it.

/// Bytes; `None` where the system does not tell.
pub fn bytes() -> Option<u64> {
    high_water_mark(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmHWM` of a process's status on Linux, which is in KiB.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_found_among_the_other_lines() {
        let status = "Name:\teverycent\nVmPeak:\t  900 kB\nVmHWM:\t   12345 kB\nVmRSS:\t 7 kB\n";
        assert_eq!(high_water_mark(status), Some(12_345 * 1024));
        for other in ["", "Name:\teverycent\n", "VmHWM:\t12345\n", "VmHWM:\tmany kB\n"] {
            assert_eq!(high_water_mark(other), None, "{other}");
        }
    }
}

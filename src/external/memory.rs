//! The memory of running programs, as the kernel tells it.

/// The memory in bytes that a process and those that it has started hold, without that of files; 0 where it is not known.
#[cfg(target_os = "linux")]
pub(super) fn held(process: u32) -> u64 {
    /// A program of git starts few others.
    const MOST: usize = 64;
    let (mut pending, mut seen, mut sum) = (vec![process], 0, 0);
    while let Some(process) = pending.pop() {
        seen += 1;
        if seen > MOST {
            break;
        }
        sum += own(process);
        pending.extend(started_by(process));
    }
    sum
}

#[cfg(not(target_os = "linux"))]
pub(super) const fn held(_: u32) -> u64 {
    0
}

/// The memory of a process, in bytes.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the kernel tells this of a process in a file")]
fn own(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    let all = [kilobytes("RssAnon:"), kilobytes("VmSwap:")];
    all.into_iter().flatten().sum::<u64>() * 1024
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the kernel tells this of a process in a file")]
fn started_by(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn this_process_holds_memory() {
        // Other tests of this process may free memory at the same time.
        let is_held = |_| {
            let before = super::held(std::process::id());
            let block = vec![1_u8; 64 << 20];
            let after = super::held(std::process::id());
            before > 0 && after >= before + (60 << 20) && block.len() == 64 << 20
        };
        assert!((0..20).any(is_held));
    }
}

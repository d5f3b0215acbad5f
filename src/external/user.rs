//! The user that krender runs as.

/// The numbers of the user and of its group, as docker takes them; `None` where there are none.
#[cfg(unix)]
#[must_use]
pub fn user_and_group() -> Option<String> {
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    Some(format!("{}:{}", user.as_raw(), group.as_raw()))
}

/// The numbers of the user and of its group, as docker takes them; `None` where there are none.
#[cfg(not(unix))]
#[must_use]
pub const fn user_and_group() -> Option<String> {
    None
}

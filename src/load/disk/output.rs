//! Writing files: each is replaced as a whole, by renaming a new file.

#![expect(clippy::disallowed_methods, reason = "this is a part of the module of the disk")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IoSlice, Write};
use std::path::{Path, PathBuf};

use super::temporary::Temporary;
use super::{Folder, Look, is_link, reason};
use crate::error::{Code, Error, Result};
use crate::load::files::Kind;

/// Permissions of new files and folders, before the umask.
const NEW_FILE: u32 = 0o666;
const NEW_FOLDER: u32 = 0o777;

/// A folder for output files. The user named it, so it may itself be a link. Below it no link is followed, since its
/// content may come from others.
#[derive(Clone, Debug)]
pub struct OutputFolder {
    folder: Folder,
    /// The path to show in messages.
    path: PathBuf,
}

impl OutputFolder {
    /// Opens a folder that the user named. Missing directories of its path are created.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if it cannot be created, for example because a file has its name.
    pub fn make(path: &Path) -> Result<Self> {
        let folder = fs::create_dir_all(path).and_then(|()| Folder::open(path));
        let folder = folder.map_err(|error| no_folder(path, &error))?;
        Ok(Self { folder, path: path.to_path_buf() })
    }

    /// The path as the user named it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a folder below this one. Creates it if it is missing.
    ///
    /// # Errors
    /// [`Code::WriteFailed`] if it cannot be created, for example because a link or a file has its name.
    pub fn below(&self, path: &Path) -> Result<Self> {
        let whole = self.path.join(path);
        let folder = self.folder.make_below(path, NEW_FOLDER);
        let folder = folder.map_err(|error| match self.link_on(path) {
            Some(link) if is_link(&error) => {
                let message = format!("`{}` is a link", link.display());
                Error::new(Code::WriteFailed, message)
                    .help("links below the output folder are not followed: remove it, or choose another folder")
            }
            _ => no_folder(&whole, &error),
        })?;
        Ok(Self { folder, path: whole })
    }

    /// Writes a file in this folder, as [`write()`] does. An entry that is not a regular file is replaced.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], and [`Code::NotAFile`] if the name is that of a folder.
    pub fn write(&self, name: &OsStr, pieces: &[impl AsRef<[u8]>]) -> Result<()> {
        put(&self.folder, name, pieces).map_err(|error| failed(&self.path.join(name), &error))
    }

    /// Writes a file in this folder that is not there yet.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], also if an entry has this name.
    pub fn create(&self, name: &OsStr, pieces: &[impl AsRef<[u8]>]) -> Result<()> {
        let created = Temporary::create(&self.folder, NEW_FILE).and_then(|mut temporary| {
            write_all(&mut temporary.file, pieces)?;
            temporary.name_new(name)
        });
        created.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                let message = format!("`{}` is there already", self.path.join(name).display());
                Error::new(Code::WriteFailed, message)
            }
            _ => failed(&self.path.join(name), &error),
        })
    }

    /// Copies a program into this folder. A regular file or link with this name is replaced.
    ///
    /// # Errors
    /// [`Code::WriteFailed`].
    pub fn copy(&self, name: &OsStr, program: &Path) -> Result<()> {
        let copied = Temporary::create(&self.folder, NEW_FOLDER).and_then(|mut temporary| {
            io::copy(&mut File::open(program)?, &mut temporary.file)?;
            temporary.rename(name)
        });
        copied.map_err(|error| failed(&self.path.join(name), &error))
    }

    /// Makes a link in this folder to a file. On systems without links for everyone, copies the file. A link to the same
    /// file that is there already stays.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], also if another entry has this name and `replaces` is false, or if it is a folder.
    pub fn link(&self, name: &OsStr, target: &Path, replaces: bool) -> Result<()> {
        let path = self.path.join(name);
        let is_same = |path: &Path| {
            let (link, target) = (fs::canonicalize(path), fs::canonicalize(target));
            matches!((link, target), (Ok(link), Ok(target)) if link == target)
        };
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() && is_same(&path) => return Ok(()),
            Ok(_) if !replaces => {
                let message = format!("`{}` is there already", path.display());
                return Err(Error::new(Code::WriteFailed, message));
            }
            Ok(_) => self.folder.remove(name).map_err(|error| failed(&path, &error))?,
            Err(_) => {}
        }
        #[cfg(unix)]
        let made = std::os::unix::fs::symlink(target, &path);
        #[cfg(not(unix))]
        let made = fs::copy(target, &path).map(drop);
        made.map_err(|error| failed(&path, &error))
    }

    /// Removes a file below this folder, and the folders of its path that are empty then. A missing file is no failure.
    ///
    /// # Errors
    /// [`Code::WriteFailed`], for example because a part of the path is a link.
    pub fn remove(&self, path: &Path) -> Result<()> {
        self.remove_file(path)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        for folder in parent.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
            // It is not empty, or has become a link since.
            if fs::remove_dir(self.path.join(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes a file below this folder. A missing file is no failure.
    ///
    /// # Errors
    /// As [`OutputFolder::remove`].
    pub fn remove_file(&self, path: &Path) -> Result<()> {
        let (parent, name) = (path.parent().unwrap_or(Path::new("")), path.file_name());
        let removed = self.folder.below(parent).and_then(|folder| match name {
            Some(name) => folder.remove(name),
            None => Err(ErrorKind::InvalidInput.into()),
        });
        match removed {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&self.path.join(path), &error)),
            Ok(()) => {}
        }
        Ok(())
    }

    /// The first link in a path below this folder.
    fn link_on(&self, path: &Path) -> Option<PathBuf> {
        let (mut folder, mut whole) = (self.folder.clone(), self.path.clone());
        for name in path {
            whole.push(name);
            if folder.look(name).ok()??.kind == Kind::Link {
                return Some(whole);
            }
            folder = folder.below(name.as_ref()).ok()?;
        }
        None
    }
}

/// Writes a file that the user named. Readers never see half of it: a new file in the same folder replaces the old one
/// and takes its permissions and, if this process may give files away, its owner and group. A link is followed; a device or pipe is written to directly.
///
/// # Errors
/// [`Code::WriteFailed`] if the folder does not exist or the file may not be written, and [`Code::NotAFile`] if the
/// path is a folder.
pub fn write(path: &Path, pieces: &[impl AsRef<[u8]>]) -> Result<()> {
    write_named(path, pieces).map_err(|error| failed(path, &error))
}

fn write_named(path: &Path, pieces: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let mut output = OutputFile::open(path)?;
    write_all(output.file(), pieces)?;
    output.finish()
}

/// Writes several files as [`write()`] does, each given by its path, its content and its new content. The new files are
/// complete before the first one gets its name. If a later one cannot get it, those before it get their content back.
///
/// # Errors
/// As [`write()`].
pub(super) fn write_together(files: &[(&Path, &[u8], &[u8])]) -> Result<()> {
    let open = |(path, _, after): &(&Path, &[u8], &[u8])| {
        let mut output = OutputFile::open(path)?;
        write_all(output.file(), &[after]).map(|()| output)
    };
    let opened = files.iter().map(|file| open(file).map_err(|error| failed(file.0, &error)));
    let outputs: Vec<OutputFile> = opened.collect::<Result<_>>()?;
    for (at, (output, (path, ..))) in outputs.into_iter().zip(files).enumerate() {
        if let Err(error) = output.finish() {
            for (path, before, _) in files.iter().take(at) {
                // The first failure is the one to report.
                drop(write(path, &[before]));
            }
            return Err(failed(path, &error));
        }
    }
    Ok(())
}

/// Writes a file as [`write()`] does, with text that is made piece by piece. Pieces are written as they are made; the file
/// is complete, or else not there, when all are.
///
/// # Errors
/// Those of `make`; beside its value, those of [`write()`].
pub fn write_by<T>(
    path: &Path,
    make: impl FnOnce(&mut (dyn FnMut(&str) + Send)) -> Result<T>,
) -> Result<(T, Result<()>)> {
    let mut output: Option<io::Result<OutputFile>> = None;
    let made = make(&mut |piece| {
        let opened = output.take().unwrap_or_else(|| OutputFile::open(path));
        output = Some(opened.and_then(|output| output.with(piece)));
    })?;
    let output = output.unwrap_or_else(|| OutputFile::open(path));
    let written = output.and_then(OutputFile::finish).map_err(|error| failed(path, &error));
    Ok((made, written))
}

/// A file that is being written.
enum OutputFile {
    /// A device or a pipe, and the text for it: it is written when all is there.
    Special(File, Vec<u8>),
    /// A new file, which is going to replace the entry of a name and gets the permissions and the owner of the old file, if
    /// there is one.
    New { temporary: Temporary, name: OsString, old: Option<Look> },
}

impl OutputFile {
    fn open(path: &Path) -> io::Result<Self> {
        if is_folder_name(path) && !path.is_dir() {
            return Err(ErrorKind::NotFound.into());
        }
        // A link stays a link: its target is replaced.
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        let target = is_link.then(|| fs::canonicalize(path).ok()).flatten();
        let target = target.unwrap_or_else(|| path.to_path_buf());
        let is_special =
            fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_special {
            return Ok(Self::Special(OpenOptions::new().write(true).open(&target)?, Vec::new()));
        }
        let Some(name) = target.file_name() else { return Err(ErrorKind::IsADirectory.into()) };
        Self::new(&Folder::open(target.parent().unwrap_or(Path::new("")))?, name)
    }

    /// A file in a folder. A regular file keeps its permissions; any other entry except a folder is replaced by a new file.
    fn new(folder: &Folder, name: &OsStr) -> io::Result<Self> {
        let old = match folder.look(name)? {
            Some(look) if look.kind == Kind::Directory => {
                return Err(ErrorKind::IsADirectory.into());
            }
            Some(look) if look.kind == Kind::File => {
                // Renaming needs no permission to write the old file, so this checks it first.
                folder.may_write(name)?;
                Some(look)
            }
            _ => None,
        };
        // Private until the content is complete; the permissions of the old file are set at the end.
        let rights = if old.is_some() { 0o600 } else { NEW_FILE };
        let temporary = Temporary::create(folder, rights)?;
        Ok(Self::New { temporary, name: name.to_os_string(), old })
    }

    const fn file(&mut self) -> &mut File {
        match self {
            Self::Special(file, _) => file,
            Self::New { temporary, .. } => &mut temporary.file,
        }
    }

    /// Adds a piece of the text.
    fn with(mut self, piece: &str) -> io::Result<Self> {
        match &mut self {
            Self::Special(_, text) => text.extend_from_slice(piece.as_bytes()),
            Self::New { temporary, .. } => temporary.file.write_all(piece.as_bytes())?,
        }
        Ok(self)
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Special(mut file, text) => file.write_all(&text),
            Self::New { temporary, name, old } => {
                if let Some(old) = old {
                    old.copy_to(&temporary.file)?;
                }
                temporary.rename(&name)
            }
        }
    }
}

/// Writes a file in a folder, as [`OutputFile::new`] does.
fn put(folder: &Folder, name: &OsStr, pieces: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let mut output = OutputFile::new(folder, name)?;
    write_all(output.file(), pieces)?;
    output.finish()
}

/// Writes a new file with these `rights`, then sets the given permissions, if any, and renames it over the entry of
/// this name.
pub(in crate::load) fn replace(
    folder: &Folder,
    name: &OsStr,
    pieces: &[impl AsRef<[u8]>],
    rights: u32,
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let mut temporary = Temporary::create(folder, rights)?;
    write_all(&mut temporary.file, pieces)?;
    if let Some(permissions) = permissions {
        temporary.file.set_permissions(permissions)?;
    }
    temporary.rename(name)
}

/// Writes many pieces with each call, without a copy.
fn write_all(file: &mut File, pieces: &[impl AsRef<[u8]>]) -> io::Result<()> {
    for pieces in pieces.chunks(PIECES) {
        let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece.as_ref())).collect();
        let mut rest = slices.as_mut_slice();
        // Also leaves out empty pieces.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match file.write_vectored(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// The number of pieces that are written with one call: the maximum of most systems.
const PIECES: usize = 1024;

/// True for a path that ends with a slash: it refers to a folder even if it does not exist.
fn is_folder_name(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

#[cold]
fn no_folder(path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot make the folder `{}`: {}", path.display(), reason(error));
    Error::new(Code::WriteFailed, message)
}

#[cold]
fn failed(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    if error.kind() == ErrorKind::IsADirectory {
        return Error::new(Code::NotAFile, format!("cannot write `{shown}`: a folder is there"));
    }
    let folder = if is_folder_name(path) { Some(path) } else { path.parent() };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if error.kind() == ErrorKind::NotFound && !folder.is_dir() {
        let message = format!("cannot write `{shown}`: there is no folder `{}`", folder.display());
        return Error::new(Code::WriteFailed, message).help("make the folder first");
    }
    Error::new(Code::WriteFailed, format!("cannot write `{shown}`: {}", reason(error)))
}

#[cfg(test)]
mod tests {
    use super::super::Disk;
    use super::*;
    use crate::load::files::{Files as _, LARGEST_FILE};

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let path = top.join("out.yaml");
        write(&path, &["first, and ", "longer\n"]).unwrap();
        write(&path, &["second\n"]).unwrap();
        assert_eq!(Disk.read(&path, LARGEST_FILE).unwrap(), b"second\n");
        assert_eq!(
            Disk.list(&top).unwrap(),
            [("out.yaml".into(), Kind::File)],
            "nothing else is left in the folder"
        );
    }

    #[test]
    fn a_name_that_ends_with_a_slash_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let error = write(&top.join("out/"), &["text"]).unwrap_err();
        assert!(error.message().contains("there is no folder"), "{error}");
        assert!(fs::symlink_metadata(top.join("out")).is_err());
    }

    #[test]
    fn a_folder_that_is_missing_or_in_the_way_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("new/out.yaml"), &[b""]).unwrap_err();
        assert_eq!(error.code(), Code::WriteFailed);
        assert!(error.message().contains("there is no folder"), "{error}");
        for path in [folder.path(), &folder.path().join("."), Path::new("/"), Path::new("..")] {
            assert_eq!(write(path, &[b""]).unwrap_err().code(), Code::NotAFile, "{path:?}");
        }
        let output = OutputFolder::make(&folder.path().join("a/b")).unwrap();
        output.below("c/d".as_ref()).unwrap().write("e".as_ref(), &["text"]).unwrap();
        let code = |path: &str| output.below(path.as_ref()).unwrap_err().code();
        assert_eq!((code("c/d/e"), code("c/d/e/f")), (Code::WriteFailed, Code::WriteFailed));
        let error = output.write("c".as_ref(), &["text"]).unwrap_err();
        assert_eq!(error.code(), Code::NotAFile);
    }

    #[test]
    fn a_new_file_replaces_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let output = OutputFolder::make(&top).unwrap();
        output.create("new".as_ref(), &["text"]).unwrap();
        let error = output.create("new".as_ref(), &["other"]).unwrap_err();
        assert!(error.message().ends_with("is there already"), "{error}");
        assert_eq!(Disk.read(&top.join("new"), LARGEST_FILE).unwrap(), b"text");
        assert_eq!(Disk.list(&top).unwrap(), [("new".into(), Kind::File)], "and nothing is left");
    }

    #[test]
    fn what_fails_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let open = Folder::open(folder.path()).unwrap();
        fs::create_dir(folder.path().join("taken")).unwrap();
        replace(&open, "taken".as_ref(), &["text"], NEW_FILE, None).unwrap_err();
        assert_eq!(open.list().unwrap(), [("taken".into(), Kind::Directory)]);
    }

    #[test]
    fn concurrent_writers_leave_one_of_their_texts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("out.yaml");
        let texts = ["a".repeat(100_000), "b".repeat(200_000)];
        std::thread::scope(|scope| {
            for text in &texts {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write(path, &[text]).unwrap();
                    }
                });
            }
        });
        let text = String::from_utf8(Disk.read(&path, LARGEST_FILE).unwrap()).unwrap();
        assert!(texts.contains(&text));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_named_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let (file, link) = (top.join("script"), top.join("link"));
        write(&file, &["one"]).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o4750)).unwrap();
        symlink("script", &link).unwrap();
        write(&link, &["two"]).unwrap();
        assert_eq!(Disk.kind(&link).unwrap(), Kind::Link);
        assert_eq!(Disk.read(&file, LARGEST_FILE).unwrap(), b"two");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o750, "what others wrote does not run as its owner");
    }

    #[cfg(unix)]
    #[test]
    fn a_named_device_is_written_into() {
        write(Path::new("/dev/null"), &["gone"]).unwrap();
        assert_eq!(Disk.kind(Path::new("/dev/null")).unwrap(), Kind::Special);
    }
}

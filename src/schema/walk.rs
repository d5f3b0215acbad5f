//! Walks from a kind to the type of a field.

use super::Schema;
use super::table::{Definition, Field, Table};

/// The type of a node: a resource, a field, or an element of a list. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Type<'a> {
    schema: &'a Schema,
    table: &'a Table,
    definition: Definition<'a>,
}

impl<'a> Type<'a> {
    pub(super) fn new(schema: &'a Schema, table: &'a Table, definition: Definition<'a>) -> Self {
        Self { schema, table, definition }
    }

    /// The type of a field, or of any value of a mapping; `None` if the schema does not know it.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        match self.table.field(self.definition, name) {
            Some(field) => self.read(field),
            None => self.read(self.own(self.definition.own.strip_prefix("{}")?)),
        }
    }

    /// The type of a field of its definition, without links.
    #[cfg(test)]
    pub(super) fn field_without_links(self, name: &str) -> Option<Self> {
        self.search(self.table.field(self.definition, name)?.text)
    }

    /// A part of the type besides the fields.
    const fn own(self, text: &'a str) -> Field<'a> {
        Field { text, line: self.definition.line }
    }

    /// True if the schema lists a field of this name. The keys of a mapping from any key are no fields.
    #[must_use]
    pub fn has_field(self, name: &str) -> bool {
        self.table.field(self.definition, name).is_some()
    }

    /// True if it has named fields, and no others.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self.definition.own.is_empty() && self.definition.has_fields()
    }

    /// The names of the fields, sorted.
    pub fn fields(self) -> impl Iterator<Item = &'a str> {
        self.table.fields(self.definition)
    }

    /// The type of the elements of a list.
    #[must_use]
    pub fn elements(self) -> Option<Self> {
        let (_, text) = self.definition.own.strip_prefix('[')?.split_once(']')?;
        self.read(self.own(text))
    }

    /// The keys by which a patch merges a list of this type; `None` if the patch replaces the list.
    #[must_use]
    pub fn merge_keys(self) -> Option<Keys<'a>> {
        let (keys, _) = self.definition.own.strip_prefix('[')?.split_once(']')?;
        (!keys.is_empty()).then_some(Keys(keys.trim_start_matches('=')))
    }

    /// Follows references. Kustomize resolves them in all schemas in force, ignores their sibling fields, and never
    /// ends on a cycle; here a cyclic type is unknown.
    pub(super) fn read(self, field: Field<'a>) -> Option<Self> {
        let Field { text, line } = field;
        match text.as_bytes().first() {
            Some(b'?') => return None,
            None | Some(b'[' | b'{') => {
                return Some(Self { definition: Definition::without_fields(text, line), ..self });
            }
            Some(_) => {}
        }
        // The link is right for each schema of built-in tables: none of them hides the definitions of another.
        if self.schema.is_built_in()
            && let Some(definition) = self.table.linked(line, text)
        {
            return Some(Self { definition, ..self });
        }
        let found = self.search(text)?;
        if self.schema.is_built_in()
            && std::ptr::eq(found.table, self.table)
            && found.definition.line != 0
            && self.table.definition(text) == Some(found.definition)
        {
            self.table.link(line, found.definition);
        }
        Some(found)
    }

    /// Follows references from definition to definition, without links.
    pub(super) fn search(self, mut text: &'a str) -> Option<Self> {
        let mut table = self.table;
        let mut line = 0;
        for _ in 0..100 {
            let definition = match text.as_bytes().first() {
                Some(b'?') => return None,
                None | Some(b'[' | b'{') => Definition::without_fields(text, line),
                Some(_) => {
                    let here = || Some((table, table.definition(text)?));
                    let found = self.schema.definition(text).or_else(here)?;
                    table = found.0;
                    if matches!(found.1.own.as_bytes().first(), Some(first) if !b"[{".contains(first))
                    {
                        (text, line) = (found.1.own, found.1.line);
                        continue;
                    }
                    found.1
                }
            };
            return Some(Self { schema: self.schema, table, definition });
        }
        None
    }
}

/// The keys that identify the elements of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys<'a>(&'a str);

impl<'a> Keys<'a> {
    /// True if there are no keys: the elements are scalars, identified by their values (`finalizers`).
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The keys, the primary one first.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.0.split(',').filter(|key| !key.is_empty())
    }
}

//! Compilation of the tree of the crate `cel`.

use std::ops::Range;
use std::thread;

use cel::common::ast::operators;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr,
    SourceInfo,
};
use cel::parser::{ParseErrors, Parser};

use super::super::code::{Code, Element, Loop, Mode, What};
use super::super::functions;
use super::super::functions::operators::Operator;
use super::super::run::At;
use super::super::{Mistake, Names};
use crate::error::nearest;

/// The maximum depth of an expression.
const DEEPEST: usize = 200;

/// The stack of the thread that parses: the parser recurses for each operator of a chain, of which a text of the maximum
/// length has thousands.
const STACK: usize = 256 << 20;

pub(super) fn parse(text: &str, names: Names<'_>) -> Result<(Code, Vec<bool>), Mistake> {
    if text.trim().is_empty() {
        return Err(Mistake::new("the expression is empty", 0..0));
    }
    let broken = || Mistake::new("the expression cannot be parsed", 0..text.len());
    thread::scope(|scope| {
        let work = || {
            let parser =
                Parser::new().enable_optional_syntax(true).enable_ident_escape_syntax(true);
            let (tree, places) = parser.parse_with_source_info(text).map_err(|errors| {
                first(&errors, text).unwrap_or_else(|| Mistake::new("it is no expression", 0..0))
            })?;
            let count = names.variables.len() + names.fields.len();
            let mut compiler = Compiler {
                text,
                names,
                places: &places,
                used: vec![false; count],
                locals: Vec::new(),
                depth: 0,
            };
            Ok((compiler.code(&tree)?, compiler.used))
        };
        let builder = thread::Builder::new().stack_size(STACK);
        let parsing = builder.spawn_scoped(scope, work).map_err(|_| broken())?;
        parsing.join().map_err(|_| broken())?
    })
}

/// The first mistake of syntax, in words without the grammar.
fn first(errors: &ParseErrors, text: &str) -> Option<Mistake> {
    let error = errors.errors.first()?;
    let (line, column) = error.pos;
    let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
    let lines = text.split_inclusive('\n');
    let before: usize = lines.clone().take(line.saturating_sub(1)).map(str::len).sum();
    let written = lines.clone().nth(line.saturating_sub(1)).unwrap_or_default();
    let offset = written.char_indices().nth(column.saturating_sub(1));
    let start = before + offset.map_or(written.trim_end().len(), |(offset, _)| offset);
    if let Some(mistake) = without_end(text) {
        return Some(mistake);
    }
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    let message = error.msg.trim_start_matches("Syntax error: ");
    // Of the tokens that the grammar allows, the list is long and no help.
    let message = message.split(" expecting ").next().unwrap_or_default();
    let mut help = "check the operators, brackets and quotes before it";
    let message = match message {
        deep if deep.contains("Recursion limit") => {
            help = "split it into several rules";
            "it is nested too deeply".to_owned()
        }
        message if message.contains("'<EOF>'") => {
            help = "write what is missing at its end: an operand, or a closing bracket";
            "it ends too early".to_owned()
        }
        message if message.contains("has() macro") => {
            help = "name a field: `has(object.spec.replicas)`";
            "`has` is not given a field".to_owned()
        }
        message => {
            let words = ["no viable alternative at input", "mismatched input", "extraneous input"];
            let words = words.into_iter().chain(["token recognition error at:"]);
            let text =
                words.fold(message.to_owned(), |text, word| text.replace(word, "unexpected"));
            if text.starts_with("unexpected '= ") {
                help = "compare with `==`";
            }
            let text = text.replace('\'', "`").replace("``", "`");
            text.strip_suffix(" `").map_or(text.clone(), |text| format!("{text}`"))
        }
    };
    Some(Mistake::new(message, start..start + length).help(help))
}

/// A mistake for text in quotes that does not end; `None` if all does. Linear.
fn without_end(text: &str) -> Option<Mistake> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        if rest.starts_with(b"//") {
            at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            continue;
        }
        if !matches!(byte, b'"' | b'\'') {
            at += 1;
            continue;
        }
        let is_raw = at > 0 && matches!(bytes[at - 1], b'r' | b'R');
        let count = if rest.starts_with(&[*byte; 3]) { 3 } else { 1 };
        let end = &rest[..count];
        let mut place = count;
        loop {
            match rest.get(place) {
                Some(b'\\') if !is_raw => place += 2,
                Some(_) if rest[place..].starts_with(end) => break,
                Some(b'\n') if count == 1 => place = rest.len(),
                Some(_) => place += 1,
                None => {
                    let mistake = Mistake::new("a text in quotes has no end", at..at + count);
                    return Some(
                        mistake.help(format!("close it with `{}`", &text[at..at + count])),
                    );
                }
            }
        }
        at += place + count;
    }
    None
}

/// The state of a compilation.
pub(super) struct Compiler<'c> {
    text: &'c str,
    names: Names<'c>,
    places: &'c SourceInfo,
    used: Vec<bool>,
    /// The names of the variables of loops around the current node; the position is the slot.
    locals: Vec<String>,
    depth: usize,
}

type Compiled<T = Code> = Result<T, Mistake>;

impl Compiler<'_> {
    /// The range of a node. Nodes that macros make have none.
    pub(super) fn range(&self, node: &IdedExpr) -> Range<usize> {
        let (start, end) = self.places.offset_for(node.id).unwrap_or_default();
        // The last byte is within the node.
        let offset = |place: u32| {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            self.text.ceil_char_boundary(place.min(self.text.len()))
        };
        let (start, end) = (offset(start), offset(end.saturating_add(1)));
        // The place of a selection is its dot.
        if let Expr::Select(select) = &node.expr
            && let Some(found) = self.text[start..].find(&select.field)
        {
            return start + found..start + found + select.field.len();
        }
        start..end.max(start)
    }

    fn at(&self, node: &IdedExpr) -> At {
        let range = self.range(node);
        let place = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        At { start: place(range.start), end: place(range.end) }
    }

    pub(super) fn code(&mut self, node: &IdedExpr) -> Compiled {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("it is nested more than {DEEPEST} levels deep");
            return Err(Mistake::new(message, self.range(node)).help("split it into several rules"));
        }
        let what = self.what(node)?;
        self.depth -= 1;
        Ok(Code { what, at: self.at(node) })
    }

    fn what(&mut self, node: &IdedExpr) -> Compiled<What> {
        match &node.expr {
            Expr::Literal(literal) => Ok(constant(literal)),
            Expr::Ident(name) => self.variable(node, name),
            Expr::Select(select) => {
                if let Some(slot) = self.field_of_variables(&select.operand, &select.field) {
                    return match select.test {
                        false => self.global(slot),
                        true => Ok(What::Bool(true)),
                    };
                }
                if self.is_field_of_variables(&select.operand) {
                    return Err(self.unknown_field(node, &select.field));
                }
                let mode = if select.test { Mode::Test } else { Mode::Get };
                let from = Box::new(self.code(&select.operand)?);
                Ok(What::Select { from, field: (&*select.field).into(), mode })
            }
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => self.list(list).map(What::List),
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(one) => {
                let message = format!("there is no type `{}` to make a value of", one.type_name);
                Err(Mistake::new(message, self.range(node)).lacking())
            }
            Expr::Unspecified => Err(Mistake::new("a part is missing", self.range(node))),
        }
    }

    fn global(&mut self, slot: usize) -> Compiled<What> {
        if let Some(used) = self.used.get_mut(slot) {
            *used = true;
        }
        Ok(What::Global(slot))
    }

    fn variable(&mut self, node: &IdedExpr, name: &str) -> Compiled<What> {
        if let Some(slot) = self.locals.iter().rposition(|local| local == name) {
            return Ok(What::Local(slot));
        }
        let name = name.trim_start_matches('.');
        if let Some(slot) = self.names.variables.iter().position(|known| *known == name) {
            return self.global(slot);
        }
        const TYPES: [&str; 10] = [
            "bool",
            "int",
            "uint",
            "double",
            "string",
            "bytes",
            "list",
            "map",
            "null_type",
            "type",
        ];
        if let Some(name) = TYPES.into_iter().find(|known| *known == name) {
            return Ok(What::Type(name));
        }
        let at = self.range(node);
        if let Some((_, why)) = self.names.lacking.iter().find(|(known, _)| *known == name) {
            let message = format!("the variable `{name}` is not known here: {why}");
            return Err(Mistake::new(message, at).lacking());
        }
        let known = self.names.variables.iter().copied();
        let known = known.chain(self.locals.iter().map(String::as_str));
        let mistake = Mistake::new(format!("there is no variable `{name}`"), at);
        Err(match nearest(name, known) {
            Some(near) => mistake.help(format!("did you mean `{near}`?")),
            None => {
                let all = self.names.variables.join("`, `");
                mistake.help(format!("the variables are `{all}`"))
            }
        })
    }

    fn is_field_of_variables(&self, operand: &IdedExpr) -> bool {
        matches!(&operand.expr, Expr::Ident(name) if name == "variables")
            && !self.locals.iter().any(|local| local == "variables")
            && !self.names.variables.contains(&"variables")
    }

    fn field_of_variables(&self, operand: &IdedExpr, field: &str) -> Option<usize> {
        if !self.is_field_of_variables(operand) {
            return None;
        }
        let place = self.names.fields.iter().position(|known| known == field)?;
        Some(self.names.variables.len() + place)
    }

    fn unknown_field(&self, node: &IdedExpr, field: &str) -> Mistake {
        let message = format!("there is no variable `variables.{field}` before this one");
        let mistake = Mistake::new(message, self.range(node));
        match nearest(field, self.names.fields.iter().map(String::as_str)) {
            Some(near) => mistake.help(format!("did you mean `variables.{near}`?")),
            None => mistake,
        }
    }

    pub(super) fn all(&mut self, nodes: &[IdedExpr]) -> Compiled<Vec<Code>> {
        nodes.iter().map(|node| self.code(node)).collect()
    }

    /// Two operands.
    pub(super) fn pair(&mut self, first: &IdedExpr, second: &IdedExpr) -> Compiled<Box<[Code; 2]>> {
        Ok(Box::new([self.code(first)?, self.code(second)?]))
    }

    fn list(&mut self, list: &ListExpr) -> Compiled<Vec<Element>> {
        let element = |(place, node): (usize, &IdedExpr)| {
            let is_optional = list.optional_indices.contains(&place);
            Ok(Element { code: self.code(node)?, is_optional })
        };
        list.elements.iter().enumerate().map(element).collect()
    }

    fn map(&mut self, map: &MapExpr) -> Compiled<What> {
        let mut entries = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let key = self.code(&entry.key)?;
            let code = self.code(&entry.value)?;
            entries.push((key, Element { code, is_optional: entry.optional }));
        }
        Ok(What::Map(entries))
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Compiled<What> {
        if call.target.is_none()
            && let Some(what) = self.operator(&call.func_name, &call.args)?
        {
            return Ok(what);
        }
        if let Some(target) = &call.target {
            if let Some(what) = self.macro_call(target, &call.func_name, &call.args)? {
                return Ok(what);
            }
            // `math.least(…)` is the function of a namespace.
            if let Expr::Ident(namespace) = &target.expr
                && functions::is_namespace(namespace)
                && !self.locals.contains(namespace)
                && !self.names.variables.contains(&namespace.as_str())
            {
                let name = format!("{namespace}.{}", call.func_name);
                let arguments = self.all(&call.args)?;
                return self.function(node, &name, false, arguments);
            }
            let mut arguments = vec![self.code(target)?];
            arguments.append(&mut self.all(&call.args)?);
            return self.function(node, &call.func_name, true, arguments);
        }
        let arguments = self.all(&call.args)?;
        self.function(node, call.func_name.trim_start_matches('.'), false, arguments)
    }

    fn function(
        &mut self,
        node: &IdedExpr,
        name: &str,
        is_member: bool,
        arguments: Vec<Code>,
    ) -> Compiled<What> {
        let at = self.name_in(node, name);
        let Some(function) = functions::find(name, is_member) else {
            let message = format!("there is no function `{name}`");
            let mistake = Mistake::new(message, at).lacking();
            return Err(match nearest(name, functions::names(is_member)) {
                Some(near) => mistake.help(format!("did you mean `{near}`?")),
                None => mistake.help(
                    "the functions are those of CEL and of the libraries of Kubernetes, such as `size`, `startsWith` and `quantity`",
                ),
            });
        };
        if let Some(expected) = function.refuses(arguments.len()) {
            let found = arguments.len() - usize::from(is_member);
            let message = format!("`{name}` is called with {found} arguments, and has {expected}");
            return Err(Mistake::new(message, at));
        }
        Ok(What::Call(function, arguments))
    }

    /// The range of the name of a call, whose own place is that of its bracket.
    fn name_in(&self, node: &IdedExpr, name: &str) -> Range<usize> {
        let range = self.range(node);
        let name = name.rsplit('.').next().unwrap_or_default();
        let before = self.text.get(..range.start).unwrap_or_default().trim_end();
        match before.ends_with(name) {
            true => before.len() - name.len()..before.len(),
            false => range,
        }
    }

    fn operator(&mut self, name: &str, parts: &[IdedExpr]) -> Compiled<Option<What>> {
        let one = |compiler: &mut Self| Ok::<_, Mistake>(Box::new(compiler.code(&parts[0])?));
        let operator = match (name, parts) {
            (operators::LOGICAL_AND, _) => return self.all(parts).map(What::And).map(Some),
            (operators::LOGICAL_OR, _) => return self.all(parts).map(What::Or).map(Some),
            (operators::LOGICAL_NOT, [_]) => return one(self).map(What::Not).map(Some),
            (operators::NEGATE, [_]) => return one(self).map(What::Negative).map(Some),
            (operators::NOT_STRICTLY_FALSE, [_]) => return one(self).map(What::NotFalse).map(Some),
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                let parts = [self.code(condition)?, self.code(then)?, self.code(otherwise)?];
                return Ok(Some(What::Choose(Box::new(parts))));
            }
            (operators::INDEX | operators::OPT_INDEX, [from, index]) => {
                let (from, index) = (Box::new(self.code(from)?), Box::new(self.code(index)?));
                let is_optional = name == operators::OPT_INDEX;
                return Ok(Some(What::Index { from, index, is_optional }));
            }
            (operators::OPT_SELECT, [from, field]) => {
                let Expr::Literal(LiteralValue::String(field)) = &field.expr else {
                    return Ok(None);
                };
                let (from, field) = (Box::new(self.code(from)?), field.inner().into());
                return Ok(Some(What::Select { from, field, mode: Mode::Optional }));
            }
            (operators::ADD, [left, right]) => {
                if let Some(what) = self.append(left, right)? {
                    return Ok(Some(what));
                }
                Operator::Add
            }
            (operators::EQUALS, [_, _]) => Operator::Equal,
            (operators::NOT_EQUALS, [_, _]) => Operator::NotEqual,
            (operators::LESS, [_, _]) => Operator::Less,
            (operators::LESS_EQUALS, [_, _]) => Operator::LessOrEqual,
            (operators::GREATER, [_, _]) => Operator::Greater,
            (operators::GREATER_EQUALS, [_, _]) => Operator::GreaterOrEqual,
            (operators::IN, [_, _]) => Operator::In,
            (operators::SUBSTRACT, [_, _]) => Operator::Subtract,
            (operators::MULTIPLY, [_, _]) => Operator::Multiply,
            (operators::DIVIDE, [_, _]) => Operator::Divide,
            (operators::MODULO, [_, _]) => Operator::Remainder,
            _ => return Ok(None),
        };
        Ok(Some(What::Operator(operator, self.pair(&parts[0], &parts[1])?)))
    }

    /// `@result + [x]`, as `map` and `filter` have it: the list grows in place.
    fn append(&mut self, left: &IdedExpr, right: &IdedExpr) -> Compiled<Option<What>> {
        match (&left.expr, &right.expr) {
            (Expr::Ident(name), Expr::List(list)) if name.starts_with('@') => {
                let Some(slot) = self.locals.iter().rposition(|local| local == name) else {
                    return Ok(None);
                };
                Ok(Some(What::Append(slot, self.list(list)?)))
            }
            _ => Ok(None),
        }
    }

    /// Compiles a part in which names are variables. Their slots are the next ones.
    pub(super) fn within<T>(
        &mut self,
        names: &[&str],
        compile: impl FnOnce(&mut Self, usize) -> Compiled<T>,
    ) -> Compiled<T> {
        let first = self.locals.len();
        self.locals.extend(names.iter().map(|name| (*name).to_owned()));
        let compiled = compile(self, first);
        self.locals.truncate(first);
        compiled
    }

    fn comprehension(&mut self, one: &ComprehensionExpr) -> Compiled<What> {
        let range = self.code(&one.iter_range)?;
        let start = self.code(&one.accu_init)?;
        let decides = match &one.loop_step.expr {
            Expr::Call(call) => match (call.func_name.as_str(), call.args.first()) {
                (operators::LOGICAL_AND, Some(first)) if is_named(first, &one.accu_var) => {
                    Some(false)
                }
                (operators::LOGICAL_OR, Some(first)) if is_named(first, &one.accu_var) => {
                    Some(true)
                }
                _ => None,
            },
            _ => None,
        };
        let second = one.iter_var2.as_deref();
        let names = [&*one.accu_var, &*one.iter_var, second.unwrap_or("@second")];
        self.within(&names, |compiler, so_far| {
            Ok(What::Loop(Box::new(Loop {
                range,
                first: so_far + 1,
                second: second.map(|_| so_far + 2),
                so_far,
                start,
                goes_on: compiler.code(&one.loop_cond)?,
                step: compiler.code(&one.loop_step)?,
                result: compiler.code(&one.result)?,
                decides,
            })))
        })
    }
}

pub(super) fn is_named(node: &IdedExpr, wanted: &str) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == wanted)
}

fn constant(literal: &LiteralValue) -> What {
    match literal {
        LiteralValue::Null => What::Null,
        LiteralValue::Boolean(value) => What::Bool(*value.inner()),
        LiteralValue::Int(value) => What::Int(*value.inner()),
        LiteralValue::UInt(value) => What::Uint(*value.inner()),
        LiteralValue::Double(value) => What::Double(*value.inner()),
        LiteralValue::String(text) => What::Text(text.inner().into()),
        LiteralValue::Bytes(bytes) => What::Bytes(bytes.inner().into()),
    }
}

//! Macros that the crate `cel` does not expand: those with two variables, of optional values, and `cel.bind`.

use cel::common::ast::{Expr, IdedExpr};

use super::super::Mistake;
use super::super::code::{Code, Element, Loop, What};
use super::super::functions::operators::Operator;
use super::super::run::At;
use super::tree::{Compiler, is_named};

/// The names of the result so far and of a second variable, which no expression can have.
const SO_FAR: &str = "@so_far";

/// The macros with two variables.
#[derive(Clone, Copy)]
enum Kind {
    All,
    Exists,
    ExistsOne,
    List,
    Map,
}

impl Compiler<'_> {
    /// Compiles the call of a macro; `None` if it is none.
    pub(super) fn macro_call(
        &mut self,
        target: &IdedExpr,
        name: &str,
        arguments: &[IdedExpr],
    ) -> Result<Option<What>, Mistake> {
        let kind = match (name, arguments) {
            ("optMap" | "optFlatMap", [variable, body]) => {
                let variable = self.name_of(variable)?;
                let value = self.code(target)?;
                let body = self.within(&[variable], |compiler, slot| {
                    let parts = Box::new([value, compiler.code(body)?]);
                    Ok(What::OptionalMap(slot, parts, name == "optFlatMap"))
                });
                return body.map(Some);
            }
            ("bind", [variable, value, body]) if is_named(target, "cel") => {
                let variable = self.name_of(variable)?;
                let value = self.code(value)?;
                let body = self.within(&[variable], |compiler, slot| {
                    Ok(What::Bind(slot, Box::new([value, compiler.code(body)?])))
                });
                return body.map(Some);
            }
            ("all", [_, _, _]) => Kind::All,
            ("exists", [_, _, _]) => Kind::Exists,
            ("existsOne" | "exists_one", [_, _, _]) => Kind::ExistsOne,
            ("transformList", [_, _, _] | [_, _, _, _]) => Kind::List,
            ("transformMap", [_, _, _] | [_, _, _, _]) => Kind::Map,
            _ => return Ok(None),
        };
        self.two_variables(kind, target, arguments).map(Some)
    }

    /// The name of a variable that a macro introduces.
    fn name_of<'n>(&self, node: &'n IdedExpr) -> Result<&'n str, Mistake> {
        match &node.expr {
            Expr::Ident(name) => Ok(name),
            _ => Err(Mistake::new("a name is expected", self.range(node))),
        }
    }

    fn two_variables(
        &mut self,
        kind: Kind,
        target: &IdedExpr,
        arguments: &[IdedExpr],
    ) -> Result<What, Mistake> {
        let (first, second) = (self.name_of(&arguments[0])?, self.name_of(&arguments[1])?);
        let range = self.code(target)?;
        let (filter, body) = match arguments {
            [_, _, filter, body] => (Some(filter), body),
            _ => (None, &arguments[arguments.len() - 1]),
        };
        self.within(&[SO_FAR, first, second], |compiler, so_far| {
            let body = compiler.code(body)?;
            let filter = filter.map(|filter| compiler.code(filter)).transpose()?;
            let result = || of(What::Local(so_far));
            let (start, goes_on, step) = match kind {
                Kind::All => (
                    What::Bool(true),
                    What::NotFalse(Box::new(result())),
                    What::And(vec![result(), body]),
                ),
                Kind::Exists => (
                    What::Bool(false),
                    What::NotFalse(Box::new(of(What::Not(Box::new(result()))))),
                    What::Or(vec![result(), body]),
                ),
                Kind::ExistsOne => {
                    let more =
                        What::Operator(Operator::Add, Box::new([result(), of(What::Int(1))]));
                    let step = What::Choose(Box::new([body, of(more), result()]));
                    (What::Int(0), What::Bool(true), step)
                }
                Kind::List => {
                    let step =
                        What::Append(so_far, vec![Element { code: body, is_optional: false }]);
                    (What::List(Vec::new()), What::Bool(true), step)
                }
                Kind::Map => {
                    let key = of(What::Local(so_far + 1));
                    let step = What::AppendEntry(so_far, Box::new([key, body]));
                    (What::Map(Vec::new()), What::Bool(true), step)
                }
            };
            let step = match filter {
                Some(filter) => What::Choose(Box::new([filter, of(step), result()])),
                None => step,
            };
            let end = match kind {
                Kind::ExistsOne => {
                    of(What::Operator(Operator::Equal, Box::new([result(), of(What::Int(1))])))
                }
                Kind::All | Kind::Exists | Kind::List | Kind::Map => result(),
            };
            let decides = match kind {
                Kind::All => Some(false),
                Kind::Exists => Some(true),
                Kind::ExistsOne | Kind::List | Kind::Map => None,
            };
            Ok(What::Loop(Box::new(Loop {
                range,
                first: so_far + 1,
                second: Some(so_far + 2),
                so_far,
                start: of(start),
                goes_on: of(goes_on),
                step: of(step),
                result: end,
                decides,
            })))
        })
    }
}

/// A node that a macro makes.
fn of(what: What) -> Code {
    Code { what, at: At::default() }
}

//! Statements.

use super::{Parser, is_reserved};
use crate::ast::{Catch, ExprId, Statement, StatementKind, Variable};
use crate::fault::Fault;
use crate::lexer::WordKind;
use std::sync::Arc;

impl Parser<'_> {
    pub(super) fn statement(&mut self) -> Result<Statement, Fault> {
        self.deeper(Self::statement_inside)
    }

    fn statement_inside(&mut self) -> Result<Statement, Fault> {
        let at = self.at();
        self.count_node(at)?;
        let kind = match self.name() {
            Some("if") => self.if_statement()?,
            Some("while") => self.while_statement()?,
            Some("for") => self.for_statement()?,
            Some("do") => self.do_statement()?,
            Some("try") => self.try_statement()?,
            Some("break" | "continue") => {
                let breaks = self.is_keyword("break");
                self.advance();
                self.end_of_statement()?;
                if breaks {
                    StatementKind::Break
                } else {
                    StatementKind::Continue
                }
            }
            Some("return") => {
                self.advance();
                let nothing =
                    self.is_sign(";") || self.is_sign("}") || self.peek().kind == WordKind::End;
                let value = if nothing {
                    None
                } else {
                    Some(self.expression()?)
                };
                self.end_of_statement()?;
                StatementKind::Return(value)
            }
            Some("throw") => {
                self.advance();
                let value = self.expression()?;
                self.end_of_statement()?;
                StatementKind::Throw(value)
            }
            _ if self.is_sign("{") => StatementKind::Block(self.block()?),
            _ if self.takes_sign(";") => StatementKind::Block(Vec::new()),
            _ => {
                let statement = self.simple_statement()?;
                self.end_of_statement()?;
                return Ok(statement);
            }
        };
        Ok(Statement { kind, at })
    }

    /// A declaration or an expression, without its end.
    fn simple_statement(&mut self) -> Result<Statement, Fault> {
        let at = self.at();
        self.refuse_function()?;
        let kind = if self.declares() {
            self.declaration()?
        } else {
            StatementKind::Expression(self.expression()?)
        };
        Ok(Statement { kind, at })
    }

    /// Functions stand before all statements; some types are not of the subset.
    fn refuse_function(&self) -> Result<(), Fault> {
        let opens = matches!(self.ahead(2).kind, WordKind::Sign("("));
        if self.declares() && opens {
            return Err(Fault::unsupported(
                self.at(),
                "the definition of a function behind a statement",
            ));
        }
        let generic = matches!(self.ahead(1).kind, WordKind::Sign("<"))
            && self.name_ahead(2).is_some()
            && matches!(self.ahead(3).kind, WordKind::Sign(">" | ","))
            && self
                .name()
                .is_some_and(|name| crate::static_type::StaticType::named(name).is_some());
        if generic {
            return Err(Fault::unsupported(self.at(), "a type with parameters"));
        }
        let array = matches!(self.ahead(1).kind, WordKind::Sign("["))
            && matches!(self.ahead(2).kind, WordKind::Sign("]"));
        if array {
            return Err(Fault::unsupported(self.at(), "an array type"));
        }
        Ok(())
    }

    fn declaration(&mut self) -> Result<StatementKind, Fault> {
        let kind: Arc<str> = self.name().unwrap_or_default().into();
        self.advance();
        let mut variables = Vec::new();
        loop {
            let at = self.at();
            let name = self.identifier()?;
            let value = if self.takes_sign("=") {
                Some(self.expression()?)
            } else {
                None
            };
            variables.push(Variable { name, at, value });
            if !self.takes_sign(",") {
                return Ok(StatementKind::Declare {
                    name: kind,
                    variables,
                });
            }
        }
    }

    /// `;`, or nothing before `}` and at the end of the script.
    fn end_of_statement(&mut self) -> Result<(), Fault> {
        if self.takes_sign(";") || self.is_sign("}") || self.peek().kind == WordKind::End {
            return Ok(());
        }
        Err(self.unexpected())
    }

    pub(super) fn block(&mut self) -> Result<Vec<Statement>, Fault> {
        self.expect_sign("{")?;
        let mut statements = Vec::new();
        while !self.takes_sign("}") {
            if self.peek().kind == WordKind::End {
                return Err(self.unexpected());
            }
            statements.push(self.statement()?);
        }
        Ok(statements)
    }

    /// A block, or one statement instead.
    fn body(&mut self) -> Result<Vec<Statement>, Fault> {
        if self.is_sign("{") {
            self.deeper(Self::block)
        } else {
            Ok(vec![self.statement()?])
        }
    }

    fn condition(&mut self) -> Result<ExprId, Fault> {
        self.expect_sign("(")?;
        let condition = self.expression()?;
        self.expect_sign(")")?;
        Ok(condition)
    }

    fn if_statement(&mut self) -> Result<StatementKind, Fault> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        loop {
            self.advance();
            arms.push((self.condition()?, self.body()?));
            if !self.takes_keyword("else") {
                break;
            }
            if !self.is_keyword("if") {
                otherwise = Some(self.body()?);
                break;
            }
        }
        Ok(StatementKind::If { arms, otherwise })
    }

    fn while_statement(&mut self) -> Result<StatementKind, Fault> {
        self.advance();
        let condition = self.condition()?;
        let body = self.body()?;
        Ok(StatementKind::While { condition, body })
    }

    fn try_statement(&mut self) -> Result<StatementKind, Fault> {
        self.advance();
        let body = self.deeper(Self::block)?;
        let mut catches = Vec::new();
        while self.is_keyword("catch") {
            let at = self.at();
            self.advance();
            self.expect_sign("(")?;
            let class = self.type_name()?;
            let variable = self.identifier()?;
            self.expect_sign(")")?;
            let body = self.deeper(Self::block)?;
            catches.push(Catch {
                class,
                variable,
                body,
                at,
            });
        }
        if catches.is_empty() {
            return Err(self.unexpected());
        }
        Ok(StatementKind::Try { body, catches })
    }

    fn do_statement(&mut self) -> Result<StatementKind, Fault> {
        self.advance();
        let body = self.deeper(Self::block)?;
        if !self.takes_keyword("while") {
            return Err(self.unexpected());
        }
        let condition = self.condition()?;
        self.end_of_statement()?;
        Ok(StatementKind::DoWhile { body, condition })
    }

    fn for_statement(&mut self) -> Result<StatementKind, Fault> {
        self.advance();
        self.expect_sign("(")?;
        if let Some(each) = self.for_each()? {
            return Ok(each);
        }
        let first = if self.is_sign(";") {
            None
        } else {
            Some(Box::new(self.simple_statement()?))
        };
        self.expect_sign(";")?;
        let condition = if self.is_sign(";") {
            None
        } else {
            Some(self.expression()?)
        };
        self.expect_sign(";")?;
        let step = if self.is_sign(")") {
            None
        } else {
            Some(self.expression()?)
        };
        self.expect_sign(")")?;
        let body = self.body()?;
        Ok(StatementKind::For {
            first,
            condition,
            step,
            body,
        })
    }

    /// `for (x in list)` or `for (type x : list)`.
    fn for_each(&mut self) -> Result<Option<StatementKind>, Fault> {
        let (name, variable) = if self.name_ahead(1) == Some("in") {
            ("def", self.identifier()?)
        } else if self.declares() && matches!(self.ahead(2).kind, WordKind::Sign(":")) {
            let name = self.name().unwrap_or_default();
            self.advance();
            (name, self.identifier()?)
        } else {
            return Ok(None);
        };
        if is_reserved(&variable) {
            return Err(self.unexpected());
        }
        self.advance();
        let source = self.expression()?;
        self.expect_sign(")")?;
        let body = self.body()?;
        Ok(Some(StatementKind::ForEach {
            name: name.into(),
            variable,
            source,
            body,
        }))
    }
}

//! What a script is compiled to: instructions over two files of registers, one for unboxed numbers and one for values.
//!
//! Numbers live as 64 bits: whole ones with their sign extended, so that widening costs nothing; `float` and `double` as
//! their IEEE bits. Constants sit in registers of their own, filled once for a machine.

use crate::ast::Binary;
use crate::methods::Method;
use crate::static_type::{Class, Primitive};
use crate::statics::{MathFunction, StaticMethod};
use crate::value::Value;
use glasswork_content::Kind;
use std::sync::Arc;

/// A register of numbers. There are 256, so that an index needs no check.
pub(crate) type Num = u8;
/// A register of values.
pub(crate) type Ref = u16;
/// An instruction to go to.
pub(crate) type Target = u32;

/// One instruction. `to` is where the result goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// A turn of a loop.
    Tick,
    Jump(Target),
    JumpIf(Num, Target),
    JumpUnless(Num, Target),
    JumpLess(Num, Num, Target),
    JumpLessEqual(Num, Num, Target),
    JumpEqual(Num, Num, Target),
    JumpNotEqual(Num, Num, Target),
    /// Jumps when the comparison of two doubles gives `when`.
    JumpDouble {
        compare: Compare,
        when: bool,
        a: Num,
        b: Num,
        target: Target,
    },
    JumpNull(Ref, Target),

    Move {
        to: Num,
        from: Num,
    },
    MoveRef {
        to: Ref,
        from: Ref,
    },
    Constant {
        to: Num,
        index: u16,
    },
    Null(Ref),

    AddInt {
        to: Num,
        a: Num,
        b: Num,
    },
    SubtractInt {
        to: Num,
        a: Num,
        b: Num,
    },
    MultiplyInt {
        to: Num,
        a: Num,
        b: Num,
    },
    DivideInt {
        to: Num,
        a: Num,
        b: Num,
    },
    RemainderInt {
        to: Num,
        a: Num,
        b: Num,
    },
    AddLong {
        to: Num,
        a: Num,
        b: Num,
    },
    SubtractLong {
        to: Num,
        a: Num,
        b: Num,
    },
    MultiplyLong {
        to: Num,
        a: Num,
        b: Num,
    },
    DivideLong {
        to: Num,
        a: Num,
        b: Num,
    },
    RemainderLong {
        to: Num,
        a: Num,
        b: Num,
    },
    And {
        to: Num,
        a: Num,
        b: Num,
    },
    Or {
        to: Num,
        a: Num,
        b: Num,
    },
    Xor {
        to: Num,
        a: Num,
        b: Num,
    },
    /// Shifts of `int` (`wide: false`) or `long`.
    Shift {
        shift: Shift,
        wide: bool,
        to: Num,
        a: Num,
        b: Num,
    },
    AddDouble {
        to: Num,
        a: Num,
        b: Num,
    },
    SubtractDouble {
        to: Num,
        a: Num,
        b: Num,
    },
    MultiplyDouble {
        to: Num,
        a: Num,
        b: Num,
    },
    DivideDouble {
        to: Num,
        a: Num,
        b: Num,
    },
    /// Arithmetic that is not worth an instruction of its own.
    Arithmetic {
        operator: Binary,
        kind: Primitive,
        to: Num,
        a: Num,
        b: Num,
    },
    Negate {
        kind: Primitive,
        to: Num,
        a: Num,
    },
    Complement {
        to: Num,
        a: Num,
    },
    Convert {
        from: Primitive,
        into: Primitive,
        to: Num,
        a: Num,
    },
    Math1 {
        function: MathFunction,
        to: Num,
        a: Num,
    },
    Math2 {
        function: MathFunction,
        to: Num,
        a: Num,
        b: Num,
    },
    Score(Num),

    Box {
        kind: Primitive,
        to: Ref,
        from: Num,
    },
    /// `explicit` casts narrow, implicit ones only widen.
    Unbox {
        kind: Primitive,
        explicit: bool,
        to: Num,
        from: Ref,
    },
    CheckClass {
        class: Class,
        value: Ref,
    },
    IsInstance {
        class: Class,
        to: Num,
        value: Ref,
    },
    /// Whether the value is anything but null.
    IsObject {
        to: Num,
        value: Ref,
    },
    Binary {
        operator: Binary,
        to: Ref,
        a: Ref,
        b: Ref,
    },
    Compare {
        operator: Binary,
        to: Num,
        a: Ref,
        b: Ref,
    },
    Unary {
        operator: crate::ast::Unary,
        to: Ref,
        a: Ref,
    },
    LoadField {
        to: Ref,
        object: Ref,
        name: u16,
    },
    StoreField {
        object: Ref,
        name: u16,
        value: Ref,
    },
    LoadIndex {
        to: Ref,
        object: Ref,
        index: Ref,
    },
    StoreIndex {
        object: Ref,
        index: Ref,
        value: Ref,
    },
    /// `params._source`
    Source(Ref),
    /// `doc['name'].value`
    DocumentValue {
        to: Ref,
        name: u16,
    },
    /// Arguments lie behind the object.
    Call {
        method: Method,
        name: u16,
        to: Ref,
        object: Ref,
        count: u8,
    },
    CallStatic {
        method: StaticMethod,
        to: Ref,
        first: Ref,
        count: u8,
    },
    List {
        to: Ref,
        first: Ref,
        count: u16,
    },
    Map {
        to: Ref,
        first: Ref,
        count: u16,
    },
    Exception {
        kind: Kind,
        to: Ref,
        message: Ref,
    },
    /// Replaces a collection by what can be gone through.
    Iterate {
        to: Ref,
        from: Ref,
    },
    /// The element at `at` of what `Iterate` gave; jumps when there is none.
    Next {
        to: Ref,
        from: Ref,
        at: Num,
        target: Target,
    },
    Throw(Ref),
    ReturnNum {
        kind: Primitive,
        from: Num,
    },
    ReturnRef(Ref),
    Return,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Less,
    LessEqual,
    Equal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    Left,
    Right,
    RightUnsigned,
}

/// Where a script goes on when one of its instructions fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    /// The instructions that it watches.
    pub from: Target,
    pub to: Target,
    /// What it catches; `None` is every exception.
    pub catches: Option<Kind>,
    /// Gets the exception.
    pub variable: Ref,
    pub target: Target,
}

impl Handler {
    /// Whether it catches what went wrong at that instruction. Limits of the node cannot be caught.
    pub(crate) fn is_for(&self, op: usize, kind: Kind) -> bool {
        let inside = (self.from as usize..self.to as usize).contains(&op);
        let of_the_node = matches!(
            kind,
            Kind::CircuitBreaking | Kind::PainlessError | Kind::TaskCancelled
        );
        inside
            && !of_the_node
            && match self.catches {
                None => true,
                Some(Kind::IndexOutOfBounds) => {
                    matches!(kind, Kind::IndexOutOfBounds | Kind::StringIndexOutOfBounds)
                }
                Some(Kind::IllegalArgument) => {
                    matches!(kind, Kind::IllegalArgument | Kind::NumberFormat)
                }
                Some(caught) => caught == kind,
            }
    }
}

/// A compiled script.
#[derive(Debug)]
pub(crate) struct Program {
    pub ops: Vec<Op>,
    /// Byte of the source of each instruction.
    pub places: Vec<u32>,
    /// Bytes at which statements begin, ascending.
    pub statements: Vec<u32>,
    /// Registers of numbers that hold constants.
    pub num_constants: Vec<(Num, i64)>,
    /// Numbers for [`Op::Constant`].
    pub more_constants: Vec<i64>,
    /// How many registers of values.
    pub refs: usize,
    pub ref_constants: Vec<(Ref, Value)>,
    pub names: Vec<Arc<str>>,
    /// The innermost first.
    pub handlers: Vec<Handler>,
    /// Registers of the variables that the host fills.
    pub document: Option<Ref>,
    pub params: Option<Ref>,
    pub ctx: Option<Ref>,
}

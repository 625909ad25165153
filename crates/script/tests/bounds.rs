//! No script hangs, fills the memory, or breaks the machine.

#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{Failure, Limits as JsonLimits, Node, parse};
use glasswork_script::{
    Context, Field, Halt, Host, Interrupt, Limits, Machine, NoDocument, Scalar, compile,
};
use proptest::prelude::*;
use std::fmt::Write as _;

fn params() -> Node {
    parse(
        br#"{"list":[1,2],"map":{"a":1},"s":"x","n":3}"#,
        &JsonLimits::DEFAULT,
    )
    .unwrap()
}

/// Interrupts at the nth call, and keeps how far apart the calls were.
struct Impatient {
    calls_left: u32,
    most_steps: u32,
}

impl Host for Impatient {
    fn tick(&mut self, steps: u32) -> Result<(), Interrupt> {
        self.most_steps = self.most_steps.max(steps);
        self.calls_left = self.calls_left.checked_sub(1).ok_or(Interrupt)?;
        Ok(())
    }

    fn field(&mut self, _name: &str) -> Result<Option<Field>, Failure> {
        Ok(Some(Field(0)))
    }

    fn count(&mut self, _field: Field) -> usize {
        2
    }

    fn value(&mut self, _field: Field, index: usize) -> Scalar {
        Scalar::Long(index as i64)
    }

    fn score(&mut self) -> f64 {
        1.0
    }
}

#[test]
fn an_endless_loop_is_interrupted_within_1024_steps() {
    for source in [
        "while (true) { }",
        "for (;;) { }",
        "int i = 0; do { i++ } while (true)",
        "def l = []; while (true) { l.size() }",
        "def l = [1]; while (true) { for (x in l) { } }",
        "while (true) { if (false) { continue } else { continue } }",
    ] {
        let script = compile(source, Context::Field, &Limits::DEFAULT).unwrap();
        let mut machine = Machine::new(&script, &params(), &Limits::DEFAULT);
        let mut host = Impatient {
            calls_left: 50,
            most_steps: 0,
        };
        assert_eq!(machine.value(&mut host), Err(Halt::Interrupted), "{source}");
        assert!(host.most_steps <= 1_024, "{source}: {}", host.most_steps);
        // and again: a run leaves nothing behind
        assert_eq!(
            machine.value(&mut Impatient {
                calls_left: 1,
                most_steps: 0
            }),
            Err(Halt::Interrupted)
        );
    }
}

#[test]
fn fuel_ends_a_run_at_its_step() {
    let script = compile(
        "int i = 0; while (true) { i++ }",
        Context::Field,
        &Limits::DEFAULT,
    )
    .unwrap();
    let limits = Limits {
        fuel: Some(5_000),
        ..Limits::DEFAULT
    };
    let mut machine = Machine::new(&script, &params(), &limits);
    let mut host = Impatient {
        calls_left: u32::MAX,
        most_steps: 0,
    };
    let Err(Halt::Failed(failure)) = machine.value(&mut host) else {
        panic!("no fuel")
    };
    assert!(
        failure
            .cause
            .unwrap()
            .reason()
            .starts_with("The maximum number of statements")
    );
    let few = compile(
        "int i = 0; while (i < 4000) { i++ } return i",
        Context::Field,
        &Limits::DEFAULT,
    )
    .unwrap();
    assert!(
        Machine::new(&few, &params(), &limits)
            .value(&mut host)
            .is_ok()
    );
}

#[test]
fn memory_that_is_held_is_bounded_and_memory_that_is_not_comes_back() {
    let limits = Limits {
        memory: 1 << 20,
        fuel: Some(5_000_000),
        ..Limits::DEFAULT
    };
    let run = |source: &str| {
        let script = compile(source, Context::Field, &limits).unwrap();
        Machine::new(&script, &params(), &limits).value(&mut NoDocument)
    };
    for source in [
        "def l = []; while (true) { l.add('x') }",
        "def s = 'x'; while (true) { s += s }",
        "def m = [:]; int i = 0; while (true) { m['k' + i++] = i }",
        "def l = []; while (true) { l.add([l]) }",
        "'x'.repeat(2000000000)",
        "def l = [1]; while (true) { l.addAll(l) }",
        "def l = ['x'.repeat(1000)]; for (int i = 0; i < 80; i++) { l = [l, l] } return l",
        "def l = ['x'.repeat(1000)]; for (int i = 0; i < 80; i++) { l = [l, l] } return l.toString()",
        "def s = 'x'; for (int i = 0; i < 15; i++) { s += s } return s.replace('x', s)",
        "String.join('x'.repeat(100000), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x'])",
    ] {
        let Err(Halt::Failed(failure)) = run(source) else {
            panic!("{source} ended well")
        };
        assert_eq!(failure.status(), 400);
        let cause = failure.cause.unwrap();
        assert!(
            cause.kind.name() == "circuit_breaking_exception"
                || cause.reason().contains("too large"),
            "{source}: {cause}"
        );
    }
    // what is let go is no burden
    let source = "def s = ''; for (int i = 0; i < 50000; i++) { s = 'number ' + i; def l = [s, i]; def m = ['a': l] } return s";
    assert_eq!(run(source).unwrap().as_str(), Some("number 49999"));
}

#[test]
fn a_source_is_bounded_in_size_depth_and_count() {
    let limits = Limits::DEFAULT;
    let refused = |source: String| compile(&source, Context::Field, &limits).unwrap_err();
    let big = "x".repeat(70_000);
    assert_eq!(
        refused(big).reason(),
        "exceeded max allowed inline script size in bytes [65535] with size [70000] for script"
    );
    for source in [
        "(".repeat(60_000),
        "[".repeat(60_000),
        "{".repeat(60_000),
        "!".repeat(60_000),
        "-(".repeat(30_000),
        "x?".repeat(30_000),
        "x=".repeat(30_000),
        "a?.".repeat(20_000),
        "if(x)".repeat(12_000),
        "1?1:".repeat(16_000),
        "1?:".repeat(20_000),
        "(int)".repeat(13_000),
        "f(".repeat(30_000),
        "1;".repeat(30_000),
        "a.".repeat(30_000) + "a",
    ] {
        assert_eq!(
            refused(source.clone()).reason(),
            "compile error",
            "{}",
            &source[..5]
        );
    }
    // long chains are no depth
    let sum = "1".to_owned() + &"+1".repeat(9_000);
    let any = "false".to_owned() + &"||false".repeat(5_000);
    let both = "true".to_owned() + &"&&true".repeat(5_000);
    let texts = "'a'".to_owned() + &"+'a'".repeat(3_000);
    let branches = "if (false) { return 0 }".to_owned()
        + &" else if (false) { return 1 }".repeat(1_500)
        + " else { return 2 }";
    for (source, expected) in [
        (&sum, "9001"),
        (&any, "false"),
        (&both, "true"),
        (&branches, "2"),
    ] {
        let script = compile(source, Context::Field, &limits).unwrap();
        let value = Machine::new(&script, &params(), &limits)
            .value(&mut NoDocument)
            .unwrap();
        assert_eq!(String::from_utf8(value.to_json()).unwrap(), expected);
    }
    let script = compile(&texts, Context::Field, &limits).unwrap();
    assert_eq!(
        Machine::new(&script, &params(), &limits)
            .value(&mut NoDocument)
            .unwrap()
            .as_str()
            .map(str::len),
        Some(3_001)
    );
    // nested choices are compiled once each
    let choices = "true?".repeat(20) + "1" + &":2".repeat(20);
    let nested = format!("{}1{}", "(1+(true?".repeat(20), ":2))".repeat(20));
    for source in [choices, nested] {
        assert!(compile(&source, Context::Field, &limits).is_ok());
    }
    let mut many = String::new();
    for n in 0..300 {
        write!(many, "int v{n} = {n}; ").unwrap();
    }
    assert_eq!(refused(many).reason(), "compile error");
    let mut numbers = String::from("long s = 0;");
    for n in 0..2_000 {
        write!(numbers, "s += {n};").unwrap();
    }
    let script = compile(&(numbers + "return s"), Context::Field, &limits).unwrap();
    assert_eq!(
        Machine::new(&script, &params(), &limits)
            .value(&mut NoDocument)
            .unwrap()
            .as_i64(),
        Some(1_999_000)
    );
}

fn piece() -> impl Strategy<Value = String> {
    let words = [
        "int",
        "long",
        "def",
        "double",
        "boolean",
        "String",
        "byte",
        "char",
        "x",
        "y",
        "l",
        "m",
        "params",
        "doc",
        "ctx",
        "_score",
        "1",
        "2L",
        "0",
        "1.5",
        "2f",
        "'a'",
        "''",
        "true",
        "null",
        "+",
        "-",
        "*",
        "/",
        "%",
        "=",
        "+=",
        "-=",
        "++",
        "--",
        "==",
        "===",
        "<",
        ">=",
        "&&",
        "||",
        "!",
        "~",
        "&",
        "|",
        "^",
        "<<",
        ">>>",
        "?",
        ":",
        "?:",
        "?.",
        ".",
        ",",
        ";",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "if",
        "else",
        "while",
        "for",
        "do",
        "in",
        "return",
        "break",
        "continue",
        "throw",
        "new",
        "ArrayList()",
        "instanceof",
        "Math",
        "max",
        "size()",
        "add",
        "list",
        "map",
        ".value",
        "['f']",
        "(int)",
        "(String)",
        "IllegalArgumentException",
        "\u{e4}",
        "(byte)",
        ".substring(1)",
        ".length()",
        ".toString()",
        "String.format",
        "'%5d'",
        ".sort(null)",
        ".keySet()",
    ];
    proptest::sample::select(words.to_vec()).prop_map(str::to_owned)
}

/// Scripts that are well formed more often than not.
fn script() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(
        &[
            "x",
            "y",
            "l",
            "m",
            "1",
            "2L",
            "0",
            "1.5",
            "2.5f",
            "'a'",
            "true",
            "null",
            "params.n",
            "params.list",
            "doc['f'].value",
            "-1",
            "(byte)7",
            "[]",
            "[:]",
            "_score",
        ][..],
    )
    .prop_map(str::to_owned);
    let expression = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (
                inner.clone(),
                proptest::sample::select(
                    &[
                        "+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&", "|", "^", "<<", ">>>",
                        "&&", "||", "?:", "==="
                    ][..]
                ),
                inner.clone()
            )
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (
                proptest::sample::select(
                    &[
                        "int", "long", "double", "float", "byte", "short", "char", "def", "String",
                        "List"
                    ][..]
                ),
                inner.clone()
            )
                .prop_map(|(kind, a)| format!("(({kind}){a})")),
            (
                inner.clone(),
                proptest::sample::select(
                    &[
                        "size()",
                        "length()",
                        "add(1)",
                        "get(0)",
                        "toString()",
                        "hashCode()",
                        "put('k', 1)",
                        "sort(null)",
                        "value",
                        "length",
                        "keySet()",
                        "substring(1)",
                        "contains(1)",
                        "addAll(l)",
                        "remove(0)",
                        "intValue()",
                        "removeIf(w -> w == 1)",
                        "removeIf(w -> w)",
                        "entrySet()"
                    ][..]
                )
            )
                .prop_map(|(a, call)| format!("{a}.{call}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}: {b}]")),
            inner.clone().prop_map(|a| format!("Math.floor({a})")),
            inner.prop_map(|a| format!("(-{a})")),
        ]
    });
    let statement = prop_oneof![
        expression.clone().prop_map(|e| format!("x = {e};")),
        expression.clone().prop_map(|e| format!("y += {e};")),
        expression.clone().prop_map(|e| format!("l.add({e});")),
        expression.clone().prop_map(|e| format!("m['k'] = {e};")),
        expression.clone().prop_map(|e| format!("m.k -= {e};")),
        Just("y++;".to_owned()),
        Just("x--;".to_owned()),
        expression
            .clone()
            .prop_map(|e| format!("if ({e}) {{ x = 1 }} else {{ y = 2 }}")),
        expression
            .clone()
            .prop_map(|e| format!("while ({e}) {{ y++; }}")),
        expression
            .clone()
            .prop_map(|e| format!("for (z in {e}) {{ l.add(z); if (z == 1) break; }}")),
        expression
            .clone()
            .prop_map(|e| format!("for (int i = 0; i < 20; i++) {{ x = {e}; continue; }}")),
    ];
    (proptest::collection::vec(statement, 0..6), expression).prop_map(|(statements, last)| {
        format!(
            "def x = 1; int y = 2; List l = [3]; Map m = ['k': 4]; {} return {last}",
            statements.concat()
        )
    })
}

fn check(source: &str) {
    let limits = Limits {
        fuel: Some(20_000),
        memory: 1 << 18,
        ..Limits::DEFAULT
    };
    for context in [
        Context::Field,
        Context::Filter,
        Context::Score,
        Context::Update,
    ] {
        let Ok(script) = compile(source, context, &limits) else {
            continue;
        };
        let mut machine = Machine::new(&script, &params(), &limits);
        let mut host = Impatient {
            calls_left: 10_000,
            most_steps: 0,
        };
        for _ in 0..2 {
            match context {
                Context::Update => drop(machine.update(&params(), &mut host)),
                Context::Filter => drop(machine.filter(&mut host)),
                Context::Score => drop(machine.number(&mut host)),
                _ => drop(machine.value(&mut host)),
            }
        }
    }
}

proptest! {
    #[test]
    fn random_words_neither_panic_nor_hang(pieces in proptest::collection::vec(piece(), 0..30)) {
        check(&pieces.join(" "));
    }

    #[test]
    fn random_scripts_neither_panic_nor_hang(source in script()) {
        check(&source);
    }

    #[test]
    fn random_texts_do_not_panic(source in ".{0,80}") {
        check(&source);
    }

    #[test]
    fn whole_arithmetic_wraps_as_in_java(a in any::<i32>(), b in any::<i32>(), operator in 0usize..8) {
        let (symbol, expected) = [
            ("+", Some(a.wrapping_add(b))),
            ("-", Some(a.wrapping_sub(b))),
            ("*", Some(a.wrapping_mul(b))),
            ("/", a.checked_div(b).or((b == -1).then_some(a))),
            ("%", a.checked_rem(b).or((b == -1).then_some(0))),
            ("<<", Some(a.wrapping_shl(b as u32))),
            (">>", Some(a.wrapping_shr(b as u32))),
            ("^", Some(a ^ b)),
        ][operator];
        for kind in ["int", "def"] {
            let source = format!("{kind} a = {a}; {kind} b = {b}; return a {symbol} b");
            let script = compile(&source, Context::Field, &Limits::DEFAULT).unwrap();
            let value = Machine::new(&script, &params(), &Limits::DEFAULT).value(&mut NoDocument);
            prop_assert_eq!(value.ok().and_then(|node| node.as_i64()), expected.map(i64::from), "{}", source);
        }
    }

    #[test]
    fn doubles_are_compared_and_computed_as_ieee_says(a in any::<f64>(), b in any::<f64>()) {
        prop_assume!(a.is_finite() && b.is_finite());
        let mut host = NoDocument;
        let params = parse(format!("{{\"a\":{a:e},\"b\":{b:e}}}").as_bytes(), &JsonLimits::DEFAULT).unwrap();
        for (source, expected) in [("a < b", a < b), ("a >= b", a >= b), ("!(a == b)", a != b), ("a + b > a * b", a + b > a * b)] {
            let source = format!("double a = params.a; double b = params.b; return {source}");
            let script = compile(&source, Context::Filter, &Limits::DEFAULT).unwrap();
            prop_assert_eq!(Machine::new(&script, &params, &Limits::DEFAULT).filter(&mut host), Ok(expected), "{}", source);
        }
    }
}

#[test]
fn the_deepest_scripts_that_are_accepted_compile_and_run() {
    let deep = |depth: usize| {
        [
            "!".repeat(depth) + "true",
            "- ".repeat(depth) + "params.n",
            "(".repeat(depth) + "1" + &")".repeat(depth),
            "params".to_owned() + &".a".repeat(depth),
            "params".to_owned() + &"?.a".repeat(depth),
            "params".to_owned() + &"['a']".repeat(depth),
            "params".to_owned() + &".toString()".repeat(depth),
            "[".repeat(depth) + &"]".repeat(depth),
            "[1:".repeat(depth) + "1" + &"]".repeat(depth),
            "{".repeat(depth) + &"}".repeat(depth),
            "if (true) ".repeat(depth) + "return 1",
            "true ? 1 : ".repeat(depth) + "2",
            "null ?: ".repeat(depth) + "2",
            "def x; ".to_owned() + &"x = ".repeat(depth) + "2",
            "(int)".repeat(depth) + "2.5",
            "1 + (".repeat(depth) + "1" + &")".repeat(depth),
            "true && (false || ".repeat(depth) + "true" + &")".repeat(depth),
            (0..depth)
                .map(|n| format!("for (x{n} in [1]) "))
                .collect::<String>()
                + ";",
            "Math.abs(".repeat(depth) + "1" + &")".repeat(depth),
            "params.s.concat(".repeat(depth) + "'x'" + &")".repeat(depth),
            (0..depth)
                .map(|n| format!("[1].removeIf(x{n} -> "))
                .collect::<String>()
                + "true"
                + &")".repeat(depth),
        ]
    };
    let mut deepest = vec![0; deep(1).len()];
    for depth in (1..=260).step_by(10) {
        for (kind, source) in deep(depth).iter().enumerate() {
            let Ok(script) = compile(source, Context::Field, &Limits::DEFAULT) else {
                continue;
            };
            deepest[kind] = depth;
            let limits = Limits {
                fuel: Some(100_000),
                ..Limits::DEFAULT
            };
            drop(Machine::new(&script, &params(), &limits).value(&mut NoDocument));
        }
    }
    assert!(deepest.iter().all(|&depth| depth >= 30), "{deepest:?}");
}

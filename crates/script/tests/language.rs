//! What scripts mean, by table: a source and what it gives.

#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{Failure, Limits as JsonLimits, Node, parse};
use glasswork_script::{Context, Field, Halt, Host, Interrupt, Limits, Machine, Scalar, compile};

/// A document with a field of each kind.
#[derive(Default)]
struct Book;

impl Host for Book {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupt> {
        Ok(())
    }

    fn field(&mut self, name: &str) -> Result<Option<Field>, Failure> {
        let names = [
            "year", "rating", "title", "tags", "seen", "added", "nothing",
        ];
        Ok(names
            .iter()
            .position(|known| *known == name)
            .map(|at| Field(at as u32)))
    }

    fn count(&mut self, field: Field) -> usize {
        [1, 1, 1, 3, 1, 1, 0][field.0 as usize]
    }

    fn value(&mut self, field: Field, index: usize) -> Scalar {
        match field.0 {
            0 => Scalar::Long(1937),
            1 => Scalar::Double(4.5),
            2 => Scalar::Text("The Hobbit".into()),
            3 => Scalar::Text(["a", "b", "c"][index].into()),
            4 => Scalar::Bool(true),
            _ => Scalar::Date(951_827_696_789),
        }
    }

    fn score(&mut self) -> f64 {
        2.5
    }
}

fn json(text: &str) -> Node {
    parse(text.as_bytes(), &JsonLimits::DEFAULT).unwrap()
}

fn told(node: &Node) -> String {
    String::from_utf8(node.to_json()).unwrap()
}

fn run(source: &str) -> Result<String, Failure> {
    let script = compile(source, Context::Field, &Limits::DEFAULT)?;
    let params = json(
        r#"{"y":7,"big":5000000000,"f":1.5,"s":"text","list":[1,2,3],"map":{"a":{"b":1}},"none":null}"#,
    );
    let limits = Limits {
        fuel: Some(1_000_000),
        ..Limits::DEFAULT
    };
    let mut machine = Machine::new(&script, &params, &limits);
    let first = machine.value(&mut Book);
    let second = machine.value(&mut Book);
    assert_eq!(
        first, second,
        "a machine runs again as if for the first time: {source}"
    );
    match first {
        Ok(node) => Ok(told(&node)),
        Err(Halt::Failed(failure)) => Err(*failure),
        Err(Halt::Interrupted) => panic!("nobody interrupts"),
    }
}

fn gives(table: &[(&str, &str)]) {
    for (source, expected) in table {
        match run(source) {
            Ok(value) => assert_eq!(&value, expected, "{source}"),
            Err(failure) => panic!("{source}: {}", told_failure(&failure)),
        }
    }
}

fn told_failure(failure: &Failure) -> String {
    failure
        .chain()
        .map(|failure| format!("{failure}"))
        .collect::<Vec<_>>()
        .join(" <- ")
}

/// The source, the kind of the cause, its reason, and the offset.
fn fails(how: &str, table: &[(&str, &str, &str, i64)]) {
    for (source, kind, reason, offset) in table {
        let failure =
            run(source).map_or_else(|failure| failure, |value| panic!("{source} gave {value}"));
        assert_eq!(
            failure.reason(),
            how,
            "{source}: {}",
            told_failure(&failure)
        );
        let cause = failure.cause.as_ref().unwrap();
        assert_eq!(
            (cause.kind.name(), cause.reason()),
            (*kind, *reason),
            "{source}"
        );
        let Some(glasswork_content::Meta::Object(position)) = failure.meta("position") else {
            panic!("a position")
        };
        assert_eq!(
            position[0].1,
            glasswork_content::Meta::Long(*offset),
            "{source}"
        );
    }
}

#[test]
fn whole_numbers_are_computed_as_java_computes_them() {
    gives(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("2147483647 + 1", "-2147483648"),
        ("2147483647L + 1", "2147483648"),
        ("-2147483648 / -1", "-2147483648"),
        ("Long.MIN_VALUE / -1L", "-9223372036854775808"),
        ("Integer.MAX_VALUE * 2", "-2"),
        ("1 << 33", "2"),
        ("1L << 33", "8589934592"),
        ("-1 >>> 28", "15"),
        ("-1 >> 28", "-1"),
        ("-1L >>> 60", "15"),
        ("0xFF & 0x0F", "15"),
        ("017", "15"),
        ("5 ^ 3 | 8", "14"),
        ("~5", "-6"),
        ("(byte)200", "-56"),
        ("(short)70000", "4464"),
        ("(int)3000000000L", "-1294967296"),
        ("(int)(char)'a' + 0", "97"),
        ("(long)1e300", "9223372036854775807"),
        ("(int)Double.NaN", "0"),
        ("byte b = (byte)127; b += 1; return b", "-128"),
        ("int i = 5; i *= 1.5; return i", "7"),
        ("short s = (short)1; s++; return s", "2"),
        ("int i = 3; return i++ + i", "7"),
        ("int i = 3; return ++i + i--", "8"),
        ("int i = 1; int j = i + (i = 5); return j", "6"),
        ("int i = 2; i += i++; return i", "4"),
        ("long a = 1, b = 2; return a + b", "3"),
        ("-9223372036854775808L", "-9223372036854775808"),
    ]);
}

#[test]
fn fractions_are_computed_as_java_computes_them() {
    gives(&[
        ("1.0 / 3", "0.3333333333333333"),
        ("1 / 2.0", "0.5"),
        ("0.1f + 0.2f", "0.3"),
        ("0.1f + 0.2", "0.30000000149011613"),
        ("7.5 % 2", "1.5"),
        ("1.0 / 0", "\"Infinity\""),
        ("0.0 / 0 == 0.0 / 0", "false"),
        ("0.0 / 0 != 0.0 / 0", "true"),
        ("!(0.0 / 0 < 1)", "true"),
        ("double x = 5; return x", "5.0"),
        ("float f = 16777217; return f", "1.6777216E7"),
        ("Math.max(1, 2)", "2.0"),
        ("Math.round(2.5)", "3"),
        ("Math.pow(2, 10)", "1024.0"),
        ("Math.floor(-1.5) + Math.abs(-3)", "1.0"),
        ("Math.sqrt(16) + Math.log10(1000)", "7.0"),
        ("Math.PI > 3.14 && Math.E < 2.72", "true"),
        ("Math.random() < 1", "true"),
        ("1e3", "1000.0"),
        ("2f", "2.0"),
    ]);
}

#[test]
fn conditions_are_decided() {
    gives(&[
        (
            "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 == 1 && 1 != 2",
            "true",
        ),
        ("1 > 2 || 2 > 3 || 3 > 2", "true"),
        ("!(1 < 2) || false", "false"),
        ("true && !false", "true"),
        ("boolean b = 1 < 2; return b == true", "true"),
        ("boolean b = 1 > 2 || !(3 > 4); return !b", "false"),
        ("true ^ true", "false"),
        ("true & false | true", "true"),
        ("1 == 1.0", "true"),
        ("1 == 1L", "true"),
        ("'a' == 'a'", "true"),
        ("'a' === 'a'", "true"),
        ("null == null", "true"),
        ("params.none == null", "true"),
        ("params.y != null && params.y > 5", "true"),
        ("[1,2] == [1,2]", "true"),
        ("[1,2] === [1,2]", "false"),
        ("['a':1] == ['a':1]", "true"),
        ("[1] == [1L]", "false"),
        ("2 > 1 ? 'yes' : 'no'", "\"yes\""),
        ("def x = 2 > 1 ? 1 : 2.5; return x", "1.0"),
        ("1 > 2 ? 1 : 2 > 3 ? 2 : 3", "3"),
        ("params.none ?: 'default'", "\"default\""),
        ("params.y ?: 1", "7"),
        ("params.none?.foo", "null"),
        ("params.none?.foo()", "null"),
        ("params.map?.a?.b", "1"),
        (
            "'x' instanceof String && !('x' instanceof List) && 1 instanceof Integer && [:] instanceof Map",
            "true",
        ),
        (
            "params.big instanceof Long && params.y instanceof Integer && params.f instanceof Double",
            "true",
        ),
        ("true || params.none.x", "true"),
        ("false && params.none.x", "false"),
    ]);
}

#[test]
fn strings_are_joined_and_asked() {
    gives(&[
        ("'a' + 1 + 2.0 + true + null + 'x'", "\"a12.0truenullx\""),
        ("1 + 2 + 'a'", "\"3a\""),
        (
            "\"it's\" + 'a \"b\" \\' \\\\'",
            "\"it'sa \\\"b\\\" ' \\\\\"",
        ),
        ("String s = 'x'; s += 1; s += 'y'; return s", "\"x1y\""),
        ("'Hobbit'.length()", "6"),
        (
            "'Hobbit'.substring(1, 3) + 'Hobbit'.substring(4)",
            "\"obit\"",
        ),
        (
            "'ä😀b'.length() + ',' + 'ä😀b'.indexOf('b') + ',' + 'ä😀b'.substring(3)",
            "\"4,3,b\"",
        ),
        (
            "'abc'.indexOf('c') + 'abc'.lastIndexOf('z') + 'abcabc'.indexOf('a', 1)",
            "4",
        ),
        (
            "'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c') && !'abc'.isEmpty()",
            "true",
        ),
        (
            "'AbC'.toLowerCase() + 'AbC'.toUpperCase() + ' x '.trim()",
            "\"abcABCx\"",
        ),
        (
            "'a,b,,c,'.splitOnToken(',')",
            "[\"a\",\"b\",\"\",\"c\",\"\"]",
        ),
        ("'a,b,c'.splitOnToken(',', 2)", "[\"a\",\"b,c\"]"),
        ("'aXbX'.replace('X', '--')", "\"a--b--\""),
        (
            "'abc'.equals('abc') && 'ABC'.equalsIgnoreCase('abc') && !'a'.equals(1)",
            "true",
        ),
        ("'a'.compareTo('c') + 'abc'.compareTo('ab')", "-1"),
        ("'abc'.charAt(1)", "\"b\""),
        ("'abc'.charAt(1) == (char)'b'", "true"),
        (
            "String.valueOf(1.0) + String.join('-', ['a', 'b'])",
            "\"1.0a-b\"",
        ),
        (
            "String.format('%s has %d of %.2f%% %5s|%-4s|%05d', ['x', 3, 1.005, 'r', 'l', 42])",
            "\"x has 3 of 1.00%     r|l   |00042\"",
        ),
        ("'hello'.hashCode()", "99162322"),
        (
            "[1, 'a', [2.0, null], ['k': 'v']].toString()",
            "\"[1, a, [2.0, null], {k=v}]\"",
        ),
        (
            "Integer.parseInt('42') + Long.parseLong('-1') + Double.parseDouble('1.5')",
            "42.5",
        ),
        (
            "Integer.toString(5) + Boolean.parseBoolean('TRUE')",
            "\"5true\"",
        ),
        ("'x'.repeat(3)", "\"xxx\""),
    ]);
}

#[test]
fn loops_and_branches_run() {
    gives(&[
        (
            "long s = 0; for (int i = 0; i < 200000; i++) { s += i % 7 } return s > 0",
            "true",
        ),
        (
            "int s = 0; for (int i = 0; i < 10; ++i) { if (i == 3) continue; if (i == 6) break; s += i } return s",
            "12",
        ),
        ("int i = 0; while (i < 5) { i += 2 } return i", "6"),
        ("int i = 0; do { i++ } while (i < 3); return i", "3"),
        ("int s = 0; for (x in [1, 2, 3]) s += x; return s", "6"),
        (
            "int s = 0; for (int x : [1, 2, 3]) { s += x } return s",
            "6",
        ),
        (
            "def s = ''; for (def e : ['a': 1, 'b': 2].entrySet()) { s += e.key + e.getValue() } return s",
            "\"a1b2\"",
        ),
        (
            "def l = [1, 2]; for (x in l) { l.add(x) } return l",
            "[1,2,1,2]",
        ),
        (
            "int s = 0; for (int i = 0; i < 3; i++) for (int j = 0; j < 3; j++) { if (j == 2) break; s += j } return s",
            "3",
        ),
        (
            "if (1 > 2) return 1; else if (2 > 3) { return 2 } else return 3",
            "3",
        ),
        ("for (int i = 0; ; i++) { if (i > 10) return i }", "11"),
        (
            "int x = 1; { int y = 2; x += y } { int y = 3; x += y } return x",
            "6",
        ),
        ("def x; if (x == null) { x = 5 } x", "5"),
        ("int x; x", "0"),
        ("if (false) { return 1 }", "null"),
        (
            "for (def x : [3, 1, 2]) { if (x == 1) { return x } } return 0",
            "1",
        ),
        (
            "int n = 0; while (true) { n++; if (n > 5) { break } } return n",
            "6",
        ),
        ("// comment\n/* another */ return 1 // end", "1"),
        (
            "int s = 0; for (int i = 0; i < 3; i++) { def d = i * 2; s += d } return s",
            "6",
        ),
    ]);
}

#[test]
fn lists_maps_and_sets_are_worked_with() {
    gives(&[
        (
            "def l = [1, 2, 3]; l.add(4); l.remove(0); l[0] = 9; return l",
            "[9,3,4]",
        ),
        (
            "List l = new ArrayList(); l.add('a'); l.add(0, 'b'); l.addAll(['c']); return l",
            "[\"b\",\"a\",\"c\"]",
        ),
        (
            "[3, 1, 2].size() + [3, 1, 2].indexOf(1) + [1, 1].lastIndexOf(1)",
            "5",
        ),
        ("def l = [3, 1, 2]; l.sort(null); return l", "[1,2,3]"),
        ("def l = [1, 2, 3, 4]; return l.subList(1, 3)", "[2,3]"),
        (
            "[1, 2].contains(2) && !['a'].contains('b') && [].isEmpty()",
            "true",
        ),
        ("[1, 2, 3][-1]", "3"),
        (
            "def m = ['a': 1]; m.b = 2; m['c'] = 3; m.put('d', 4); m.remove('a'); return m",
            "{\"b\":2,\"c\":3,\"d\":4}",
        ),
        (
            "Map m = new HashMap(); m.x = 1; m.x += 5; m.x++; return m.x",
            "7",
        ),
        (
            "def m = ['a': 1]; return m.containsKey('a') && m.containsValue(1) && m.getOrDefault('z', 5) == 5",
            "true",
        ),
        (
            "def m = [:]; m.putIfAbsent('a', 1); m.putIfAbsent('a', 2); m.putAll(['b': 3]); return m",
            "{\"a\":1,\"b\":3}",
        ),
        ("['b': 1, 'a': 2].keySet()", "[\"b\",\"a\"]"),
        ("['b': 1, 'a': 2].values()", "[1,2]"),
        (
            "def s = new HashSet(); s.add(1); s.add(1); s.add(2); return s.size()",
            "2",
        ),
        (
            "def s = new HashSet(['a', 'b']); s.remove('a'); return s",
            "[\"b\"]",
        ),
        ("def l = [1, 2, 3, 2]; l.removeAll([2]); return l", "[1,3]"),
        (
            "def m = ['l': [1]]; m.l.add(2); m.l[0]++; return m",
            "{\"l\":[2,2]}",
        ),
        ("def l = [[1, 2], [3]]; return l[0][1] + l[1].get(0)", "5"),
        (
            "def l = new ArrayList(params.list); l.add(4); return l.size() + params.list.size()",
            "7",
        ),
        (
            "def m = [1: 'a', 2L: 'b']; return m[1] + m[2L] + m[2]",
            "\"abnull\"",
        ),
        ("params.list[0] + params.map.a.b + params['y']", "9"),
        (
            "def m = [:]; for (int i = 0; i < 100; i++) { m['k' + i] = i } m.remove('k50'); return m.size() + m.k99",
            "198",
        ),
        ("Collections.max([1, 5, 3])", "5"),
        ("def x = [[1, 5]]; x.0.1 = 7; return x.0.1", "7"),
        ("Objects.equals(null, null)", "true"),
        (
            "def l = [1, 2, 3, 2]; l.removeIf(x -> x == 2); return l",
            "[1,3]",
        ),
        (
            "def l = [1, 2]; return l.removeIf((x) -> x > 5 || x < 0)",
            "false",
        ),
        (
            "def l = [['id': 1], ['id': 2]]; int id = 2; l.removeIf(i -> i.id == id); return l",
            "[{\"id\":1}]",
        ),
        (
            "def s = new HashSet([1, 2]); s.removeIf(x -> x == 1); return s",
            "[2]",
        ),
        (
            "int s = 0; for (Map.Entry e : ['a': 1, 'b': 2].entrySet()) { s += e.getValue() } return s",
            "3",
        ),
        ("Map.Entry e = null; e", "null"),
        ("System.currentTimeMillis() > 1600000000000L", "true"),
        ("def a = 1; def b = a; b += 1; return a", "1"),
    ]);
}

#[test]
fn values_of_documents_are_read() {
    gives(&[
        ("doc['year'].value", "1937"),
        ("2000 - doc['year'].value", "63"),
        ("doc['year'].value > params.y", "true"),
        ("doc.year.value + doc['rating'].value", "1941.5"),
        ("doc['title'].value.toLowerCase()", "\"the hobbit\""),
        ("doc['seen'].value", "true"),
        ("doc['tags'].size() + doc['tags'].length", "6"),
        ("doc['tags'].values", "[\"a\",\"b\",\"c\"]"),
        ("doc['tags']", "[\"a\",\"b\",\"c\"]"),
        ("doc['tags'][1] + doc['tags'].get(2)", "\"bc\""),
        (
            "def s = ''; for (t in doc['tags']) { s += t } return s",
            "\"abc\"",
        ),
        ("doc['tags'].contains('b') && !doc['tags'].empty", "true"),
        ("doc['nothing'].empty", "true"),
        (
            "doc['nothing'].size() == 0 ? -1 : doc['nothing'].value",
            "-1",
        ),
        ("doc.containsKey('year') && !doc.containsKey('foo')", "true"),
        ("doc['added'].value", "\"2000-02-29T12:34:56.789Z\""),
        (
            "doc['added'].value.year + doc['added'].value.getMonthValue() + doc['added'].value.dayOfMonth",
            "2031",
        ),
        (
            "doc['added'].value.toInstant().toEpochMilli()",
            "951827696789",
        ),
        ("doc['added'].value.getDayOfWeek()", "2"),
        (
            "doc['added'].value.isAfter(doc['added'].value.minusDays(1))",
            "true",
        ),
        ("int y = (int)doc['year'].value; return y + 1", "1938"),
        (
            "long y = doc['year'].value; double r = doc['rating'].value; return y * r",
            "8716.5",
        ),
    ]);
}

#[test]
fn what_fails_fails_in_upstreams_shape() {
    fails(
        "runtime error",
        &[
            (
                "doc['foo'].value > 1",
                "illegal_argument_exception",
                "No field found for [foo] in mapping",
                4,
            ),
            (
                "throw new IllegalArgumentException('no')",
                "illegal_argument_exception",
                "no",
                6,
            ),
            (
                "int x = 0; return 1 / x",
                "arithmetic_exception",
                "/ by zero",
                18,
            ),
            (
                "def x = 0; return 1 % x",
                "arithmetic_exception",
                "/ by zero",
                18,
            ),
            (
                "params.none.foo",
                "null_pointer_exception",
                "cannot access method/field [foo] from a null def reference",
                11,
            ),
            (
                "params.none.foo()",
                "null_pointer_exception",
                "cannot access method/field [foo] from a null def reference",
                11,
            ),
            (
                "def x = 'a'; x.foo()",
                "illegal_argument_exception",
                "dynamic method [java.lang.String, foo/0] not found",
                14,
            ),
            (
                "def x = 1; x.foo",
                "illegal_argument_exception",
                "dynamic getter [java.lang.Integer, foo] not found",
                12,
            ),
            (
                "def x = 'a'; return x - 1",
                "class_cast_exception",
                "Cannot apply [-] operation to types [java.lang.String] and [java.lang.Integer].",
                20,
            ),
            (
                "def x = [1]; x[3]",
                "index_out_of_bounds_exception",
                "Index 3 out of bounds for length 1",
                15,
            ),
            (
                "def x = 1L; int y = x; y",
                "class_cast_exception",
                "cannot implicitly cast def [long] to int",
                20,
            ),
            (
                "def x = 'a'; boolean y = x; y",
                "class_cast_exception",
                "cannot implicitly cast def [java.lang.String] to boolean",
                25,
            ),
            (
                "def x = 'a'; List y = x; y",
                "class_cast_exception",
                "cannot implicitly cast def [java.lang.String] to java.util.List",
                22,
            ),
            (
                "'abc'.substring(5)",
                "string_index_out_of_bounds_exception",
                "begin 5, end 3, length 3",
                5,
            ),
            (
                "Integer.parseInt('x')",
                "number_format_exception",
                "For input string: \"x\"",
                7,
            ),
            ("params.y = 5", "unsupported_operation_exception", "", 0),
            (
                "def m = ['a': 1]; m.keySet().remove(0)",
                "unsupported_operation_exception",
                "",
                28,
            ),
            (
                "def m = ['a': 1]; m.entrySet().removeIf(e -> e.value == 1)",
                "unsupported_operation_exception",
                "",
                30,
            ),
            (
                "params.list.add(1)",
                "unsupported_operation_exception",
                "",
                11,
            ),
            (
                "for (x in params.map) { }",
                "illegal_argument_exception",
                "Cannot iterate over [java.util.HashMap]",
                16,
            ),
            (
                "doc['nothing'].value",
                "illegal_state_exception",
                "A document doesn't have a value for a field! Use doc[<field>].size()==0 to check if a document is missing a field!",
                4,
            ),
            (
                "def l = []; l.add(l); return l",
                "illegal_argument_exception",
                "Iterable object is self-referencing itself",
                0,
            ),
            (
                "def l = []; l.add(l); return l.toString()",
                "illegal_argument_exception",
                "Iterable object is self-referencing itself",
                30,
            ),
            (
                "int i = 0; while (true) { i++ }",
                "painless_error",
                "The maximum number of statements that can be executed in a loop has been reached.",
                11,
            ),
        ],
    );
}

#[test]
fn what_does_not_compile_is_refused_in_upstreams_shape() {
    let near = |token: &str| format!("invalid sequence of tokens near ['{token}'].");
    let docs = "is not supported: see docs/scripting.md for the language of scripts";
    fails(
        "compile error",
        &[
            (
                "doc[",
                "illegal_argument_exception",
                "unexpected end of script.",
                4,
            ),
            ("params.x = ;", "illegal_argument_exception", &near(";"), 11),
            ("1 +* 2", "illegal_argument_exception", &near("*"), 3),
            (
                "foo + 1",
                "illegal_argument_exception",
                "cannot resolve symbol [foo]",
                0,
            ),
            (
                "int x = 1; int x = 2",
                "illegal_argument_exception",
                "variable [x] is already defined",
                15,
            ),
            (
                "int x = 'a'",
                "class_cast_exception",
                "Cannot cast from [java.lang.String] to [int].",
                8,
            ),
            (
                "int x = 1L",
                "class_cast_exception",
                "Cannot cast from [long] to [int].",
                8,
            ),
            (
                "'a' - 1",
                "class_cast_exception",
                "Cannot apply [-] operation to types [java.lang.String] and [int].",
                0,
            ),
            (
                "'a'.foo()",
                "illegal_argument_exception",
                "member method [java.lang.String, foo/0] not found",
                3,
            ),
            (
                "Math.foo(1)",
                "illegal_argument_exception",
                "static method [java.lang.Math, foo/1] not found",
                4,
            ),
            (
                "[1].foo(x -> x + 1)",
                "illegal_argument_exception",
                "member method [foo/1] not found, or not with such functions",
                3,
            ),
            (
                "int f(int n) { return n < 1 ? 0 : f(n - 1) } f(3)",
                "illegal_argument_exception",
                &format!("a function that calls itself {docs}"),
                34,
            ),
            (
                "int f(int n) { params.y } f(3)",
                "illegal_argument_exception",
                "cannot resolve symbol [params]",
                15,
            ),
            (
                "foo(1)",
                "illegal_argument_exception",
                "Unknown call [foo] with [1] arguments.",
                0,
            ),
            (
                "[1].stream().collect(Collectors.groupingBy(x -> x))",
                "illegal_argument_exception",
                &format!("a collector other than toList, toSet and joining {docs}"),
                31,
            ),
            (
                "break",
                "illegal_argument_exception",
                "Break statement outside of a loop.",
                0,
            ),
            (
                "3000000000",
                "illegal_argument_exception",
                "Invalid int constant [3000000000]. If you want a long constant then change it to [3000000000L].",
                0,
            ),
            (
                "'a\\n'",
                "illegal_argument_exception",
                "unexpected character ['a\\n]. The only valid escape sequences in strings starting with ['] are [\\\\] and [\\'].",
                0,
            ),
            (
                "a # b",
                "illegal_argument_exception",
                "unexpected character [#].",
                2,
            ),
            (
                "'abc",
                "illegal_argument_exception",
                "unexpected character ['abc].",
                0,
            ),
            (
                "doc = 1",
                "illegal_argument_exception",
                "Variable [doc] is read-only.",
                0,
            ),
            (
                "ctx.x",
                "illegal_argument_exception",
                "cannot resolve symbol [ctx]",
                0,
            ),
            (
                "def f = x -> x",
                "illegal_argument_exception",
                &format!("a lambda expression {docs}"),
                8,
            ),
            (
                "Integer::parseInt",
                "illegal_argument_exception",
                &format!("a function reference {docs}"),
                0,
            ),
            (
                "1; int f(int x) { return x } f(1)",
                "illegal_argument_exception",
                &format!("the definition of a function behind a statement {docs}"),
                3,
            ),
            (
                "int[] a = new int[3]",
                "illegal_argument_exception",
                &format!("an array type {docs}"),
                0,
            ),
            (
                "'a' =~ /b/",
                "illegal_argument_exception",
                &format!("a regular expression {docs}"),
                4,
            ),
            (
                "def x = /a/.matcher('b')",
                "illegal_argument_exception",
                &format!("a regular expression {docs}"),
                8,
            ),
            (
                "List<String> l = []",
                "illegal_argument_exception",
                &format!("a type with parameters {docs}"),
                0,
            ),
            (
                "new StringBuilder()",
                "illegal_argument_exception",
                "Not a type [StringBuilder].",
                0,
            ),
        ],
    );
}

#[test]
fn a_failure_shows_where() {
    let failure = run("int a = 1; int b = 0;\nreturn a / b").unwrap_err();
    let stack = failure.meta("script_stack").cloned();
    assert_eq!(
        stack,
        Some(glasswork_content::Meta::Texts(vec![
            "return a / b".into(),
            "       ^---- HERE".into()
        ]))
    );
    assert_eq!(failure.status(), 400);
    let failure =
        run("int abcdefghijklmnopqrstuvwxyz = 1; return nope + abcdefghijklmnopqrstuvwxyz")
            .unwrap_err();
    let stack = failure.meta("script_stack").cloned();
    let Some(glasswork_content::Meta::Texts(lines)) = stack else {
        panic!("a stack")
    };
    assert!(
        lines[0].starts_with("... ") && lines[0].ends_with(" ...") && lines[0].len() == 58,
        "{}",
        lines[0]
    );
    assert_eq!(lines[1].find('^'), lines[0].find("nope"));
}

#[test]
fn each_context_gives_what_it_must() {
    let limits = Limits::DEFAULT;
    let machine = |source: &str, context| {
        Machine::new(
            &compile(source, context, &limits).unwrap(),
            &json("{}"),
            &limits,
        )
    };
    assert_eq!(
        machine("doc['year'].value > 1900", Context::Filter).filter(&mut Book),
        Ok(true)
    );
    assert_eq!(
        machine("if (false) return true", Context::Filter).filter(&mut Book),
        Ok(false)
    );
    assert_eq!(
        machine("_score + doc['year'].value", Context::Score).number(&mut Book),
        Ok(1939.5)
    );
    assert_eq!(
        machine("doc['year'].value", Context::NumberSort).number(&mut Book),
        Ok(1937.0)
    );
    assert_eq!(
        machine("doc['title'].value", Context::StringSort)
            .value(&mut Book)
            .map(|node| told(&node)),
        Ok("\"The Hobbit\"".into())
    );
    assert!(
        machine("doc['title'].value", Context::Filter)
            .filter(&mut Book)
            .is_err()
    );
    assert!(
        machine("doc['title'].value", Context::Score)
            .number(&mut Book)
            .is_err()
    );
    for (source, context) in [
        ("1", Context::Filter),
        ("'a'", Context::Score),
        ("_score > 1", Context::Filter),
        ("return 1", Context::Update),
        ("doc['a'].value", Context::Update),
        ("ctx.a", Context::Score),
    ] {
        assert!(compile(source, context, &limits).is_err(), "{source}");
    }
}

#[test]
fn ctx_is_given_as_the_script_leaves_it() {
    let update = |source: &str, ctx: &str| {
        let script = compile(source, Context::Update, &Limits::DEFAULT).unwrap();
        let mut machine = Machine::new(&script, &json(r#"{"by":1,"tag":"new"}"#), &Limits::DEFAULT);
        machine
            .update(&json(ctx), &mut glasswork_script::NoDocument)
            .map(|node| told(&node))
    };
    let ctx = r#"{"_source":{"year":1937,"tags":["a"],"n":18446744073709551616,"o":{"x":1.50}},"op":"index","_id":"1","_version":5}"#;
    for (source, expected) in [
        (
            "ctx._source.year += params.by",
            r#"{"_source":{"year":1938,"tags":["a"],"n":18446744073709551616,"o":{"x":1.5}},"op":"index","_id":"1","_version":5}"#,
        ),
        (
            "ctx.op = 'none'",
            r#"{"_source":{"year":1937,"tags":["a"],"n":18446744073709551616,"o":{"x":1.5}},"op":"none","_id":"1","_version":5}"#,
        ),
        (
            "ctx._source.remove('o'); ctx._source.remove('n'); ctx._source.tags.add(params.tag)",
            r#"{"_source":{"year":1937,"tags":["a","new"]},"op":"index","_id":"1","_version":5}"#,
        ),
        (
            "ctx._source = ['a': [1, null, true]]",
            r#"{"_source":{"a":[1,null,true]},"op":"index","_id":"1","_version":5}"#,
        ),
        (
            "if (ctx._source.tags.contains('z')) { ctx.op = 'delete' } else { ctx._source = [:] }",
            r#"{"_source":{},"op":"index","_id":"1","_version":5}"#,
        ),
        (
            "",
            r#"{"_source":{"year":1937,"tags":["a"],"n":18446744073709551616,"o":{"x":1.5}},"op":"index","_id":"1","_version":5}"#,
        ),
        (
            "for (def k : ctx._source.keySet()) { ctx._source[k] = 0 } return;",
            r#"{"_source":{"year":0,"tags":0,"n":0,"o":0},"op":"index","_id":"1","_version":5}"#,
        ),
    ] {
        assert_eq!(update(source, ctx), Ok(expected.into()), "{source}");
    }
    assert!(update("ctx._source.a.b = 1", ctx).is_err());
    assert!(update("ctx._source.x = ctx._source", ctx).is_err());
}

#[test]
fn functions_lambdas_and_exceptions_do_what_they_say() {
    for (source, expected) in [
        (
            "int twice(int n) { n * 2 } int more(int n) { return twice(n) + 1 } more(twice(3))",
            "13",
        ),
        (
            "boolean odd(int n) { if (n % 2 == 1) { return true } return false } [odd(1), odd(2)]",
            "[true,false]",
        ),
        (
            "int first(List l) { for (def x : l) { if (x > 1) { return x } } return -1 } first([1, 2, 3])",
            "2",
        ),
        (
            "void put(Map m) { if (m.size() > 0) { return; } m.a = 1 } Map m = new HashMap(); put(m); put(m); m",
            "{\"a\":1}",
        ),
        (
            "def l = [5, 3, 9, 3]; l.sort((a, b) -> { if (a > b) { return -1 } return a < b ? 1 : 0 }); l",
            "[9,5,3,3]",
        ),
        (
            "def l = ['b', 'aa', 'c']; l.sort(Comparator.comparing(x -> x.length())); l",
            "[\"b\",\"c\",\"aa\"]",
        ),
        (
            "int n = 3; [1, 2, 3, 4].stream().filter(x -> x < n).map(x -> x * n).collect(Collectors.toList())",
            "[3,6]",
        ),
        (
            "[[1, 2], [3]].collect(l -> l.collect(x -> x + 1))",
            "[[2,3],[4]]",
        ),
        ("(params.none ?: [1, 2]).contains(2)", "true"),
        (
            "['a': 2, 'b': 1].entrySet().stream().sorted((a, b) -> a.value - b.value).map(e -> e.key).collect(Collectors.joining('-'))",
            "\"b-a\"",
        ),
        (
            "def m = ['a': 1]; m.compute('a', (k, v) -> null); m.merge('b', 1, (a, b) -> a + b); m.merge('b', 2, (a, b) -> a + b); m",
            "{\"b\":3}",
        ),
        (
            "def r = []; for (x in [1, 0, 2]) { try { r.add(4 / x) } catch (ArithmeticException e) { r.add(e.message) } } r",
            "[4,\"/ by zero\",2]",
        ),
        (
            "try { try { [1][3] } catch (NullPointerException e) { return 1 } } catch (RuntimeException e) { return 2 }",
            "2",
        ),
        (
            "try { throw new IllegalStateException('a') } catch (Exception e) { try { null.length() } catch (NullPointerException f) { return e.getMessage() } }",
            "\"a\"",
        ),
        (
            "doc['added'].value.plusMonths(12).minusYears(1).plusHours(2).withDayOfMonth(1)",
            "\"2000-02-01T14:34:56.789Z\"",
        ),
        (
            "ZonedDateTime.parse('2024-02-29T01:00:00+02:00')",
            "\"2024-02-28T23:00:00.000Z\"",
        ),
        ("params._source == null", "true"),
    ] {
        match run(source) {
            Ok(found) => assert_eq!(found, expected, "{source}"),
            Err(failure) => panic!("{source}: {}", told_failure(&failure)),
        }
    }
}

#[test]
fn limits_of_the_node_are_not_caught() {
    let source = "def l = []; try { while (true) { l.add('x'.repeat(1000000)) } } catch (Exception e) { return 1 }";
    let failure = run(source).unwrap_err();
    let causes: Vec<_> = failure.chain().map(|cause| cause.kind).collect();
    assert!(
        causes.contains(&glasswork_content::Kind::CircuitBreaking),
        "{failure:?}"
    );
}

#[test]
fn functions_inside_of_functions_have_an_end() {
    let mut source = String::from("int f0(int n) { n + 1 } ");
    for level in 1..30 {
        source.push_str(&format!(
            "int f{level}(int n) {{ f{0}(n) + f{0}(n) }} ",
            level - 1
        ));
    }
    source.push_str("f29(1)");
    let failure = run(&source).unwrap_err();
    let said = told_failure(&failure);
    assert!(said.contains("the script is too large"), "{said}");
}

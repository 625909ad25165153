//! What scripts give, against recorded answers of the real server: script fields of one book, by OpenSearch 3.8.0.

#![allow(clippy::unwrap_used)] // a failing test says where

use glasswork_content::{Failure, Limits as JsonLimits, Node, parse};
use glasswork_script::{Context, Field, Halt, Host, Interrupt, Limits, Machine, Scalar, compile};

/// `[source, value]` of each script, the value as the hit's `fields` show it.
const RECORDED: &str = include_str!("recorded.json");

const PARAMS: &str = r#"{"n":7,"s":"text","l":[3,1,2],"m":{"a":1,"b":{"c":"d"}},"x":null}"#;

const SOURCE: &str = r#"{"title": "Twenty Thousand Leagues Under the Sea", "authors": ["Jules Verne"], "year": 1870, "subjects": ["Fiction", "Sea", "Science"], "rating": 3.88, "added": "2024-01-04T10:00:00Z"}"#;

/// The book.
struct Book;

impl Host for Book {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupt> {
        Ok(())
    }

    fn field(&mut self, name: &str) -> Result<Option<Field>, Failure> {
        let names = [
            "year",
            "rating",
            "authors",
            "subjects",
            "added",
            "title.raw",
        ];
        let place = names.iter().position(|known| *known == name);
        Ok(place.map(|place| Field(place as u32)))
    }

    fn count(&mut self, field: Field) -> usize {
        [1, 1, 1, 3, 1, 1][field.0 as usize]
    }

    fn value(&mut self, field: Field, index: usize) -> Scalar {
        match field.0 {
            0 => Scalar::Long(1870),
            1 => Scalar::Double(f64::from(3.88_f32)),
            2 => Scalar::Text("Jules Verne".into()),
            3 => Scalar::Text(["Fiction", "Science", "Sea"][index].into()),
            4 => Scalar::Date(1_704_362_400_000),
            _ => Scalar::Text("Twenty Thousand Leagues Under the Sea".into()),
        }
    }

    fn score(&mut self) -> f64 {
        1.0
    }

    fn source(&mut self) -> Result<Option<Node>, Failure> {
        parse(SOURCE.as_bytes(), &JsonLimits::DEFAULT).map(Some)
    }
}

/// What a script field shows: a list as it is, everything else in a list.
fn shown(source: &str) -> Result<String, Failure> {
    let script = compile(source, Context::Field, &Limits::DEFAULT)?;
    let params = parse(PARAMS.as_bytes(), &JsonLimits::DEFAULT).unwrap();
    let value = match Machine::new(&script, &params, &Limits::DEFAULT).value(&mut Book) {
        Ok(value) => String::from_utf8(value.to_json()).unwrap(),
        Err(Halt::Failed(failure)) => return Err(*failure),
        Err(Halt::Interrupted) => panic!("nothing interrupts it"),
    };
    Ok(if value.starts_with('[') {
        value
    } else {
        format!("[{value}]")
    })
}

#[test]
fn scripts_give_what_the_real_server_gives() {
    let recorded = parse(RECORDED.as_bytes(), &JsonLimits::DEFAULT).unwrap();
    let mut wrong = Vec::new();
    for case in recorded.as_array().unwrap() {
        let [source, value] = case.as_array().unwrap() else {
            panic!("a case is a source and a value");
        };
        let source = source.as_str().unwrap();
        let expected = String::from_utf8(value.to_json()).unwrap();
        let found = shown(source).unwrap_or_else(|failure| {
            let causes: Vec<&str> = failure.chain().map(Failure::reason).collect();
            causes.join(" <- ")
        });
        if found != expected {
            wrong.push(format!("{source}\n    {found}\n    {expected}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

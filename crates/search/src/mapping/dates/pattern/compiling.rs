//! From the letters of a pattern to its items.

use super::{Field, Item};

pub(super) struct Compiler<'a> {
    pub(super) letters: &'a [char],
    pub(super) at: usize,
    pub(super) any_fraction: bool,
}

impl Compiler<'_> {
    pub(super) fn items(&mut self, depth: usize) -> Result<Vec<Item>, String> {
        let mut items: Vec<Item> = Vec::new();
        while let Some(&letter) = self.letters.get(self.at) {
            match letter {
                '[' if depth >= 8 => return Err("pattern nests too deep".to_owned()),
                '[' => {
                    self.at += 1;
                    items.push(Item::Optional(self.items(depth + 1)?));
                }
                ']' if depth == 0 => {
                    return Err("Pattern invalid as it contains ] without previous [".to_owned());
                }
                ']' => {
                    self.at += 1;
                    return Ok(items);
                }
                '\'' => literal(&mut items, &self.quoted()?),
                'a'..='z' | 'A'..='Z' => {
                    let count = self.letters[self.at..]
                        .iter()
                        .take_while(|next| **next == letter)
                        .count();
                    self.at += count;
                    items.push(self.field(letter, count)?);
                }
                '{' | '}' | '#' => {
                    return Err(format!("Pattern includes reserved character: '{letter}'"));
                }
                other => {
                    self.at += 1;
                    literal(&mut items, &other.to_string());
                }
            }
        }
        // Java closes what is still open at the end.
        Ok(items)
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.letters.get(self.at) {
                None => {
                    return Err(format!(
                        "Pattern ends with an incomplete string literal: {}",
                        self.letters.iter().collect::<String>()
                    ));
                }
                Some('\'') if self.letters.get(self.at + 1) == Some(&'\'') => {
                    text.push('\'');
                    self.at += 2;
                }
                Some('\'') => {
                    self.at += 1;
                    return Ok(if text.is_empty() {
                        "'".to_owned()
                    } else {
                        text
                    });
                }
                Some(other) => {
                    text.push(*other);
                    self.at += 1;
                }
            }
        }
    }

    fn field(&self, letter: char, count: usize) -> Result<Item, String> {
        // A number directly before another one has exactly its width (`yyyyMMdd`).
        let before_number = self
            .letters
            .get(self.at)
            .is_some_and(|next| "yuMLdDHhKkmsS".contains(*next));
        let number = |field, widest: usize| {
            let max = if count == 1 && !before_number {
                widest
            } else {
                count
            };
            Item::Number {
                field,
                min: count,
                max,
            }
        };
        let too_many = || format!("Too many pattern letters: {letter}");
        Ok(match (letter, count) {
            ('y' | 'u', 2) => Item::Number {
                field: Field::ShortYear,
                min: 2,
                max: 2,
            },
            ('y' | 'u', _) => Item::Number {
                field: Field::Year,
                min: count,
                max: if before_number { count } else { 10.max(count) },
            },
            ('M' | 'L', 1 | 2) => number(Field::Month, 2),
            ('M' | 'L', 3) => Item::Month { full: false },
            ('M' | 'L', 4) => Item::Month { full: true },
            ('d', 1 | 2) => number(Field::Day, 2),
            ('D', 1..=3) => number(Field::DayOfYear, 3),
            ('H', 1 | 2) => number(Field::Hour, 2),
            ('k', 1 | 2) => number(Field::HourFromOne, 2),
            ('K', 1 | 2) => number(Field::HalfHour, 2),
            ('h', 1 | 2) => number(Field::HalfHourFromOne, 2),
            ('m', 1 | 2) => number(Field::Minute, 2),
            ('s', 1 | 2) => number(Field::Second, 2),
            ('S', 1..=9) => Item::Fraction {
                min: count,
                max: count,
            },
            ('f', 1) if self.any_fraction => Item::Fraction { min: 1, max: 9 },
            ('a', 1) => Item::HalfDay,
            ('e', 1) => number(Field::Weekday, 1),
            ('E', 1..=3) => Item::Weekday { full: false },
            ('E', 4) => Item::Weekday { full: true },
            ('Q' | 'q', 1 | 2) => number(Field::Quarter, 1),
            ('X', 1 | 2) => Item::Offset {
                colon: false,
                zulu: true,
            },
            ('X', 3..=5) => Item::Offset {
                colon: true,
                zulu: true,
            },
            ('x', 1 | 2) | ('Z', 1..=3) => Item::Offset {
                colon: false,
                zulu: false,
            },
            ('x', 3..=5) => Item::Offset {
                colon: true,
                zulu: false,
            },
            ('Z', 5) => Item::Offset {
                colon: true,
                zulu: true,
            },
            ('V', 2) | ('z', 1..=3) => Item::ZoneName,
            (
                'M' | 'L' | 'd' | 'D' | 'H' | 'k' | 'K' | 'h' | 'm' | 's' | 'S' | 'a' | 'E' | 'e'
                | 'X' | 'x' | 'Z',
                _,
            ) => return Err(too_many()),
            _ => return Err(format!("Unknown pattern letter: {letter}")),
        })
    }
}

fn literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(before)) => before.push_str(text),
        _ => items.push(Item::Literal(text.to_owned())),
    }
}

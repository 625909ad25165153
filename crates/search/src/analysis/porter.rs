//! Porter's stemmer, in place: M. F. Porter, "An algorithm for suffix stripping" (1980), with the two departures of its
//! author's own programs that Lucene's `PorterStemFilter` has too (`bli` → `ble`, `logi` → `log`).
//!
//! Works on bytes; a letter outside ASCII counts as a consonant.

/// Cuts `word`, which should be in lower case, to its stem.
pub(crate) fn stem(word: &mut String) {
    if word.chars().nth(2).is_none() {
        return;
    }
    let mut stemmer = Stemmer {
        letters: std::mem::take(word).into_bytes(),
        stem: 0,
    };
    stemmer.plurals_and_participles();
    stemmer.final_y();
    stemmer.double_suffixes();
    stemmer.replace_first(&[
        "icate>ic", "ative>", "alize>al", "iciti>ic", "ical>ic", "ful>", "ness>",
    ]);
    stemmer.drop_suffixes();
    stemmer.final_e_and_double_l();
    *word = String::from_utf8(stemmer.letters)
        .expect("only ASCII letters are cut off and added, so the bytes stay UTF-8");
}

struct Stemmer {
    letters: Vec<u8>,
    /// Length of what stands before the suffix found last.
    stem: usize,
}

impl Stemmer {
    fn ends(&mut self, suffix: &str) -> bool {
        let found = self.letters.ends_with(suffix.as_bytes());
        if found {
            self.stem = self.letters.len() - suffix.len();
        }
        found
    }

    fn set_to(&mut self, suffix: &str) {
        self.letters.truncate(self.stem);
        self.letters.extend_from_slice(suffix.as_bytes());
    }

    fn is_consonant(&self, at: usize) -> bool {
        match self.letters[at] {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => {
                // A y is a consonant at the beginning and after a vowel; in a run of them they alternate.
                let run = self.letters[..at]
                    .iter()
                    .rev()
                    .take_while(|letter| **letter == b'y')
                    .count();
                let first = at - run;
                let first_is_consonant = first == 0
                    || matches!(self.letters[first - 1], b'a' | b'e' | b'i' | b'o' | b'u');
                first_is_consonant == (run % 2 == 0)
            }
            _ => true,
        }
    }

    /// How often a vowel is followed by a consonant before the suffix.
    fn measure(&self) -> usize {
        let mut count = 0;
        let mut vowel = false;
        for at in 0..self.stem {
            let consonant = self.is_consonant(at);
            if consonant && vowel {
                count += 1;
            }
            vowel = !consonant;
        }
        count
    }

    fn has_vowel(&self) -> bool {
        (0..self.stem).any(|at| !self.is_consonant(at))
    }

    fn ends_in_double_consonant(&self) -> bool {
        let [.., before, last] = self.letters[..] else {
            return false;
        };
        before == last && last.is_ascii() && self.is_consonant(self.letters.len() - 1)
    }

    /// Whether the `length` first letters end in consonant, vowel, consonant, the last not w, x or y: a short syllable.
    fn ends_in_short_syllable(&self, length: usize) -> bool {
        length >= 3
            && self.is_consonant(length - 1)
            && !self.is_consonant(length - 2)
            && self.is_consonant(length - 3)
            && !matches!(self.letters[length - 1], b'w' | b'x' | b'y')
    }

    fn plurals_and_participles(&mut self) {
        if self.letters.ends_with(b"s") {
            if self.ends("sses") {
                self.set_to("ss");
            } else if self.ends("ies") {
                self.set_to("i");
            } else if !self.letters.ends_with(b"ss") {
                self.letters.pop();
            }
        }
        if self.ends("eed") {
            if self.measure() > 0 {
                self.letters.pop();
            }
        } else if (self.ends("ed") || self.ends("ing")) && self.has_vowel() {
            self.letters.truncate(self.stem);
            if self.ends("at") || self.ends("bl") || self.ends("iz") {
                self.letters.push(b'e');
            } else if self.ends_in_double_consonant() {
                if !matches!(self.letters.last(), Some(b'l' | b's' | b'z')) {
                    self.letters.pop();
                }
            } else if self.measure() == 1 && self.ends_in_short_syllable(self.letters.len()) {
                self.letters.push(b'e');
            }
        }
    }

    fn final_y(&mut self) {
        if self.ends("y") && self.has_vowel() {
            self.set_to("i");
        }
    }

    fn double_suffixes(&mut self) {
        self.replace_first(&[
            "ational>ate",
            "tional>tion",
            "enci>ence",
            "anci>ance",
            "izer>ize",
            "bli>ble",
            "alli>al",
            "entli>ent",
            "eli>e",
            "ousli>ous",
            "ization>ize",
            "ation>ate",
            "ator>ate",
            "alism>al",
            "iveness>ive",
            "fulness>ful",
            "ousness>ous",
            "aliti>al",
            "iviti>ive",
            "biliti>ble",
            "logi>log",
        ]);
    }

    /// Replaces the first suffix of the rules (`suffix>replacement`) that the word ends in, if enough is left before it.
    fn replace_first(&mut self, rules: &[&str]) {
        for rule in rules {
            let (suffix, replacement) = rule.split_once('>').unwrap_or((rule, ""));
            if self.ends(suffix) {
                if self.measure() > 0 {
                    self.set_to(replacement);
                }
                return;
            }
        }
    }

    fn drop_suffixes(&mut self) {
        const SUFFIXES: [&str; 19] = [
            "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion",
            "ou", "ism", "ate", "iti", "ous", "ive", "ize",
        ];
        for suffix in SUFFIXES {
            if !self.ends(suffix) {
                continue;
            }
            if suffix == "ion" && !matches!(self.letters[..self.stem].last(), Some(b's' | b't')) {
                continue;
            }
            if self.measure() > 1 {
                self.letters.truncate(self.stem);
            }
            return;
        }
    }

    fn final_e_and_double_l(&mut self) {
        // The measure here is of the whole word without its last letter's own suffix, as in the original program.
        self.stem = self.letters.len();
        if self.letters.ends_with(b"e") {
            let measure = self.measure();
            let length = self.letters.len() - 1;
            if measure > 1 || (measure == 1 && !self.ends_in_short_syllable(length)) {
                self.letters.pop();
            }
        }
        if self.letters.ends_with(b"ll") && self.measure_of_whole() > 1 {
            self.letters.pop();
        }
    }

    fn measure_of_whole(&mut self) -> usize {
        self.stem = self.letters.len();
        self.measure()
    }
}

#[cfg(test)]
mod tests {
    fn stem(word: &str) -> String {
        let mut word = word.to_owned();
        super::stem(&mut word);
        word
    }

    #[test]
    fn the_examples_of_porters_paper_come_out() {
        let cases = "caresses:caress ponies:poni ties:ti caress:caress cats:cat feed:feed agreed:agre plastered:plaster bled:bled \
            motoring:motor sing:sing conflated:conflat troubled:troubl sized:size hopping:hop tanned:tan falling:fall hissing:hiss \
            fizzed:fizz failing:fail filing:file happy:happi sky:sky relational:relat conditional:condit rational:ration \
            valenci:valenc hesitanci:hesit digitizer:digit conformabli:conform radicalli:radic differentli:differ vileli:vile \
            analogousli:analog vietnamization:vietnam predication:predic operator:oper feudalism:feudal decisiveness:decis \
            hopefulness:hope callousness:callous formaliti:formal sensitiviti:sensit sensibiliti:sensibl triplicate:triplic \
            formative:form formalize:formal electriciti:electr electrical:electr hopeful:hope goodness:good revival:reviv \
            allowance:allow inference:infer airliner:airlin gyroscopic:gyroscop adjustable:adjust defensible:defens irritant:irrit \
            replacement:replac adjustment:adjust dependent:depend adoption:adopt homologou:homolog communism:commun activate:activ \
            angulariti:angular homologous:homolog effective:effect bowdlerize:bowdler probate:probat rate:rate cease:ceas \
            controll:control roll:roll hunting:hunt whales:whale analogies:analog apology:apolog";
        for case in cases.split_whitespace() {
            let (word, expected) = case.split_once(':').unwrap();
            assert_eq!(stem(word), expected, "of {word}");
        }
    }

    #[test]
    fn short_and_foreign_words_survive() {
        assert_eq!(stem("is"), "is");
        assert_eq!(stem(""), "");
        assert_eq!(stem("naïves"), "naïv");
        assert_eq!(stem("a\u{10000}ing"), "a\u{10000}");
        assert_eq!(stem("yyyyys"), "yyyyi");
    }
}

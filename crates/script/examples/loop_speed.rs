//! How fast scripts run: turns of a loop in a second, and documents filtered in a second. Run with `--release`.

use glasswork_content::{Failure, Limits as JsonLimits, parse};
use glasswork_script::{Context, Field, Host, Interrupt, Limits, Machine, Scalar, compile};
use std::time::Instant;

struct Years(i64);

impl Host for Years {
    fn tick(&mut self, _steps: u32) -> Result<(), Interrupt> {
        Ok(())
    }

    fn field(&mut self, _name: &str) -> Result<Option<Field>, Failure> {
        Ok(Some(Field(0)))
    }

    fn count(&mut self, _field: Field) -> usize {
        1
    }

    fn value(&mut self, _field: Field, _index: usize) -> Scalar {
        Scalar::Long(self.0)
    }

    fn score(&mut self) -> f64 {
        1.0
    }
}

fn main() {
    let params = parse(br#"{"y":1950}"#, &JsonLimits::DEFAULT).expect("well formed");
    for (what, source, units, runs) in [
        (
            "int loop",
            "long s = 0; for (int i = 0; i < 200000; i++) { s += i % 7 } return s > 0",
            200_000,
            20,
        ),
        (
            "def loop",
            "def s = 0; for (def i = 0; i < 200000; i++) { s += i % 7 } return s > 0",
            200_000,
            10,
        ),
        ("doc value", "doc['year'].value > params.y", 1, 5_000),
    ] {
        let script = compile(source, Context::Filter, &Limits::DEFAULT).expect("a script");
        let mut machine = Machine::new(&script, &params, &Limits::DEFAULT);
        let mut host = Years(1937);
        let best = (0..100)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..runs {
                    machine.filter(&mut host).expect("a result");
                }
                start.elapsed()
            })
            .min()
            .unwrap_or_default();
        println!(
            "{what}: {:.1} M/s",
            f64::from(units * runs) / best.as_secs_f64() / 1e6
        );
    }
}

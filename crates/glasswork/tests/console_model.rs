//! The console's logic by its own tests, which Node runs; where there is no Node, a test says so.

use std::{path::Path, process::Command};

#[test]
fn the_logic_of_the_console_passes_its_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console");
    let run = Command::new("node")
        .arg("--test")
        .arg("test/")
        .current_dir(folder)
        .output();
    match run {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}");
            assert!(
                said.contains("# fail 0") && !said.contains("# pass 0"),
                "{said}"
            );
        }
        Err(error) => println!("the console's logic: skipped, there is no Node ({error})"),
    }
}

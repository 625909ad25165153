//! A real terminal with `glasswork top` in it: tmux. Without tmux its tests say so and pass.

use super::Cli;
use crate::harness::eventually;
use std::{path::PathBuf, process::Command};
use tempfile::TempDir;

/// A terminal with `glasswork top` in it; ended when dropped.
pub struct Terminal {
    folder: TempDir,
}

impl Terminal {
    /// Starts it; when it ends the shell says how, and in which state the terminal is.
    pub fn start(cli: &Cli, flags: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            println!("skipped, there is no `tmux` here");
            return None;
        }
        let terminal = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let line = format!(
            "{} top {flags}; echo ended=$?; stty -a | tr ';' '\\n' | grep -o -e '-*icanon' -e ' -*echo '; echo settled; read line",
            env!("CARGO_BIN_EXE_glasswork")
        );
        let mut command = terminal.tmux();
        for (name, value) in cli.command(&[]).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args([
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "150",
            "-y",
            "30",
        ]);
        let done = command.args(["/bin/sh", "-c", &line]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        Some(terminal)
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        let socket: PathBuf = self.folder.path().join("tmux");
        command
            .arg("-S")
            .arg(socket)
            .env("LC_ALL", "C.UTF-8")
            .arg("-u");
        command
    }

    pub fn press(&self, keys: &[&str]) {
        let done = self.tmux().arg("send-keys").args(keys).status().unwrap();
        assert!(done.success());
    }

    /// The terminal has this size from now on.
    pub fn resize(&self, columns: u16, lines: u16) {
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let size = ["resize-window", "-x", &columns, "-y", &lines];
        let done = self.tmux().args(size).status().unwrap();
        assert!(done.success());
    }

    /// The screen with the escape sequences that colour it.
    pub fn coloured_screen(&self) -> String {
        let done = self.tmux().args(["capture-pane", "-p", "-e"]).output();
        String::from_utf8_lossy(&done.unwrap().stdout).into_owned()
    }

    pub fn screen(&self) -> String {
        let done = self.tmux().args(["capture-pane", "-p"]).output().unwrap();
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Waits until the screen has a text.
    pub fn shows(&self, text: &str) -> String {
        let mut last = String::new();
        let began = std::time::Instant::now();
        eventually(&format!("the screen shows {text}"), || {
            last = self.screen();
            if began.elapsed().as_secs() > 25 {
                panic!("no {text} on\n{last}");
            }
            last.contains(text).then(|| last.clone())
        })
    }

    /// Waits until it has ended, and expects the terminal as it was.
    pub fn ended(&self, code: i32) {
        let screen = self.shows("settled");
        assert!(screen.contains(&format!("ended={code}")), "{screen}");
        assert!(
            !screen.contains("-icanon") && !screen.contains("-echo"),
            "{screen}"
        );
        // The screen that was there before is back.
        assert!(!screen.contains("glasswork top "), "{screen}");
    }

    /// The process that runs `top`.
    pub fn process(&self) -> String {
        let shell = self
            .tmux()
            .args(["display-message", "-p", "#{pane_pid}"])
            .output()
            .unwrap();
        let shell = String::from_utf8_lossy(&shell.stdout).trim().to_owned();
        eventually("top runs", || {
            let children = format!("/proc/{shell}/task/{shell}/children");
            let children = std::fs::read_to_string(children).ok()?;
            children.split_whitespace().next().map(str::to_owned)
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Its own server, by its own socket; one that has ended already is fine.
        let _ = self.tmux().arg("kill-server").output();
    }
}

//! A terminal with a command of the binary in it: tmux, with a server of its own.

use super::server::binary;
use std::{
    fs,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The terminal; dropping it ends it with what runs in it.
pub(crate) struct Terminal {
    folder: TempDir,
}

impl Terminal {
    /// Starts the binary with these words on a terminal of 150 × 50.
    pub(crate) fn start(words: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let terminal = Self { folder };
        let line = format!("exec {} {words}", binary().display());
        let size = ["-x", "150", "-y", "50"];
        let mut tmux = terminal.tmux();
        tmux.args(["-f", "/dev/null", "new-session", "-d"]);
        tmux.args(size).args(["/bin/sh", "-c", &line]);
        terminal.run(&mut tmux)?;
        Ok(terminal)
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        let socket = self.folder.path().join("tmux");
        command.arg("-S").arg(socket).arg("-u");
        command
            .env("LC_ALL", "C.UTF-8")
            .env("XDG_CONFIG_HOME", self.folder.path());
        command
    }

    fn run(&self, command: &mut Command) -> Result<String, String> {
        let done = command.output().map_err(|error| format!("tmux: {error}"))?;
        match done.status.success() {
            true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        }
    }

    pub(crate) fn press(&self, key: &str) -> Result<(), String> {
        self.run(self.tmux().args(["send-keys", key])).map(drop)
    }

    pub(crate) fn screen(&self) -> Result<String, String> {
        self.run(self.tmux().args(["capture-pane", "-p"]))
    }

    /// Waits until the screen has a text.
    pub(crate) fn shows(&self, text: &str, at_most: Duration) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let screen = self.screen()?;
            if screen.contains(text) {
                return Ok(());
            }
            if began.elapsed() > at_most {
                return Err(format!("no {text:?} on\n{screen}"));
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// The process that runs in it.
    pub(crate) fn pid(&self) -> Result<u32, String> {
        let pid = self.run(self.tmux().args(["display-message", "-p", "#{pane_pid}"]))?;
        let pid: u32 = pid
            .trim()
            .parse()
            .map_err(|_| format!("no pid in {pid:?}"))?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        match name.trim() {
            "glasswork" => Ok(pid),
            other => Err(format!("{other} runs in the terminal")),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Its own server, by its own socket; one that has ended already is fine.
        let _ = self.tmux().arg("kill-server").output();
    }
}

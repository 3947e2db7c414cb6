"""Where Chromium is; ``python -m tests.browser.chromium`` installs it where it may and prints its path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

VARIABLE = "WEIGHTWIDGETS_CHROMIUM"

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

# Ubuntu has this file too, but its `chromium` is a snap, which a container cannot install: apt then says so.
DEBIAN = Path("/etc/debian_version")

# The last one keeps every request on this machine, whatever a page asks for.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find_chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, or ``None``."""
    named = os.environ.get(VARIABLE)
    if named:
        return which(named)
    found = (which(name) for name in (*COMMANDS, *PLACES))
    return next((path for path in found if path), None)


def install_chromium() -> None:
    """Install Debian's Chromium where apt can do so without asking anybody anything."""
    apt = which("apt-get")
    if apt is None or not DEBIAN.exists():
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and which("sudo") is None:
        return
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt, "--quiet", *arguments]
        # A failure shows itself: no browser is found afterwards, and that is what the user is told.
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def main() -> None:
    """Print the path of the browser, installing it first where that is possible."""
    if find_chromium() is None and not os.environ.get(VARIABLE):
        install_chromium()
    path = find_chromium()
    if path is None:
        sys.exit(f"No Chromium found: install Chromium or Google Chrome, or set {VARIABLE} to its path.")
    sys.stdout.write(path + "\n")


if __name__ == "__main__":
    main()

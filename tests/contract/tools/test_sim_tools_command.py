"""The command body of `earshot sim tools`: serves, prints what to paste, and tells at the end what was made."""

import os
import re
import signal
import subprocess
import sys

import httpx2

COMMAND = "import typer; from earshot.cli.sim_tools import tools; typer.run(tools)"


def test_the_command_serves_and_tells_what_was_made() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--port", "0", "--smtp-port", "0", "--token", "t0ken"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        announced = ""
        assert process.stderr is not None
        while "SIM_WEBHOOK_SECRET=" not in announced:
            announced += process.stderr.readline()
        found = re.search(r"http://[\d.]+:\d+", announced)
        assert found is not None
        page = {
            "routing_key": "t0ken",
            "event_action": "trigger",
            "dedup_key": "one",
            "payload": {"summary": "x", "source": "earshot", "severity": "critical"},
        }
        answers = [httpx2.post(f"{found[0]}/pagerduty/v2/enqueue", json=page) for _ in range(2)]
        lost = httpx2.post(f"{found[0]}/pagerduty/_earshot/faults", json={"kind": "429"})
        refused = httpx2.post(f"{found[0]}/pagerduty/v2/enqueue", json=page)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert [answer.status_code for answer in answers] == [202, 202]
    assert (lost.status_code, refused.status_code) == (200, 429)
    assert "[[webhooks]]" in announced
    assert "export SMTP_URL=smtp://earshot:t0ken@127.0.0.1:" in announced
    assert "pagerduty: 3 requests, 1 things made, 0 of them twice." in said
    assert process.returncode == 0

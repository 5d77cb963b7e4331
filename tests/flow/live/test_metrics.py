"""What real processes show of themselves: one page for a worker, its background lane, and what that starts."""

import asyncio

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.flow.live.conftest import Line
from tests.processes import PAUSE, Late, free_port


def samples(text: str) -> dict[str, float]:
    """Samples by name and label values."""
    return {
        " ".join([sample.name, *(value for _, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def shown(url: str, *wanted: str, within: float = 60.0) -> dict[str, float]:
    """The metrics, once these samples are above 0. Raises Late."""
    async with httpx2.AsyncClient(trust_env=False, timeout=10.0) as client:
        text = ""
        for _ in range(int(within / PAUSE / 10)):
            text = (await client.get(f"{url}/metrics")).text
            found = samples(text)
            if all(found.get(one, 0.0) > 0 for one in wanted):
                assert "crashes" not in text
                return found
            await asyncio.sleep(PAUSE * 10)
    raise Late(f"{wanted} were not shown within {within} s:\n{text}")


async def test_one_page_shows_all_processes_of_a_worker_and_its_end_is_told(line: Line) -> None:
    port = free_port()
    environment = {"EARSHOT_TELEMETRY__METRICS_PORT": str(port)}
    worker = await line.processes.start("worker", ready=r"(?i)worker.*ready", environment=environment)
    fresh = line.actor.create("The app crashes whenever I save, nobody can work! Please help at once.")
    await line.heard(fresh, "crashes whenever I save")
    await line.settled()
    url = f"http://127.0.0.1:{port}"
    of_child = "earshot_jobs_total ok theme"
    found = await shown(
        url, of_child, "earshot_jobs_total ok hear", "earshot_workers live", "earshot_workers background"
    )
    assert found["earshot_live_latency_seconds_count"] >= 1
    assert found["earshot_inbox_failed"] == 0
    assert found["earshot_database_up"] == 1
    served = await shown(line.url, "earshot_workers live")
    assert sum(value for name, value in served.items() if name.startswith("earshot_webhooks_total")) >= 1
    async with httpx2.AsyncClient(trust_env=False, timeout=10.0) as client:
        for base in (url, line.url):
            assert (await client.get(f"{base}/healthz")).text == "alive\n"
            assert (await client.get(f"{base}/readyz")).status_code == 200
        await line.postgres.kill()
        assert (await client.get(f"{line.url}/readyz")).status_code == 503
        assert (await client.get(f"{line.url}/healthz")).status_code == 200
        assert (await client.get(f"{line.url}/metrics")).status_code == 200
    worker.kill()

"""Parts of the bot in processes of their own, over one Postgres: one accepts, another answers."""

import asyncio
from pathlib import Path
from uuid import uuid4

from tests.peers.postgres import Postgres
from tests.support.delivery.crashing import prepare
from tests.support.everything import Everything, everything
from tests.support.running import ANSWERING, status
from tests.support.slack.bots import QUESTION


def test_a_worker_answers_what_another_process_accepted(postgres: Postgres, data_dir: Path, tmp_path: Path) -> None:
    url = postgres.database(uuid4().hex)
    asyncio.run(prepare(url))
    with everything(data_dir, tmp_path) as listener:
        listener.settings |= {"DATABASE_URL": url, "ANSWERED_BY": "workers"}
        worker = Everything(listener.slack, listener.discord, data_dir, tmp_path, listener.settings)
        try:
            listener.start("serve", "--only", "slack")
            assert not listener.discord.connected
            slack, ann = listener.slack, listener.slack.user("ann")
            asked = slack.mention(slack.channel("general", ann), ann, QUESTION)
            slack.settle(ANSWERING)
            assert not slack.answers(asked)
            worker.start("worker")
            assert status(f"{worker.url}/healthz") == 200
            slack.wait_for(lambda: slack.answers(asked), ANSWERING, "an answer")
            assert "Risk of catastrophic forgetting" in slack.answers(asked)[0].text
            assert (worker.stop(), listener.stop()) == (0, 0)
        finally:
            worker.kill()
        assert listener.log == ""

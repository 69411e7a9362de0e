"""The simulated provider: plans on the clock, callbacks, cancels, keys and faults."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trio

from adapters.sandbox.server import free_port
from adapters.sandbox.telco_jobs import JobError, Plot
from tests.adapters.sandbox.stand_in import START_MS, Scene, open_scene

RESTART_MS = 500 + 5_000 + 90_000 + 10_000


def told(scene: Scene) -> list[tuple[int, str, str | None, str | None]]:
    """When the daemon heard of which state, step and state of the step."""
    heard = []
    for hook in scene.daemon.of("telco"):
        data = hook.json["data"]
        at = hook.at_ms - START_MS
        heard.append((at, data["state"], data["step"], data["step_state"]))
    return heard


async def show(scene: Scene, job: str) -> dict[str, Any]:
    found: dict[str, Any] = (await scene.client.get(f"{base(scene)}/jobs/{job}")).json()
    return found


async def cancel(scene: Scene, job: str) -> httpx.Response:
    return await scene.client.post(f"{base(scene)}/jobs/{job}/cancel")


def base(scene: Scene) -> str:
    return scene.world.telco.server.url


async def test_a_restart_goes_through_its_plan() -> None:
    async with open_scene() as scene:
        answer = await scene.start()
        assert answer.status_code == 202
        job = answer.json()
        assert (job["state"], job["correlation"]) == ("queued", "job_a.1")
        assert answer.headers["location"] == f"/jobs/{job['id']}"
        assert [step["id"] for step in job["steps"]] == ["reach", "reboot", "verify"]
        await scene.world.pass_time(RESTART_MS)
        assert told(scene) == [
            (500, "running", "reach", "started"),
            (5_500, "running", "reach", "done"),
            (5_500, "running", "reboot", "started"),
            (50_500, "running", "reboot", "progress"),
            (95_500, "running", "reboot", "done"),
            (95_500, "running", "verify", "started"),
            (105_500, "succeeded", "verify", "done"),
        ]
        [fired] = scene.world.telco.fires
        assert (fired.device, fired.at_ms - START_MS) == ("r-1", 5_500)
        assert (await show(scene, job["id"]))["state"] == "succeeded"
        events = [hook.json for hook in scene.daemon.hooks]
        sequences = [event["sequence"] for event in events]
        assert sequences == sorted(set(sequences))
        assert all(event["data"]["correlation"] == "job_a.1" for event in events)
        assert {(event["source"], event["subject"]) for event in events} == {
            ("/telco/sim", job["id"])
        }


async def test_an_update_takes_longer() -> None:
    async with open_scene() as scene:
        await scene.start(kind="router.update")
        await scene.world.pass_time(280_500)
        assert told(scene)[-1] == (280_500, "succeeded", "verify", "done")
        assert [step for _, _, step, word in told(scene) if word == "started"] == [
            "download",
            "flash",
            "reboot",
            "verify",
        ]


async def test_callbacks_are_signed_by_standard_webhooks() -> None:
    async with open_scene() as scene:
        scene.daemon.answer = lambda _hook: 503 if len(scene.daemon.hooks) == 1 else 204
        await scene.start()
        await scene.world.pass_time(5_500)
        first, again = (hook for hook in scene.daemon.hooks if hook.json["data"]["step"] == "reach"
                        and hook.json["data"]["step_state"] == "started")  # fmt: skip
        assert first.headers["content-type"] == "application/cloudevents+json"
        assert first.headers["webhook-id"] == again.headers["webhook-id"] == first.json["id"]
        assert int(again.headers["webhook-timestamp"]) == (START_MS + 5_500) // 1000
        secret = scene.world.telco.callback_secret
        key = base64.b64decode(secret.removeprefix("whsec_"))
        for hook in scene.daemon.hooks:
            head = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}."
            signed = hmac.new(key, head.encode() + hook.body, hashlib.sha256).digest()
            expected = "v1," + base64.b64encode(signed).decode()
            assert hook.headers["webhook-signature"] == expected


async def test_410_ends_the_callback_and_a_dead_daemon_does_not() -> None:
    async with open_scene() as scene:
        scene.daemon.answer = lambda _hook: 410
        await scene.start()
        await scene.world.pass_time(600)
        [parcel] = scene.world.telco.courier.log
        assert parcel.given_up
        scene.daemon.server.down()
        await scene.world.pass_time(RESTART_MS)
        assert len(scene.daemon.hooks) == 1
        scene.daemon.answer = lambda _hook: 204
        scene.daemon.server.up()
        scene.world.daemon_started()
        await scene.world.wait_quiet()
        assert len(scene.daemon.hooks) == 7


async def test_a_cancel_before_and_after_the_point_of_no_return() -> None:
    async with open_scene() as scene:
        early = (await scene.start("job_a.1")).json()["id"]
        await scene.world.pass_time(1_000)
        assert (await cancel(scene, early)).json()["state"] == "cancelled"
        assert (await cancel(scene, early)).status_code == 200
        await scene.world.pass_time(RESTART_MS)
        assert told(scene)[-1][1] == "cancelled"
        assert scene.world.telco.fires == []
        late = (await scene.start("job_a.2")).json()["id"]
        await scene.world.pass_time(6_000)
        assert (await cancel(scene, late)).status_code == 409
        await scene.world.pass_time(RESTART_MS)
        assert (await show(scene, late))["state"] == "succeeded"
        assert (await cancel(scene, late)).status_code == 409
        assert (await cancel(scene, "job_0")).status_code == 404


async def test_a_key_starts_once() -> None:
    async with open_scene() as scene:
        first = await scene.start()
        again = await scene.start()
        assert first.json()["id"] == again.json()["id"]
        assert (await scene.start("job_a.2", key="job_a.1")).status_code == 422
        assert len(scene.world.telco.starts) == 1
        found = await scene.client.get(f"{base(scene)}/jobs", params={"correlation": "job_a.1"})
        assert [job["id"] for job in found.json()["jobs"]] == [first.json()["id"]]
        found = await scene.client.get(f"{base(scene)}/jobs", params={"correlation": "job_b.1"})
        assert found.json() == {"jobs": []}


async def test_without_keys_only_the_device_guards() -> None:
    async with open_scene() as scene:
        scene.world.telco.honours_keys = False
        first = await scene.start()
        busy = await scene.start()
        assert (busy.status_code, busy.json()["id"]) == (409, first.json()["id"])
        await scene.world.pass_time(RESTART_MS)
        assert (await scene.start()).status_code == 202
        assert [start.correlation for start in scene.world.telco.starts] == ["job_a.1"] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "router.paint"},
        {"device": ""},
        {"deadline": "soon"},
        {"deadline": "2026-11-22T16:20:00"},
        {"callback": "http://192.0.2.1/"},
    ],
)
async def test_a_start_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    async with open_scene() as scene:
        assert (await scene.start(**wrong)).status_code == 422
        assert scene.world.telco.starts == []


async def test_a_step_fails() -> None:
    async with open_scene() as scene:
        scene.world.telco.fail_next("reach", "9002", "no answer", retryable=False)
        job = (await scene.start()).json()["id"]
        await scene.world.pass_time(RESTART_MS)
        assert told(scene)[-1] == (5_500, "failed", "reach", "failed")
        error = {"code": "9002", "message": "no answer", "retryable": False}
        assert scene.daemon.hooks[-1].json["data"]["error"] == error
        assert (await show(scene, job))["error"] == error
        assert scene.world.telco.fires == []


async def test_a_plot_may_wait_for_one_router() -> None:
    async with open_scene() as scene:
        scene.world.telco.plot_next(Plot("reach", JobError("9002", "no answer", True)), "r-2")
        await scene.start("job_a.1", device="r-1")
        await scene.start("job_b.1", device="r-2")
        await scene.world.pass_time(RESTART_MS)
        ends = {job.device: job.state for job in scene.world.telco.jobs.values()}
        assert ends == {"r-1": "succeeded", "r-2": "failed"}


async def test_silence_and_late_success() -> None:
    async with open_scene() as scene:
        scene.world.telco.silent_next()
        job = (await scene.start()).json()["id"]
        await scene.world.pass_time(24 * 3_600_000)
        assert (await show(scene, job))["state"] == "running"
        assert (await cancel(scene, job)).status_code == 200
        scene.world.telco.late_success_after(1_200_000)
        await scene.start("job_a.2")
        await scene.world.pass_time(1_199_000)
        assert [state for _, state, _, _ in told(scene)] == ["cancelled"]
        await scene.world.pass_time(1_000)
        assert [state for _, state, _, _ in told(scene)] == ["cancelled", "succeeded"]
        assert len(scene.world.telco.fires) == 1


async def test_a_deadline_takes_a_waiting_job_away() -> None:
    async with open_scene() as scene:
        scene.world.telco.wait_for_device_next(3_600_000)
        await scene.start(deadline="2027-01-15T08:10:00Z")  # ten minutes on
        await scene.world.pass_time(7_200_000)
        assert [state for _, state, _, _ in told(scene)] == ["waiting_device", "timed_out"]
        assert told(scene)[-1][0] == 600_000
        assert scene.world.telco.fires == []


async def test_callbacks_off_doubled_and_out_of_order() -> None:
    async with open_scene() as scene:
        telco = scene.world.telco
        telco.callbacks("off")
        await scene.start("job_a.1")
        await scene.world.pass_time(RESTART_MS)
        assert scene.daemon.hooks == []
        telco.callbacks("duplicated")
        await scene.start("job_a.2")
        await scene.world.pass_time(RESTART_MS)
        ids = [hook.json["id"] for hook in scene.daemon.hooks]
        assert len(ids) == 14
        assert ids[::2] == ids[1::2]
        scene.daemon.hooks.clear()
        telco.callbacks("reordered")
        await scene.start("job_a.3")
        await scene.world.pass_time(RESTART_MS)
        sequences = [int(hook.json["sequence"]) for hook in scene.daemon.hooks]
        low = min(sequences)
        assert [number - low for number in sequences] == [1, 0, 3, 2, 5, 4, 6]


async def test_refusing_hanging_and_being_down() -> None:
    async with open_scene() as scene:
        telco = scene.world.telco
        telco.refuse_next(503, retry_after_s=7)
        refused = await scene.start()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
        telco.drop_start_answer()
        with pytest.raises(httpx.RemoteProtocolError):
            await scene.start()
        job = telco.job_of("job_a.1")
        assert job is not None
        assert (await scene.start()).json()["id"] == job.id
        telco.down()
        with pytest.raises(httpx.ConnectError):
            await scene.start("job_b.1", device="r-2")
        telco.up()
        telco.down(429)
        assert (await cancel(scene, job.id)).status_code == 429
        telco.up()
        telco.on_start.hang(for_ms=1_000)
        async with httpx.AsyncClient(trust_env=False) as patient:
            scene.client = patient
            await _hang_until_the_clock_moves(scene)
        assert len(telco.starts) == 1


async def _hang_until_the_clock_moves(scene: Scene) -> None:
    async def call() -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await scene.start("job_c.1", device="r-3")

    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call)
            while scene.world.telco.on_start.waiting:
                await trio.lowlevel.checkpoint()
            await scene.world.wait_quiet()
            await scene.world.pass_time(1_000)


async def test_a_port_stays_its_own_while_it_refuses() -> None:
    async with open_scene() as scene:
        port = urlsplit(base(scene)).port
        scene.world.telco.down()
        assert all(free_port() != port for _ in range(20))
        scene.world.telco.up()
        assert urlsplit(base(scene)).port == port
        assert (await scene.start()).status_code == 202

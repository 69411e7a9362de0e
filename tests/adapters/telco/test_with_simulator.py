"""The adapter against the sandbox's provider: both were written from the same contract."""

from __future__ import annotations

from actors.calls import CancelJob, QueryJob, StartJob
from actors.ids import ROUTER_JOB, actor_id
from actors.messages import CancelAnswered, JobNotFound, ProviderReported
from actors.outcomes import Delivered
from actors.values import CancelResult, JobState
from adapters.ports import Attempt, Event, ForActor, HttpRequest
from adapters.secret import Secret
from adapters.telco.http_contract.inbound import TelcoReceiver
from adapters.telco.http_contract.outbound import TelcoSender
from adapters.telco.http_contract.settings import TelcoSettings
from tests.adapters.sandbox.stand_in import START_MS, Scene, open_scene
from tests.adapters.telco.loopback import http_client

JOB = actor_id(ROUTER_JOB, "one")
OTHER = actor_id(ROUTER_JOB, "two")
ATTEMPT = Attempt("att_1", 1, START_MS, JOB, "eff_1")


def settings_of(scene: Scene) -> TelcoSettings:
    telco = scene.world.telco
    return TelcoSettings(
        name="main",
        base_url=telco.server.url,
        callback_url=f"{scene.daemon.server.url}/webhooks/telco/main",
        callback_secrets=(Secret(telco.callback_secret),),
    )


def told(outcome: object) -> ProviderReported:
    assert isinstance(outcome, Delivered)
    assert isinstance(outcome.answer, ProviderReported)
    return outcome.answer


async def test_a_restart_by_all_three_roads() -> None:
    async with open_scene() as scene, http_client() as transport:
        sender = TelcoSender(transport, settings_of(scene))
        begun = told(await sender.perform(StartJob(JOB, 1, "main", "router.restart", "r"), ATTEMPT))
        assert (begun.state, begun.retry_after_s) == (JobState.QUEUED, 5.0)
        await scene.world.pass_time(200_000)

        receiver = TelcoReceiver(settings_of(scene))
        states, ids = [], set()
        for hook in scene.daemon.of("telco"):
            request = HttpRequest("POST", hook.path, (), hook.headers, hook.body, hook.at_ms)
            (event,) = receiver.receive(request).events
            assert isinstance(event, Event)
            assert event.target == ForActor(JOB)
            assert isinstance(event.message, ProviderReported)
            assert (event.message.attempt, event.message.provider_job) == (1, begun.provider_job)
            states.append(event.message.state)
            ids.add(event.message_id)
        assert states[0] is JobState.RUNNING
        assert states[-1] is JobState.SUCCEEDED
        assert len(ids) == len(states)

        for job in (begun.provider_job, None):
            seen = told(await sender.perform(QueryJob(JOB, 1, "main", job), ATTEMPT))
            assert (seen.state, seen.provider_job) == (JobState.SUCCEEDED, begun.provider_job)
        unknown = await sender.perform(QueryJob(OTHER, 1, "main"), ATTEMPT)
        assert unknown == Delivered(answer=JobNotFound(1))
        late = await sender.perform(CancelJob(JOB, 1, "main"), ATTEMPT)
        assert late == Delivered(answer=CancelAnswered(1, CancelResult.TOO_LATE))


async def test_a_second_start_on_the_router_attaches_and_a_cancel_ends_it() -> None:
    async with open_scene() as scene, http_client() as transport:
        sender = TelcoSender(transport, settings_of(scene))
        start = StartJob(JOB, 1, "main", "router.restart", "r")
        begun = told(await sender.perform(start, ATTEMPT))
        again = told(await sender.perform(start, ATTEMPT))
        neighbour = StartJob(OTHER, 1, "main", "router.restart", "r")
        attached = told(await sender.perform(neighbour, ATTEMPT))
        assert begun.provider_job == again.provider_job == attached.provider_job
        assert len(scene.world.telco.starts) == 1
        cancel = await sender.perform(CancelJob(JOB, 1, "main"), ATTEMPT)
        assert cancel == Delivered(answer=CancelAnswered(1, CancelResult.CANCELLED))

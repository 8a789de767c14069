"""The world's own control API: scenarios, faults, options, effects, environment and reset."""

from collections.abc import Callable, Sequence
from threading import Lock

from pydantic import ValidationError
from starlette.routing import BaseRoute

from sandbox.world.effects import Effect
from sandbox.world.faults import Fault, Faults
from sandbox.world.http import Answer, Call, Obj, Work, route, texts
from sandbox.world.options import Options, OptionsHolder
from sandbox.world.scenario import Scenario


class Control:
    """Everything under /world; meant for the workspace page and for tests, on loopback."""

    def __init__(
        self,
        *,
        scenarios: Sequence[Scenario],
        faults: Faults,
        options: OptionsHolder,
        effects: Callable[[], list[Effect]],
        private_values: Callable[[], list[str]],
        environment: Callable[[str], dict[str, str]],
        reset: Callable[[], None],
    ) -> None:
        self._scenarios = {scenario.id: scenario for scenario in scenarios}
        self._faults = faults
        self._options = options
        self._effects = effects
        self._private_values = private_values
        self._environment = environment
        self._reset = reset
        self._starting = Lock()  # two breaks that begin at once would take the same invoice, or family

    def routes(self) -> list[BaseRoute]:
        """The routes, from the root."""
        return [
            route("/world/env", self._env, methods=["GET"]),
            route("/world/scenarios", self._list, methods=["GET"]),
            route("/world/scenarios/{id}", _validated(self._start), methods=["POST"]),
            route("/world/reset", self._begin_again, methods=["POST"]),
            route("/world/effects", self._log, methods=["GET"]),
            route("/world/private", self._private, methods=["GET"]),
            route("/world/faults", self._active, methods=["GET"]),
            route("/world/faults", _validated(self._arm), methods=["POST"]),
            route("/world/faults", self._clear, methods=["DELETE"]),
            route("/world/options", self._show_options, methods=["GET"]),
            route("/world/options", _validated(self._set_options), methods=["PUT"]),
        ]

    def _env(self, call: Call) -> Answer:
        """The bot's environment, with this very address as the hosts' base."""
        base = f"{call.headers.get('x-forwarded-proto', 'http')}://{call.headers['host']}"
        return Answer(json=dict(self._environment(base)))

    def _list(self, _: Call) -> Answer:
        return Answer(
            json=[
                {
                    "id": scenario.id,
                    "title": scenario.title,
                    "system": scenario.system,
                    "about": scenario.about,
                    "running": scenario.running(),
                }
                for scenario in self._scenarios.values()
            ]
        )

    def _start(self, call: Call) -> Answer:
        scenario = self._scenarios.get(call.at["id"])
        if scenario is None:
            return Answer(status=404, json={"error": f"no scenario {call.at['id']!r}", "known": texts(self._scenarios)})
        was_running = scenario.running()
        with self._starting:
            details = scenario.start(call.json())
        return Answer(json={"id": scenario.id, "was_running": was_running, "details": details})

    def _begin_again(self, _: Call) -> Answer:
        self._reset()
        return Answer(json={"ok": True})

    def _log(self, call: Call) -> Answer:
        system, action = call.one("system"), call.one("action")
        effects: list[Obj] = [
            effect.model_dump(mode="json")
            for effect in self._effects()
            if system in (None, effect.system) and action in (None, effect.action)
        ]
        return Answer(json=list(effects))

    def _private(self, _: Call) -> Answer:
        """For a test that searches what left the bot."""
        return Answer(json=texts(self._private_values()))

    def _active(self, _: Call) -> Answer:
        return Answer(json=[fault.model_dump(mode="json") for fault in self._faults.active()])

    def _arm(self, call: Call) -> Answer:
        fault = Fault.model_validate(call.json())
        self._faults.arm(fault)
        return Answer(status=201, json=fault.model_dump(mode="json"))

    def _clear(self, _: Call) -> Answer:
        self._faults.clear()
        return Answer(json={"ok": True})

    def _show_options(self, _: Call) -> Answer:
        return Answer(json=self._options.value.model_dump(mode="json"))

    def _set_options(self, call: Call) -> Answer:
        self._options.value = Options.model_validate({**self._options.value.model_dump(), **call.json()})
        return self._show_options(call)


def _validated(work: Work) -> Work:
    """Turns a body that does not fit into 422 with what is wrong."""

    def checked(call: Call) -> Answer:
        try:
            return work(call)
        except ValidationError as invalid:
            problems = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in invalid.errors()]
            return Answer(status=422, json={"error": "invalid", "details": texts(problems)})

    return checked

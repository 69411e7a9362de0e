"""The configuration file: a good one loads whole, a broken one tells every fault."""

import re
from pathlib import Path

import msgspec
import pytest

from adapters.secret import Secret
from daemon import config_model
from daemon.config import Config, ConfigFault, load
from daemon.config_model import Limits
from daemon.secrets import HOW

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "routerbot.toml.example"
KEY = "0123456789abcdef"

SMALL = """
[server]
public_url = "https://bot.example.net"
[privacy]
pseudonym_key = { env = "KEY" }
[flow]
file = "flow.yaml"
default_language = "es"
time_zone = "America/Lima"
[whatsapp]
business_account_id = "102290129340398"
verify_token = { env = "KEY" }
app_secrets = [{ env = "KEY" }]
[[whatsapp.numbers]]
phone_number_id = "106540352242922"
access_token = { env = "KEY" }
"""
GENESYS = """
[agents]
adapter = "genesys"
[agents.genesys]
integration_id = "i"
queue_id = "q"
client_id = { env = "KEY" }
client_secret = { env = "KEY" }
webhook_secret = { env = "KEY" }
"""
TELCO = """
[telco.main]
base_url = "https://acs.example.net"
callback_secrets = [{ env = "KEY" }]
"""


def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """Return the lines that `routerbot check` would show."""
    monkeypatch.chdir(tmp_path)
    Path("routerbot.toml").write_text(text, encoding="utf-8")
    found = load(Path("routerbot.toml"), {"KEY": KEY})
    assert isinstance(found, list)
    assert all(isinstance(fault, ConfigFault) for fault in found)
    return [str(fault) for fault in found]


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "routerbot.toml"
    path.write_text(text, encoding="utf-8")
    found = load(path, {"KEY": KEY})
    assert isinstance(found, Config), "\n".join(map(str, found))
    return found


def test_the_example_loads(tmp_path: Path) -> None:
    for name in re.findall(r'credential = "(\w+)"', EXAMPLE.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(f"the secret of {name}\n")
    config = load(EXAMPLE, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert isinstance(config, Config), "\n".join(map(str, config))
    assert (
        config.services["crm"].headers["Authorization"].matches("the secret of crm_authorization")
    )
    assert config.telco["main"].callback_secrets == (Secret("the secret of telco_callback_secret"),)
    assert config.agents.genesys is not None
    assert config.agents.genesys.region == "sa-east-1"
    assert config.flow.file == Path("/etc/routerbot/flow.yaml")
    assert "the secret of" not in repr(config)


def test_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, SMALL)
    assert config.limits == Limits()
    assert config.server.bind == "127.0.0.1:8080"
    assert config.agents.adapter == "none"
    assert config.flow.file == tmp_path / "flow.yaml"
    assert config.sandbox is None


def test_values_are_tidied(tmp_path: Path) -> None:
    text = SMALL.replace("https://bot.example.net", "https://bot.example.net/")
    text += '[limits]\nidle_s = 5\n[services.a]\nbase_url = "http://a/"\nheaders = { Accept = "x" }'
    config = loaded(tmp_path, text)
    assert config.server.public_url == "https://bot.example.net"
    assert isinstance(config.limits.idle_s, float)
    assert config.services["a"].headers == {"Accept": Secret("x")}


def test_a_virtual_clock(tmp_path: Path) -> None:
    text = SMALL + '[sandbox]\nclock = "virtual"\nclock_offset_file = "clock.json"\n'
    sandbox = loaded(tmp_path, text).sandbox
    assert sandbox is not None
    assert sandbox.clock_offset_file == tmp_path / "clock.json"


def test_concurrency_is_found_by_the_most_exact_prefix(tmp_path: Path) -> None:
    limits = loaded(
        tmp_path,
        SMALL + TELCO + '[limits.concurrency]\ndefault = 9\ntelco = 4\n"telco:main" = 2\n',
    ).limits
    asked = ("telco:main", "telco:other", "telcoma", "agents")
    assert [limits.concurrency_of(name) for name in asked] == [2, 4, 9, 9]
    assert Limits().concurrency_of("whatsapp:1") == 16


def test_concurrency_may_name_every_system_of_the_file(tmp_path: Path) -> None:
    names = (
        *("default", "whatsapp", "whatsapp:106540352242922", "telco", "telco:main"),
        *("service", "service:crm", "agents"),
    )
    lines = "".join(f'"{name}" = 3\n' for name in names)
    text = f'{SMALL}{TELCO}[services.crm]\nbase_url = "https://a"\n[limits.concurrency]\n{lines}'
    assert loaded(tmp_path, text).limits.concurrency == dict.fromkeys(names, 3)


BROKEN: list[tuple[str, str, list[str]]] = [
    # What is replaced in the small file, by what, and all lines that follow from it.
    ("[server]", "[server", ["is not TOML: Expected ']' at the end of a table declaration"]),
    ('"https://bot', '"http://bot', ["server.public_url: must begin with https://"]),
    ('"https://bot', '"ftp://bot', ["server.public_url: must be a URL that begins with https://"]),
    ('"https://bot', '"https://me:pw@bot', ["server.public_url: must not hold a user or password"]),
    ('example.net"', 'example.net:99999"', ["server.public_url: must be a URL"]),
    ("[server]", "[server]\nport = 1", ["server.port: is not a key here; known are bind,"]),
    ("[server]", "[server]\nbnid = 1", ['server.bnid: is not a key here; did you mean "bind"?']),
    ("[server]", "[server]\nbind = 8080", ["server.bind: must be text in quotes"]),
    ("[server]", '[server]\nbind = "8080"', ['server.bind: must be "host:port" such as']),
    ("[server]", '[server]\nbind = "::1:80"', ["server.bind: must be", "stands in brackets"]),
    ("[server]", '[server]\nbind = "a:70000"', ["server.bind: must be", "from 0 to 65535"]),
    ("[server]", '[server]\nbind = "fd://1"', ["server.bind: must be", "begin at 3"]),
    ("[server]", '[server]\nbind = "127.0.0.1:8081"', ["admin.bind: must differ from server.bind"]),
    ("America/Lima", "America/Limo", ["flow.time_zone: is not a time zone that this machine"]),
    ('"es"', '"Spanish!"', ['flow.default_language: must be a language such as "es"']),
    ('"flow.yaml"', '""', ["flow.file: must be a path that is not empty"]),
    ('"102290129340398"', "102290129340398", ["whatsapp.business_account_id: must be text"]),
    ("business_account_id", "# ", ["whatsapp.business_account_id: is missing"]),
    (
        'access_token = { env = "KEY" }',
        f'access_token = "{KEY}"',
        [f"whatsapp.numbers[0].access_token: a secret must not stand in this file; {HOW}"],
    ),
    (
        'access_token = { env = "KEY" }',
        'access_token = { env = "NONE" }',
        ['whatsapp.numbers[0].access_token: the environment variable "NONE" is not set'],
    ),
    (
        'access_token = { env = "KEY" }',
        "",
        [f"whatsapp.numbers[0].access_token: is missing: refer to the secret by {HOW}"],
    ),
    ('[{ env = "KEY" }]', "[]", ["whatsapp.app_secrets: must have at least one entry"]),
    ("[[whatsapp.numbers]]", "[whatsapp.numbers]", ["whatsapp.numbers: must be a list"]),
    ("[whatsapp]", '[whatsapp]\napi_version="25"', ["whatsapp.api_version: must be a version"]),
]

ADDED: list[tuple[str, list[str]]] = [
    # What is added to the small file, and all lines that follow from it.
    ('[[notifications.callers]]\nname = "a"', ["notifications: is not a key here; known are"]),
    (
        '[[whatsapp.numbers]]\nphone_number_id = "106540352242922"\naccess_token = { env = "KEY" }',
        ["whatsapp.numbers[1].phone_number_id: is already the one of numbers[0]"],
    ),
    ("[limits]\nbatch_max = 0", ["limits.batch_max: must be at least 1"]),
    ("[limits]\nbatch_max = 1.5", ["limits.batch_max: must be a whole number"]),
    ("[limits]\nbatch_max = true", ["limits.batch_max: must be a whole number"]),
    ("[limits]\nidle_s = -1", ["limits.idle_s: must be from 0.05 to 86400"]),
    ("[limits]\nidle_s = nan", ["limits.idle_s: must be from 0.05 to 86400"]),
    ("[limits]\nmessage_keep_days = 7", ["limits.message_keep_days: must be at least 8"]),
    ("[limits]\naccept_timeout_ms = 9500", ["limits.accept_timeout_ms: must be from 50 to 9000"]),
    (
        "[limits]\nsend_backoff_max_s = 0.5\ngroup_max = 2000",
        [
            "limits.send_backoff_first_s: must not be above send_backoff_max_s",
            "limits.group_max: must not be above store_queue_max",
        ],
    ),
    (
        '[limits.concurrency]\ndefault = 0\n"telko:a" = 1',
        [
            "limits.concurrency.default: must be at least 1",
            'limits.concurrency."telko:a": is no system of this file; did you mean "telco"?',
        ],
    ),
    (
        TELCO + '[limits.concurrency]\n"telco:mian" = 4\ndefualt = 3\nx = 1',
        [
            'limits.concurrency."telco:mian": is no system of this file; did you mean "telco:main"',
            'limits.concurrency.defualt: is no system of this file; did you mean "default"?',
            "limits.concurrency.x: is no system of this file; known are default, agents,",
        ],
    ),
    (
        '[limits.concurrency]\n"whatsapp:106540352242923" = 4',
        ['limits.concurrency."whatsapp:106540352242923": is no system', '106540352242922"?'],
    ),
    (
        '[services.crm]\nbase_url = "https://a"\n[limits.concurrency]\n"services:crm" = 4',
        ['limits.concurrency."services:crm": is no system', 'did you mean "service:crm"?'],
    ),
    ("[telco]\nmain = 1", ["telco.main: must be a table"]),
    (TELCO.replace("main", "Main"), ["telco.Main: the name must be a small letter, then"]),
    (TELCO + 'adapter = "snmp"', ['telco.main.adapter: must be "http"']),
    (TELCO + "honours_idempotency_keys = 1", ["telco.main.honours_idempotency_keys: must be true"]),
    (TELCO.replace("base_url", "#"), ["telco.main.base_url: is missing"]),
    ("[services.crm]\nheaders = {}", ["services.crm.base_url: is missing"]),
    (
        '[services.crm]\nbase_url = "https://a"\nheaders = { Authorization = "Basic abc" }',
        ["services.crm.headers.Authorization: a secret must not stand in this file"],
    ),
    (
        '[services.crm]\nbase_url = "https://a"\nheaders = { "a b" = "c" }',
        ['services.crm.headers."a b": is not the name of an HTTP header'],
    ),
    ('[agents]\nadapter = "zendesk"', ['agents.adapter: must be "genesys" or "none"']),
    ('[agents]\nadapter = "genesys"', ['agents.genesys: is missing: adapter = "genesys" needs']),
    (GENESYS, ["agents.genesys.region: is missing (or give both api_url and login_url)"]),
    (
        GENESYS + 'region = "sa-east-1"\napi_url = "https://a"',
        ["agents.genesys.region: must not be given together with api_url or login_url"],
    ),
    (GENESYS + 'api_url = "https://a"', ["agents.genesys.login_url: is missing: the other URL"]),
    ('[sandbox]\nclock = "virtual"', ['sandbox.clock_offset_file: is missing: clock = "virtual"']),
]


def check_lines(found: list[str], expected: list[str]) -> None:
    """One line a fault, or one fault told in parts of one line."""
    lines = "\n".join(found)
    assert all(line.startswith("routerbot.toml: ") for line in found), lines
    told = [line.removeprefix("routerbot.toml: ") for line in found]
    if len(told) == 1 and len(expected) == 2:
        assert told[0].startswith(expected[0]), lines
        assert expected[1] in told[0], lines
        return
    assert len(told) == len(expected), lines
    for line, beginning in zip(told, expected, strict=True):
        if beginning.endswith(HOW):
            assert line.endswith(HOW), lines
            beginning = beginning.removesuffix(HOW)
        assert line.startswith(beginning), lines
    assert KEY not in lines


@pytest.mark.parametrize(("old", "new", "expected"), BROKEN)
def test_a_broken_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, expected: list[str]
) -> None:
    assert old in SMALL
    check_lines(faults(tmp_path, monkeypatch, SMALL.replace(old, new, 1)), expected)


@pytest.mark.parametrize(("added", "expected"), ADDED)
def test_a_broken_addition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, added: str, expected: list[str]
) -> None:
    check_lines(faults(tmp_path, monkeypatch, f"{SMALL}\n{added}\n"), expected)


def test_all_faults_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    nonsense = 1
    [server]
    bind = "nowhere"
    [privacy]
    pseudonym_key = { env = "SHORT" }
    [flow]
    default_language = "es"
    [agents.genesys]
    region = 5
    """
    monkeypatch.chdir(tmp_path)
    Path("routerbot.toml").write_text(text)
    found = load(Path("routerbot.toml"), {"SHORT": "short"})
    assert isinstance(found, list)
    assert [fault.key for fault in found] == [
        "server.bind",
        "server.public_url",
        "privacy.pseudonym_key",
        "flow.file",
        "flow.time_zone",
        "whatsapp.business_account_id",
        "whatsapp.verify_token",
        "whatsapp.app_secrets",
        "whatsapp.numbers",
        "agents.genesys.region",
        "agents.genesys.integration_id",
        "agents.genesys.queue_id",
        "agents.genesys.client_id",
        "agents.genesys.client_secret",
        "agents.genesys.webhook_secret",
        "agents.genesys",
        "nonsense",
    ]
    assert str(found[2]) == (
        "routerbot.toml: privacy.pseudonym_key: must have at least 16 characters"
    )


def fault_of(name: str) -> str:
    """The one fault of a file."""
    found = load(Path(name), {})
    assert isinstance(found, list)
    assert len(found) == 1
    return str(found[0])


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert fault_of("none.toml") == "none.toml: cannot be read: No such file or directory"
    Path("latin.toml").write_bytes(b"# \xff")
    assert fault_of("latin.toml") == "latin.toml: is not UTF-8 text"


def test_every_key_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    tables = [
        table
        for table in vars(config_model).values()
        if isinstance(table, type) and issubclass(table, msgspec.Struct)
    ]
    assert Limits in tables
    for table in tables:
        for field in msgspec.structs.fields(table):
            forms = (f"`{field.name}`", f"[{field.name}", f".{field.name}]")
            assert any(form in text for form in forms), field.name

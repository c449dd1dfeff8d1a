"""Every setting of the installation: its name in the environment, its default and its meaning. Read once, passed down.

What the bureau itself decides (its name, the validity rule, numbering) is kept in the registry and changed on the page
Administration → Settings; see ``services.settings``.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Settings of one installation. The environment variable of ``name`` is ``METROLOGY_NAME`` unless the comment says otherwise."""

    instance: Path
    """Folder of the database and the keys. ``METROLOGY_INSTANCE``; default ``instance/``."""
    shared: Path
    """Folder of what all hosts must have alike: keys, papers, packages. ``METROLOGY_SHARED_FOLDER``; default: the instance."""
    database_url: str
    """SQLAlchemy URL. ``DATABASE_URL``; default SQLite in the instance folder."""
    secret_key: str
    """Signs cookies and tokens; made at first start in ``instance/keys/`` (mode 0600)."""
    password_salt: str
    totp_key: str
    """Under which the secrets of second factors are kept; without it they are lost."""
    replica_url: str = ""
    """A streaming replica of that PostgreSQL, from which reports and public pages are read. ``DATABASE_REPLICA_URL``; empty: none."""
    replica_lag: float = 5.0
    """Seconds that what is read from the replica may be old at most; beyond, the primary is read."""
    public_url: str = "http://127.0.0.1:8000"
    """What is printed in QR codes: scheme and host by which the public reaches the registry."""
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 8
    proxy_hops: int = 0
    """Reverse proxies in front whose X-Forwarded-* headers are believed; 0 believes none."""
    scheduler: bool = True
    """Whether this process ticks (any number may; leases keep the work single)."""
    smtp_url: str = ""
    """apprise URL of the mail server, such as ``mailtos://user:password@smtp.example.cn:465``; empty: mail is withheld, visibly."""
    mail_from: str = ""
    wecom_hosts: str = "qyapi.weixin.qq.com"
    """Hosts (comma-separated) to which WeCom notices may be sent: no other address is ever called."""
    label_printers: str = ""
    """Thermal printers labels may be sent to, ``name=host:port/zpl`` or ``/tspl``, comma-separated: no other address is ever called."""
    upload_limit: int = 50_000_000
    """Largest upload in bytes."""
    font_folder: str = ""
    """Folder with further fonts for rare characters."""
    signing_file: str = ""
    """PKCS#12 file with the key and certificate that sign PDF and XML; empty: the installation's own authority does."""
    signing_passphrase: str = field(default="", repr=False)
    """Opens that file."""
    timestamp_url: str = ""
    """Time-stamping authority (RFC 3161) for signed PDF; empty: none is asked."""
    checkpoint_sinks: str = ""
    """Where checkpoints of the journal are taken, with blanks between: ``dir:/mnt/witness``, ``mailto:audit@example.cn``,
    ``https://witness.example.cn/in``. Default: the folder ``checkpoints`` of the instance."""
    checkpoint_hosts: str = ""
    """Hosts (comma-separated) to which checkpoints may be posted: no other address is ever called."""
    webhook_hosts: str = ""
    """Hosts, with or without port (comma-separated), to which webhooks may go though they are private or without TLS. All others
    must be public and https."""
    dump_folder: str = ""
    """Where the nightly dump of certificate statuses is kept; default the folder ``dumps`` of the instance."""
    dump_days: int = 14
    """Days a dump is kept."""
    dump_public: bool = False
    """Whether everybody may fetch the dumps."""
    dump_token: str = ""
    """Who sends this token (``Authorization: Bearer``) may fetch the dumps though they are not public."""
    keys_passphrase: str = field(default="", repr=False)
    """Seals the private keys in ``instance/keys``; empty: a random file beside them does."""
    workers: int = 1
    """Processes that write at the same time; more than one on SQLite needs a safe library."""

    @property
    def fonts_folder(self) -> Path | None:
        """The folder with further fonts, where one is set."""
        return Path(self.font_folder) if self.font_folder else None

    @property
    def named_webhook_hosts(self) -> frozenset[str]:
        """The hosts of ``webhook_hosts``."""
        return frozenset(host.strip().lower() for host in self.webhook_hosts.split(",") if host.strip())

    @property
    def is_https(self) -> bool:
        """Whether the public address is encrypted: cookies are then marked Secure."""
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read settings from the environment; make the instance folder and its keys where they lack."""
    env = os.environ if environ is None else environ
    instance = Path(env.get("METROLOGY_INSTANCE", str(ROOT / "instance"))).resolve()
    shared = Path(env.get("METROLOGY_SHARED_FOLDER") or instance).resolve()
    keys = shared / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    database_url = _by_psycopg(env.get("DATABASE_URL") or f"sqlite:///{instance / 'metrology.db'}")
    replica_url = _by_psycopg(env.get("DATABASE_REPLICA_URL", ""))
    if replica_url and not (database_url.startswith("postgresql") and replica_url.startswith("postgresql")):
        raise ValueError(
            "DATABASE_REPLICA_URL names a streaming replica of a PostgreSQL: set DATABASE_URL to its primary"
        )
    host, port = env.get("METROLOGY_HOST", "127.0.0.1"), int(env.get("METROLOGY_PORT", "8000"))
    return Settings(
        instance=instance,
        shared=shared,
        database_url=database_url,
        replica_url=replica_url,
        replica_lag=max(0.5, float(env.get("METROLOGY_REPLICA_LAG", "5"))),
        secret_key=_key(keys / "secret_key"),
        password_salt=_key(keys / "password_salt"),
        totp_key=_key(keys / "totp_key"),
        public_url=(env.get("METROLOGY_PUBLIC_URL") or f"http://{host}:{port}").rstrip("/"),
        host=host,
        port=port,
        threads=int(env.get("METROLOGY_THREADS", "8")),
        proxy_hops=int(env.get("METROLOGY_PROXY_HOPS", "0")),
        scheduler=env.get("METROLOGY_SCHEDULER", "1") not in ("0", "no", "false"),
        smtp_url=env.get("METROLOGY_SMTP_URL", ""),
        mail_from=env.get("METROLOGY_MAIL_FROM", ""),
        wecom_hosts=env.get("METROLOGY_WECOM_HOSTS", "qyapi.weixin.qq.com"),
        label_printers=env.get("METROLOGY_LABEL_PRINTERS", ""),
        upload_limit=int(env.get("METROLOGY_UPLOAD_LIMIT", "50000000")),
        font_folder=env.get("METROLOGY_FONT_FOLDER", ""),
        signing_file=env.get("METROLOGY_SIGNING_FILE", ""),
        signing_passphrase=env.get("METROLOGY_SIGNING_PASSPHRASE", ""),
        timestamp_url=env.get("METROLOGY_TIMESTAMP_URL", ""),
        checkpoint_sinks=env.get("METROLOGY_CHECKPOINT_SINKS", f"dir:{shared / 'checkpoints'}"),
        checkpoint_hosts=env.get("METROLOGY_CHECKPOINT_HOSTS", ""),
        webhook_hosts=env.get("METROLOGY_WEBHOOK_HOSTS", ""),
        dump_folder=env.get("METROLOGY_DUMP_FOLDER") or str(shared / "dumps"),
        dump_days=int(env.get("METROLOGY_DUMP_DAYS", "14")),
        dump_public=env.get("METROLOGY_DUMP_PUBLIC", "0") in ("1", "yes", "true"),
        dump_token=env.get("METROLOGY_DUMP_TOKEN", ""),
        keys_passphrase=env.get("METROLOGY_KEYS_PASSPHRASE", ""),
        workers=int(env.get("METROLOGY_WORKERS", "1")),
    )


def _by_psycopg(url: str) -> str:
    """A PostgreSQL URL as SQLAlchemy needs it for psycopg 3."""
    if url.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    return url


def _key(path: Path) -> str:
    """The key kept in a file that only its owner reads, made at the first start.

    It is written whole before it has its name, so that of several processes that start at once all read the one that was first.
    """
    if not path.exists():
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with suppress(FileExistsError):
            os.link(partial, path)
        partial.unlink()
    return path.read_text().strip()

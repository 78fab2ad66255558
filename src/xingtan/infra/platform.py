"""Everything of the outside world that a process holds, opened once from the settings."""

from dataclasses import dataclass
from pathlib import Path

from xingtan.core.clock import Clock, SystemClock
from xingtan.core.errors import Broken
from xingtan.infra.db import Database
from xingtan.infra.db.migrate import current, newest, upgrade
from xingtan.infra.files import FileStore, MediaSigner, S3Options, open_store
from xingtan.infra.limits import RateLimiter
from xingtan.infra.mail import MaildirMailer, Mailer, SmtpMailer
from xingtan.infra.search import SearchIndex
from xingtan.infra.settings import Settings
from xingtan.infra.vault import Vault, read_or_make_key

_MEDIA = "media url"


@dataclass(frozen=True, slots=True)
class Platform:
    """What use cases are given at the edge: database, clock, vault, files, mail, search, limits."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    files: FileStore
    media: MediaSigner
    mailer: Mailer
    search: SearchIndex
    limiter: RateLimiter

    def close(self) -> None:
        """Close what holds connections."""
        self.database.close()


def open_platform(settings: Settings, *, clock: Clock | None = None) -> Platform:
    """Open the home folder: make what is missing, migrate the database, check that the master key fits."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.effective_database_url)
    is_new = current(database) is None
    key_file = settings.home / "master.key"
    if not is_new and not key_file.exists():
        msg = f"the database is there, but its master key {key_file} is missing: restore that file"
        raise Broken(msg)
    vault = Vault(read_or_make_key(key_file))
    upgrade(database)
    with database.reading() as session:
        vault.check(session)
    return Platform(
        settings=settings,
        clock=clock or SystemClock(),
        database=database,
        vault=vault,
        files=_files(settings),
        media=MediaSigner(vault.derive(_MEDIA)),
        mailer=_mailer(settings),
        search=SearchIndex(database),
        limiter=RateLimiter(settings.redis_url or "memory://"),
    )


def is_current(database: Database) -> bool:
    """Say whether the schema is the one that this version of Xingtan knows."""
    return current(database) == newest()


def _files(settings: Settings) -> FileStore:
    if not settings.s3_bucket:
        folder = settings.home / "files"
        folder.mkdir(exist_ok=True)
        return open_store(folder=folder)
    return open_store(
        s3=S3Options(
            bucket=settings.s3_bucket,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            key_id=settings.s3_key_id,
            secret=settings.s3_secret.get_secret_value(),
        )
    )


def mail_folder(settings: Settings) -> Path:
    """Return the folder in which mail is kept when there is no SMTP server."""
    return settings.home / "mail"


def _mailer(settings: Settings) -> Mailer:
    if not settings.smtp_host:
        return MaildirMailer(mail_folder(settings))
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        username=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
    )

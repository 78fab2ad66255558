"""Every setting, in one class: environment variables ``XINGTAN_…`` first, then ``xingtan.toml`` in the home folder.

The page docs/reference/settings.md is generated from the descriptions below.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


class Settings(BaseSettings):
    """What an operator may decide. An empty environment gives one process with everything embedded."""

    model_config = SettingsConfigDict(env_prefix="XINGTAN_", extra="forbid")

    home: Path = Field(
        Path("var"),
        description="The folder that holds the academy: database, files, mail, keys.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on.")
    base_url: str = Field(
        "",
        description=(
            "The academy's public address, e.g. https://academy.example.org. Empty: the address that it listens on."
        ),
    )
    database_url: str = Field(
        "",
        description="A PostgreSQL URL (postgresql+psycopg://…). Empty: SQLite in the home folder.",
    )
    redis_url: str = Field(
        "",
        description="Redis for rate limits shared by several processes. Empty: in memory.",
    )
    s3_bucket: str = Field("", description="The S3 bucket for files. Empty: a folder in the home folder.")
    s3_endpoint: str = Field("", description="The S3 endpoint, for stores other than Amazon's.")
    s3_region: str = Field("us-east-1", description="The S3 region.")
    s3_key_id: str = Field("", description="The S3 access key id.")
    s3_secret: SecretStr = Field(SecretStr(""), description="The S3 secret access key.")
    smtp_host: str = Field(
        "",
        description="The SMTP server. Empty: mail goes to a folder that the studio shows.",
    )
    smtp_port: int = Field(587, description="The SMTP port.")
    smtp_user: str = Field("", description="The SMTP user name.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The SMTP password.")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls",
        description="How the SMTP connection is secured.",
    )
    mail_from: str = Field("academy@localhost", description="The sender of the academy's mail.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto",
        description="JSON lines, or lines for people; auto: for people on a terminal.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="The least severe message that is logged.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="A bearer token that /metrics asks for. Empty: /metrics answers only to this machine.",
    )
    workers: int = Field(1, ge=1, description="Web processes. More than one needs PostgreSQL.")
    run_worker: bool = Field(
        True,
        description=("Run background jobs inside the web process. Set to false when `xingtan worker` runs beside it."),
    )
    upload_limit_mb: int = Field(100, ge=1, description="The largest upload, in megabytes (10^6 bytes).")
    sandbox_payments: bool = Field(
        True,
        description="Offer the sandbox payment provider, with which nobody pays real money.",
    )
    trusted_proxies: str = Field(
        "",
        description="Comma-separated addresses of reverse proxies whose X-Forwarded-For is believed.",
    )
    argon2_fast: bool = Field(False, description="Cheap password hashing, for tests only.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - signature of pydantic-settings
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - signature of pydantic-settings
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then the TOML file in the home folder."""
        home = Path(str(init_settings().get("home") or env_settings().get("home") or "var"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / "xingtan.toml")

    @property
    def effective_database_url(self) -> str:
        """Return the database's URL: the setting, or SQLite in the home folder."""
        return self.database_url or f"sqlite:///{self.home / 'academy.sqlite3'}"

    @property
    def effective_base_url(self) -> str:
        """Return the public address without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

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
    sandbox_fee_bp: int = Field(
        0,
        ge=0,
        le=2_000,
        description="What the sandbox keeps of each payment as its fee, in basis points: 60 is 0.6 %.",
    )
    gift_days: int = Field(
        0,
        ge=0,
        le=3_660,
        description="After how many days a gift that nobody has claimed runs out; 0: never. Gifts keep their rule.",
    )
    webhooks_allow_private: bool = Field(
        False,
        description=(
            "Let webhooks go to private addresses and over plain HTTP, e.g. to a program on the same machine. Whoever "
            "may change settings can then reach your network from the academy."
        ),
    )
    stripe_secret_key: SecretStr = Field(
        SecretStr(""),
        description="Stripe's secret key (sk_… or rk_…). Empty: Stripe is not offered.",
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The signing secret (whsec_…) of the webhook endpoint that Stripe calls.",
    )
    stripe_gateway: str = Field("https://api.stripe.com", description="The address of Stripe's API.")
    alipay_app_id: str = Field("", description="The Alipay application's id. Empty: Alipay is not offered.")
    alipay_seller_id: str = Field("", description="The Alipay seller's id (2088…), which every notice must name.")
    alipay_private_key_file: Path | None = Field(None, description="The PEM file with the application's private key.")
    alipay_public_key_file: Path | None = Field(None, description="The PEM file with Alipay's public key.")
    alipay_gateway: str = Field("https://openapi.alipay.com/gateway.do", description="The address of Alipay's API.")
    wechat_mchid: str = Field("", description="The WeChat Pay merchant's number. Empty: WeChat Pay is not offered.")
    wechat_appid: str = Field("", description="The id of the app or account to which the merchant's number is bound.")
    wechat_private_key_file: Path | None = Field(None, description="The PEM file with the merchant's private key.")
    wechat_cert_serial: str = Field("", description="The serial number of the merchant's certificate.")
    wechat_api_key: SecretStr = Field(
        SecretStr(""),
        description="The API v3 key, 32 letters, with which notices are sealed.",
    )
    wechat_public_key_file: Path | None = Field(None, description="The PEM file with WeChat Pay's public key.")
    wechat_public_key_id: str = Field("", description="The id of that public key (PUB_KEY_ID_…).")
    wechat_gateway: str = Field("https://api.mch.weixin.qq.com", description="The address of WeChat Pay's API.")
    bank_account: str = Field(
        "",
        description="What a buyer needs to send a bank transfer, in lines. Empty: transfers are not offered.",
    )
    bank_currencies: str = Field("CNY", description="Comma-separated currencies that the bank account takes.")
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

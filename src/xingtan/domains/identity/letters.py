"""Letters about the account, in both languages: plain text first, and a quiet HTML of the same words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from xingtan.infra.mail import Letter


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    before: Sequence[str]
    after: Sequence[str]
    button: str = ""


_SIGN_IN: Mapping[str, _Words] = {
    "zh": _Words(
        "登录{academy}",
        ("{hello}", "请点下面的链接登录{academy}。链接 {minutes} 分钟内有效，只能用一次。"),
        ("如果不是你本人要登录，不必理会这封信，没有人能凭空进入你的账号。",),
        "登录",
    ),
    "en": _Words(
        "Sign in to {academy}",
        ("{hello}", "Follow this link to sign in to {academy}. It works once, within {minutes} minutes."),
        ("If you did not ask for it, there is nothing to do: nobody gets in without this link.",),
        "Sign in",
    ),
}
_NOTICES: Mapping[tuple[str, str], _Words] = {
    ("password_changed", "zh"): _Words(
        "你在{academy}的密码已更改",
        ("{hello}", "你的密码刚刚更改了，其他设备上的登录都已退出。"),
        ("如果不是你本人更改的，请马上用邮件链接登录，并重新设置密码：",),
        "去登录",
    ),
    ("password_changed", "en"): _Words(
        "Your password at {academy} was changed",
        ("{hello}", "Your password has just been changed, and every other device was signed out."),
        ("If that was not you, sign in by a mailed link at once and set a new password:",),
        "Sign in",
    ),
    ("second_factor_removed", "zh"): _Words(
        "你在{academy}的一项登录保护已移除",
        ("{hello}", "你账号的验证器或一枚通行密钥刚刚移除了。"),
        ("如果不是你本人移除的，请马上登录并查看“安全”页面：",),
        "查看安全设置",
    ),
    ("second_factor_removed", "en"): _Words(
        "A sign-in protection at {academy} was removed",
        ("{hello}", "The authenticator or a passkey of your account has just been removed."),
        ("If that was not you, sign in at once and look at the page “Security”:",),
        "Look at security",
    ),
}


def sign_in_letter(to: str, *, name: str, language: str, academy: str, url: str, minutes: int) -> Letter:
    """Return the letter that carries a sign-in link."""
    return _letter(to, _SIGN_IN[language], name=name, language=language, academy=academy, url=url, minutes=minutes)


def notice_letter(to: str, about: str, *, name: str, language: str, academy: str, url: str) -> Letter:
    """Return the letter about a change of the account's locks; `about` is e.g. ``password_changed``."""
    return _letter(to, _NOTICES[about, language], name=name, language=language, academy=academy, url=url, minutes=0)


def _letter(to: str, words: _Words, *, name: str, language: str, academy: str, url: str, minutes: int) -> Letter:
    facts = {"academy": academy, "minutes": minutes, "hello": _hello(name, language)}
    before, after = ([line.format_map(facts) for line in lines] for lines in (words.before, words.after))
    is_link_last = bool(after) and after[-1].endswith((":", "："))
    order = [*before, *after, url] if is_link_last else [*before, url, *after]
    return Letter(
        to=to,
        subject=words.subject.format_map(facts),
        text="\n\n".join([*order, f"-- \n{academy}"]) + "\n",
        html=_html(order, url=url, button=words.button, language=language, academy=academy),
    )


def _hello(name: str, language: str) -> str:
    if language == "zh":
        return f"{name}，你好：" if name else "你好："
    return f"Hello {name}," if name else "Hello,"


def _html(lines: Sequence[str], *, url: str, button: str, language: str, academy: str) -> str:
    link = (
        f'<p><a href="{escape(url)}" style="display:inline-block;padding:12px 28px;border-radius:8px;'
        f'background:#2a2318;color:#fff;text-decoration:none">{escape(button)}</a></p>'
    )
    tag = "zh-Hans" if language == "zh" else "en"
    body = "".join(link if line == url else f"<p>{escape(line)}</p>" for line in lines)
    return (
        f'<!doctype html><html lang="{tag}"><body style="margin:0;background:#faf7f0">'
        '<div style="max-width:34em;margin:0 auto;padding:32px 24px;font:16px/1.7 system-ui,sans-serif;color:#2a2318">'
        f'{body}<p style="color:#7a6f60;font-size:14px">{escape(academy)}</p></div></body></html>'
    )

"""Names for people who do not exist, and addresses that reach nobody (RFC 2606: example.org)."""

import random

_FAMILY = (
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭",
    "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅",
    "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛", "叶", "阎", "余", "潘", "杜", "戴",
    "夏", "钟", "汪", "田", "任", "姜",
)  # fmt: skip
_GIVEN = (
    "小满", "知秋", "子衿", "若谷", "清和", "书远", "明远", "雨桐", "思齐", "一鸣", "晓岚", "文静", "嘉树",
    "望舒", "怀瑾", "景行", "云起", "听澜", "念慈", "致远", "安之", "采薇", "南乔", "星河", "芷若", "亦凡",
    "佳宁", "建国", "秀英", "志强", "丽娟", "海燕", "国栋", "春梅", "立夏", "谷雨", "白露", "霜降", "冬青",
    "青禾", "素问", "长庚", "半夏", "木兰", "杏儿",
)  # fmt: skip
_FIRST = (
    "Ada", "Amara", "Anselm", "Aoife", "Beatrix", "Bruno", "Carys", "Cem", "Clara", "Dara", "Dmitri", "Edith",
    "Eitan", "Elif", "Emeka", "Farah", "Felix", "Freya", "Gita", "Hana", "Hugo", "Ingrid", "Isla", "Ivo",
    "Jonas", "Kofi", "Lena", "Leila", "Luca", "Mabel", "Marta", "Mateo", "Mira", "Nadia", "Niall", "Noor",
    "Olga", "Omar", "Petra", "Priya", "Rafael", "Rosa", "Saoirse", "Selma", "Sven", "Tariq", "Theo", "Uma",
    "Vera", "Wren", "Yara", "Zoltan",
)  # fmt: skip
_LAST = (
    "Abara", "Ashworth", "Bauer", "Bianchi", "Boateng", "Byrne", "Castellano", "Chaudhry", "Dahl", "Dubois",
    "Eriksen", "Ferreira", "Fischer", "Gallagher", "Haddad", "Holm", "Iyer", "Jansen", "Kaya", "Kowalska",
    "Lindqvist", "Lowe", "Marek", "Mehta", "Moreau", "Nakamura", "Novak", "Okafor", "Osei", "Pereira",
    "Quigley", "Rahman", "Rossi", "Sato", "Silva", "Tanaka", "Thorne", "Ueda", "Varga", "Weiss", "Whitfield",
    "Yilmaz", "Zielinski",
)  # fmt: skip


def name_of(rng: random.Random, number: int, language: str) -> tuple[str, str]:
    """Return a made-up name and the address of learner `number`, which nobody else has."""
    if language == "zh":
        return rng.choice(_FAMILY) + rng.choice(_GIVEN), f"reader{number + 1:04d}@example.org"
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return f"{first} {last}", f"{first.lower()}.{last.lower()}.{number + 1:04d}@example.org"

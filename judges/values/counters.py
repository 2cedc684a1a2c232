"""Which words may stand beside a number as what it counts, by the script they are in."""

import re

# Measure words and units that are written straight to a number in China, Japan and Korea.
_ONE_SIGN = (
    "个個只隻条條本张張块塊支枝件把棵株朵头頭匹辆輛台座间層层页頁岁歲人名位种種元角分米里寸尺克斤吨升"
    "秒点天日月年周度盒袋瓶杯碗双对副套份粒颗滴片根排行列组班级家户次步题道项箱筐桶包捆串扇幅首句字亩"
    "円つ枚冊歳개명원분초살권대"
)
_LONGER = [
    "平方厘米", "平方千米", "平方公里", "立方厘米", "平方单位", "立方单位", "人民币", "平方米",
    "立方米", "摄氏度", "分米", "厘米", "毫米", "千米", "公里", "千克", "公斤", "毫升", "小时", "小時",
    "分钟", "分鐘", "点钟", "星期", "美元", "欧元", "日元", "英镑", "平方", "立方", "单位", "字节",
    "公顷", "時間", "시간", "마리",
]  # fmt: skip
_COUNTED = re.compile(f"{'|'.join(_LONGER)}|[{_ONE_SIGN}]")
# What makes a bound, a part or a multiple of the number.
_CHANGING = re.compile(r"[上下多余餘约倍负非不或至到超半之]")
_FAR_EAST = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_SCALED = re.compile(r"([十百千万亿]+)(.*)")
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f'’]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_GREEK_LETTERS = re.compile(r"[\u0370-\u03ff]{1,3}")
_MICRO = re.compile(r"[\u00b5\u03bc][a-zA-Z]{1,3}|[kMG]?[\u2126\u03a9]")
_CYRILLIC = frozenset(["м", "см", "мм", "км", "кг", "г", "л", "ч", "с", "т", "р", "руб"])
_SIGNS = str.maketrans("", "", "$€£¥₹¢°%")


def may_count(word: str, spaced: bool) -> bool:
    """`apples`, `cm`, `个`, and `яблок` after a space; neither `α` nor `以上`, nor what is no letter."""
    bare = word.translate(_SIGNS)
    if not bare or _LATIN.fullmatch(bare):
        return not bare or bare.isascii() or len(bare) > 1
    if _FAR_EAST.match(bare):
        return _COUNTED.match(bare) is not None and _CHANGING.search(bare) is None
    if bare in _CYRILLIC or _MICRO.fullmatch(bare):
        return True
    return spaced and _WORD.fullmatch(bare) is not None and not _GREEK_LETTERS.fullmatch(bare)


def scaled(word: str) -> list[str]:
    """`万人` as 万 and 人; 千米 is a unit."""
    found = None if _COUNTED.fullmatch(word) else _SCALED.fullmatch(word)
    return [*found[1], *filter(None, [found[2]])] if found else [word]

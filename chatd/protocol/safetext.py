"""Remote text made safe for a terminal. Everything from others passes here once, where it enters what is shown.

A terminal obeys the bytes that it shows: escape sequences move its cursor, change its title, write to its clipboard,
make it type; bidirectional overrides show another text than the one that is there (CVE-2003-0070, CVE-2021-25743,
CVE-2021-27135, CVE-2021-42574). What is neutralised stays visible, so that one sees that somebody tried.
"""

import unicodedata

MARKS_PER_CHARACTER = 4  # combining marks above this stack over other lines; living languages need at most 3 or 4
TAB = "    "
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "\N{SYMBOL FOR DELETE}"
# Joiners and variation selectors: they shape letters and emoji and move nothing.
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_HARMLESS = frozenset(f"{_JOINERS}\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}")
# Format (all bidirectional controls are among them), surrogate, private use, unassigned, line and paragraph ends.
_INVISIBLE = frozenset({"Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me"})
# Letters, marks and a symbol that show nothing (Unicode's Default_Ignorable_Code_Point, and the empty Braille cell).
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def neutralise(text: str) -> str:
    """The text with nothing in it that a terminal would obey: one line, no control, no invisible character.

    C0 controls become their pictures (␛), C1 controls `\\x9b`, tabs four spaces, bidirectional and other invisible
    format characters U+FFFD; more than 4 combining marks on one character are left out.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        is_mark = unicodedata.category(character) in _MARKS
        if is_mark and character not in _HARMLESS and character not in _BLANK:
            marks += 1
            if marks <= MARKS_PER_CHARACTER and shown:
                shown.append(character)
        else:
            if character not in _HARMLESS:  # a joiner between marks is no new character to pile them on
                marks = 0
            shown.append(_visible(character))
    return "".join(shown)


def _visible(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return TAB
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return _DELETE_PICTURE
    if 0x80 <= code < 0xA0:
        return f"\\x{code:02x}"
    if character in _HARMLESS:
        return character
    if character in _BLANK or unicodedata.category(character) in _INVISIBLE:
        return _REPLACEMENT
    return character

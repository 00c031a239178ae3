"""The forms of the handoff: what they ask for, what may be passed on, and what is wrong with what was filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from email_validator import EmailNotValidError, validate_email

from bot import texts
from bot.messages.card import Button, Card, Press
from bot.messages.form import Field, FieldKind, Form
from bot.messages.formatting import join_lines, shorten
from bot.messages.reply import Line, LineKind
from bot.store.records import Lead, LeadDetails

MAX_PREVIEWS, MAX_PREVIEW = 8, 150  # messages of a conversation that are shown with the form, and characters of each
URGENCIES, CONSENTS = ("now", "week", "later"), ("nothing", "summary", "all")
DEFAULT_URGENCY = "week"
TITLES = {"note": "note_title", "yes": "solved_title", "no": "unsolved_title"}


def request_form(draft: Lead, name: str, consent: str = "") -> Form:
    """The form with which a user gets in touch: it shows what may be passed on, unless their `consent` is known."""
    written = draft.details.written or {"name": name}
    fields = [
        Field("name", texts.sentence("contact_name")),
        Field("need", texts.sentence("contact_need"), FieldKind.TEXT),
        _choice("urgency", URGENCIES, DEFAULT_URGENCY),
        *([] if consent else [_consent(draft)]),
        Field(
            "email",
            texts.sentence("contact_email"),
            is_required=False,
            hint=texts.sentence("contact_email_hint"),
        ),
    ]
    fields = [replace(field, value=written.get(field.name) or field.value) for field in fields]
    title, send = texts.sentence("contact_title"), texts.sentence("contact_send")
    press = Press("contact", draft.id, choice=consent)
    if consent:
        return Form(press, title, tuple(fields), send)
    card = passing_card(draft)
    return Form(press, title, tuple(fields), send, card.lines, card)


def passing_card(draft: Lead) -> Card:
    """Render what may be passed on, with a button for each way to consent."""
    summary, transcript = draft.details.summary or (), draft.details.transcript or ()
    lines = [Line(texts.sentence("contact_intro" if summary or transcript else "contact_nothing_yet"))]
    if summary:
        lines.append(Line(texts.sentence("contact_summary"), LineKind.HEADING))
        lines += [Line(text, LineKind.ITEM) for text in summary]
    if transcript:
        lines.append(Line(texts.sentence("contact_conversation"), LineKind.HEADING))
        lines.append(Line(texts.sentence("contact_conversation_is", count=len(transcript))))
        said = [shorten(join_lines(turn.said), MAX_PREVIEW) for turn in transcript[-MAX_PREVIEWS:]]
        lines += [Line(text, LineKind.ITEM) for text in said]
    buttons = [
        Button(texts.sentence(f"do_pass_{consent}"), Press("contact", draft.id, choice=consent), consent == "summary")
        for consent in _consents(draft)
    ]
    if draft.details.is_public:
        lines.append(Line(texts.sentence("contact_public")))
    return Card(tuple(lines), rows=(tuple(buttons),))


def _consents(draft: Lead) -> list[str]:
    """The ways to consent, of which a person chooses one: only what there is can be passed on."""
    there = {"summary": draft.details.summary, "all": draft.details.transcript, "nothing": True}
    return [consent for consent in CONSENTS if there[consent]]


def _consent(draft: Lead) -> Field:
    """Nothing is chosen beforehand where there is a choice."""
    choices = _consents(draft)
    return _choice("consent", choices, choices[0] if len(choices) == 1 else "")


def take_agreed(case: LeadDetails, values: Mapping[str, str]) -> LeadDetails:
    """Return the form's fields, and of the case only what the user agreed to pass on; the rest is emptied."""
    consent = values["consent"]
    written = {name: values.get(name, "").strip() for name in ("name", "need", "urgency", "consent", "email")}
    summary = case.summary if consent in ("summary", "all") else None
    transcript = case.transcript if consent == "all" else None
    return LeadDetails.model_validate({**written, "summary": summary, "transcript": transcript, "written": None})


def errors_in(values: Mapping[str, str]) -> dict[str, str]:
    """Return the errors of the form by field."""
    empty = {name: texts.sentence("contact_empty") for name in ("name", "need") if not values.get(name, "").strip()}
    for name, known in (("urgency", URGENCIES), ("consent", CONSENTS)):
        if values.get(name) not in known:
            empty[name] = texts.sentence("contact_empty")
    email = values.get("email", "").strip()
    wrong = {"email": texts.sentence("contact_bad_email")} if email and not _is_email(email) else {}
    return {**empty, **wrong}


def _is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _choice(name: str, choices: Sequence[str], begun_with: str) -> Field:
    options = tuple((choice, texts.sentence(f"{name}_{choice}")) for choice in choices)
    return Field(name, texts.sentence(f"contact_{name}"), FieldKind.CHOICE, begun_with, options)


def small_form(press: Press) -> Form:
    """One text: a note, or something to add to the answer to the closing question."""
    is_note = press.name == "note"
    said = texts.sentence("note_text" if is_note else "solved_text")
    field = Field("text", said, FieldKind.TEXT, is_required=is_note)
    title = texts.sentence(TITLES["note" if is_note else press.choice or "yes"])
    return Form(press, title, (field,), texts.sentence("contact_send"))

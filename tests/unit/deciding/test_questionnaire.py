"""The interview: whatever is pressed, in whatever order, nothing is lost, and the end is as near as it was told."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import TypeAdapter

from bot.cases.casebook import load_framework
from bot.deciding.framework import Approach, Framework
from bot.deciding.outlook import Outlook
from bot.deciding.questionnaire import Choose, Edit, InterviewEvent, Mention, Move, Questionnaire, Screen, Session, Skip
from tests.conftest import ROOT
from tests.support.frameworks import modest

SHIPPED = load_framework(ROOT / "corpus")
INTERVIEW = Questionnaire(Outlook(SHIPPED))
KEPT = TypeAdapter(Session)
LONGEST = 8  # questions
LETTER = "change_rate"
WORDS = "new prices each Monday"

questions = st.sampled_from(sorted(SHIPPED.questions))


def option_of(data: st.DataObject, question: str) -> str:
    return data.draw(st.sampled_from(sorted(SHIPPED.questions[question].options)))


@st.composite
def reads(draw: st.DrawFn) -> dict[str, Mention]:
    """What a text said of some questions."""
    each = {name: st.sampled_from(sorted(q.options)) for name, q in SHIPPED.questions.items()}
    found = draw(st.fixed_dictionaries({}, optional=each))
    return {name: Mention(option, f"words on {name}") for name, option in found.items()}


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """A session after some events that fit what was on the screen."""
    session = INTERVIEW.start(draw(st.one_of(st.just({}), reads())))
    for _ in range(draw(st.integers(0, 10))):
        event: st.SearchStrategy[InterviewEvent] = st.one_of(st.sampled_from(Move), questions.map(Edit))
        if session.screen is Screen.QUESTION:
            options = [None, *SHIPPED.questions[session.question].options]
            answer = st.sampled_from(options).map(lambda option, name=session.question: Choose(name, option))
            event = st.one_of(answer, answer, st.just(Skip(session.question)), event)
        session = INTERVIEW.step(session, draw(event))
    return session


def stepped(session: Session, *events: InterviewEvent) -> Session:
    for event in events:
        session = INTERVIEW.step(session, event)
    return session


def answered(session: Session, *options: str | None) -> Session:
    """Answers the question on the screen, and each that follows."""
    for option in options:
        session = INTERVIEW.step(session, Choose(session.question, option))
    return session


class Interviewing(RuleBasedStateMachine):
    """Every event in every order; after each, what must hold of it and of any session."""

    session: Session

    @initialize(read=st.one_of(st.just({}), reads()))
    def start(self, read: Mapping[str, Mention]) -> None:
        self.session = INTERVIEW.start(read)
        assert self.session.known == {name: found.option for name, found in read.items()}
        assert self.session.screen is (Screen.REVIEW if read else Screen.QUESTION)

    def take(self, event: InterviewEvent) -> Session:
        """The session before; the step has risen by one, or nothing has changed."""
        before, self.session = self.session, INTERVIEW.step(self.session, event)
        assert self.session == before or self.session.step == before.step + 1
        return before

    def took(self, option: str | None, before: Session) -> None:
        """After the question on the screen was answered or skipped, the others are as they were."""
        name = before.question
        others = {q: o for q, o in before.known.items() if q != name}
        assert {q: o for q, o in self.session.known.items() if q != name} == others
        assert self.session.known.get(name) == option
        if before.editing:
            assert self.session.screen is Screen.REVIEW
        elif self.session.screen is Screen.QUESTION:
            assert self.session.asked == (*before.asked, name, *before.later)
            assert INTERVIEW.view(self.session).to_go < INTERVIEW.view(before).to_go
        else:
            assert self.session.screen is Screen.SUMMARY
            assert not INTERVIEW.outlook.deciding({**self.session.known, **dict.fromkeys(self.session.skipped)})

    on_question = precondition(lambda self: self.session.screen is Screen.QUESTION)

    @on_question
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        option = option_of(data, self.session.question)
        self.took(option, self.take(Choose(self.session.question, option)))

    @on_question
    @rule()
    def dont_know(self) -> None:
        name = self.session.question
        self.took(None, self.take(Choose(name, None)))
        assert name in self.session.known

    @on_question
    @rule()
    def skip(self) -> None:
        name = self.session.question
        self.took(None, self.take(Skip(name)))
        assert name not in self.session.known
        assert name in self.session.skipped

    @on_question
    @rule()
    def why(self) -> None:
        before = self.take(Move.WHY)
        assert self.session == replace(before, why=not before.why, step=before.step + 1)

    @rule(question=questions)
    def edit(self, question: str) -> None:
        before = self.take(Edit(question))
        assert (self.session.screen, self.session.question) == (Screen.QUESTION, question)
        assert INTERVIEW.view(self.session).chosen == before.known.get(question)

    @rule(question=questions, data=st.data())
    def stale_answer(self, question: str, data: st.DataObject) -> None:
        if self.session.screen is not Screen.QUESTION or question != self.session.question:
            before = self.take(
                data.draw(st.sampled_from([Choose(question, option_of(data, question)), Skip(question)]))
            )
            assert self.session == before

    @rule()
    def back(self) -> None:
        before = self.take(Move.BACK)
        if before.editing:
            assert self.session.screen is Screen.REVIEW

    @rule(move=st.sampled_from([Move.REVIEW, Move.FORWARD, Move.FINISH]))
    def move_on(self, move: Move) -> None:
        self.take(move)
        if move is Move.FINISH:
            assert self.session.screen is Screen.SUMMARY
        elif move is Move.REVIEW:
            assert self.session.screen is Screen.REVIEW

    @rule()
    def restart(self) -> None:
        before = self.take(Move.RESTART)
        assert self.session == replace(INTERVIEW.start(), step=before.step + 1)

    @invariant()
    def it_can_be_shown(self) -> None:
        view = INTERVIEW.view(self.session)
        assert view.screen is self.session.screen
        if view.question:
            assert view.number + view.to_go <= len(SHIPPED.questions) + self.session.editing
            assert view.chosen is None or view.chosen in view.question.options

    @invariant()
    def no_question_counts_twice(self) -> None:
        shown = (*self.session.asked, *self.session.later)
        assert len(set(shown)) == len(shown)
        assert not self.session.left or self.session.left not in shown
        if self.session.screen is Screen.QUESTION and not self.session.editing:
            assert self.session.question not in shown
        assert not self.session.known.keys() & set(self.session.skipped)

    @invariant()
    def it_can_be_kept(self) -> None:
        assert KEPT.validate_json(KEPT.dump_json(self.session)) == self.session


TestInterviewing = Interviewing.TestCase
TestInterviewing.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


@modest
@given(sessions(), st.data())
def test_only_what_fits_the_screen_changes_an_answer(session: Session, data: st.DataObject) -> None:
    known = {move: stepped(session, move).known for move in Move if move is not Move.RESTART}
    assert all(after == session.known for after in known.values())
    name = data.draw(questions)
    stale = stepped(session, Choose(name, option_of(data, name)))
    fits = session.screen is Screen.QUESTION and session.question == name
    assert (stale is not session) == fits


@pytest.mark.parametrize(
    "event",
    [
        Choose("nonsense", "often"),
        Choose("nonsense", None),
        Choose(LETTER, "nonsense"),
        Skip("nonsense"),
        Edit("nonsense"),
    ],
)
def test_an_unknown_id_is_a_key_error(event: InterviewEvent) -> None:
    with pytest.raises(KeyError):
        stepped(INTERVIEW.start(), event)


def test_it_begins_with_the_most_influential_question() -> None:
    session = INTERVIEW.start()
    assert session.question == INTERVIEW.outlook.deciding({})[0]
    assert (session.screen, INTERVIEW.view(session).number) == (Screen.QUESTION, 1)


def test_to_go_is_the_longest_way_that_is_left_from_every_question_on() -> None:
    """Over all paths; "don't know" and skip lead the same way, and no path has more questions than LONGEST."""

    def longest(session: Session) -> int:
        if session.screen is Screen.SUMMARY:
            return 0
        name = session.question
        options = (None, *SHIPPED.questions[name].options)
        left = max(longest(stepped(session, Choose(name, option))) for option in options)
        view = INTERVIEW.view(session)
        assert view.to_go == left
        assert view.number + view.to_go <= LONGEST
        skipped, unknown = stepped(session, Skip(name)), stepped(session, Choose(name, None))
        assert (skipped.screen, skipped.question) == (unknown.screen, unknown.question)
        return 1 + left

    assert longest(INTERVIEW.start()) == LONGEST


@modest
@given(sessions(), st.data())
def test_to_go_never_promises_too_few(session: Session, data: st.DataObject) -> None:
    """From any session on a question, however it came about."""
    if session.screen is not Screen.QUESTION:
        session = stepped(session, Edit(data.draw(questions)))
    promised, shown = INTERVIEW.view(session).to_go, -1
    while session.screen is not Screen.SUMMARY:
        if session.screen is Screen.REVIEW:  # after an edit
            session = stepped(session, Move.FORWARD)
            continue
        shown += 1
        options = [Choose(session.question, o) for o in (None, *SHIPPED.questions[session.question].options)]
        session = stepped(session, data.draw(st.sampled_from([*options, Skip(session.question)])))
    assert shown <= promised


def test_why_is_shown_and_hidden_and_gone_with_the_next_question() -> None:
    start = INTERVIEW.start()
    shown = stepped(start, Move.WHY)
    assert [INTERVIEW.view(s).why for s in (start, shown, stepped(shown, Move.WHY))] == [False, True, False]
    assert not INTERVIEW.view(answered(shown, None)).why


def test_back_returns_to_the_last_question_with_its_answer_chosen_and_later_answers_stay() -> None:
    third = answered(INTERVIEW.start(), None, None)
    first, second = third.asked
    option = next(iter(SHIPPED.questions[second].options))
    third = stepped(third, Move.BACK, Choose(second, option))
    at_second = stepped(third, Move.BACK)
    assert (at_second.question, INTERVIEW.view(at_second).chosen) == (second, option)
    at_first = stepped(at_second, Move.BACK)
    assert (at_first.question, INTERVIEW.view(at_first).number) == (first, 1)
    assert at_first.known == {first: None, second: option}
    again = answered(at_first, None)
    assert again.known == {first: None, second: option}
    assert again.question == third.question


def test_going_forward_again_counts_on_and_back_skips_nothing() -> None:
    third = answered(INTERVIEW.start(), None, None)
    second = third.asked[1]
    again = answered(stepped(third, Move.BACK, Move.BACK), None)
    assert (again.question, INTERVIEW.view(again).number) == (third.question, 3)
    at_second = stepped(again, Move.BACK)
    assert (at_second.question, INTERVIEW.view(at_second).number) == (second, 2)


@pytest.mark.parametrize("cover", [[Move.REVIEW], [Move.FINISH], [Move.REVIEW, Move.FINISH], [Edit(LETTER), Move.BACK]])
@modest
@given(sessions())
def test_back_returns_to_the_question_that_was_covered(cover: list[InterviewEvent], session: Session) -> None:
    if session.screen is Screen.QUESTION and not session.editing:
        returned = stepped(session, *cover, Move.BACK)
        assert returned == replace(session, why=False, step=session.step + len(cover) + 1)


def test_a_covered_question_that_is_answered_in_the_review_was_shown() -> None:
    second = answered(INTERVIEW.start(), None)
    name = second.question
    third = stepped(second, Move.REVIEW, Edit(name), Choose(name, None), Move.FORWARD)
    assert INTERVIEW.view(third).number == 3
    assert stepped(third, Move.BACK).question == name


def test_back_on_the_first_question_does_nothing() -> None:
    start = INTERVIEW.start()
    assert stepped(start, Move.BACK) is start


def test_an_edit_from_the_review_keeps_all_other_answers_and_returns_to_it() -> None:
    review = stepped(answered(INTERVIEW.start(), None, None, None), Move.REVIEW)
    first, *others = review.asked
    option = next(iter(SHIPPED.questions[first].options))
    edited = stepped(review, Edit(first), Choose(first, option))
    assert (edited.screen, edited.known) == (Screen.REVIEW, {first: option, **dict.fromkeys(others)})
    assert stepped(review, Edit(first), Move.BACK) == replace(review, question=first, step=review.step + 2)


def test_a_question_never_shown_can_be_answered_from_the_review() -> None:
    review = stepped(INTERVIEW.start(), Move.REVIEW)
    name = next(name for name in SHIPPED.questions if name != review.question)
    edited = stepped(review, Edit(name), Choose(name, None), Move.FORWARD)
    assert edited.known == {name: None}
    assert edited.screen is Screen.QUESTION


def test_a_skipped_question_stays_open_and_is_not_asked_again() -> None:
    start = INTERVIEW.start()
    session = stepped(start, Skip(start.question))
    assert (session.known, session.skipped) == ({}, (start.question,))
    shown = {session.question}
    while session.screen is Screen.QUESTION:
        session = stepped(session, Skip(session.question))
        shown.add(session.question)
    assert start.question not in shown
    assert set(INTERVIEW.recommendation(session).missing) == SHIPPED.questions.keys()
    assert INTERVIEW.recommendation(session).deciding


@modest
@given(sessions())
def test_finish_shows_a_recommendation_at_any_time(session: Session) -> None:
    view = INTERVIEW.view(stepped(session, Move.FINISH))
    assert view.screen is Screen.SUMMARY
    assert INTERVIEW.recommendation(session).approach is INTERVIEW.outlook.approach(session.known)


def test_what_was_read_is_shown_first_in_the_users_words() -> None:
    session = INTERVIEW.start({LETTER: Mention("often", WORDS)})
    assert session.screen is Screen.REVIEW
    found = INTERVIEW.recommendation(session)
    assert found.approach is Approach.RAG
    assert {reason.because for reason in found.reasons} == {WORDS}


def test_what_was_read_is_not_asked() -> None:
    session = stepped(INTERVIEW.start({LETTER: Mention("often", WORDS)}), Move.FORWARD)
    assert session.question == INTERVIEW.outlook.deciding({LETTER: "often"})[0]
    while session.screen is Screen.QUESTION:
        assert session.question != LETTER
        session = answered(session, None)


def test_back_from_the_first_question_goes_to_what_was_read() -> None:
    start = INTERVIEW.start({LETTER: Mention("often", WORDS)})
    assert stepped(start, Move.FORWARD, Move.BACK).screen is Screen.REVIEW


def test_a_click_wins_over_what_was_read_and_the_contradiction_is_listed() -> None:
    session = stepped(INTERVIEW.start({LETTER: Mention("often", WORDS)}), Edit(LETTER), Choose(LETTER, "stable"))
    assert session.known == {LETTER: "stable"}
    assert session.contradictions == (LETTER,)
    assert session.read[LETTER].words == WORDS
    because = {reason.because for reason in INTERVIEW.recommendation(session).reasons}
    assert because == {SHIPPED.option(LETTER, "stable").text}


@pytest.mark.parametrize(("option", "known"), [("often", "often"), (None, None)])
def test_a_click_that_confirms_or_withdraws_what_was_read_contradicts_nothing(
    option: str | None, known: str | None
) -> None:
    session = stepped(INTERVIEW.start({LETTER: Mention("often", WORDS)}), Edit(LETTER), Choose(LETTER, option))
    assert (session.known, session.contradictions) == ({LETTER: known}, ())


@modest
@given(sessions())
def test_under_the_same_framework_a_session_goes_on_as_it_was(session: Session) -> None:
    assert INTERVIEW.resume(session) == (session, ())


@st.composite
def smaller_frameworks(draw: st.DrawFn) -> Framework:
    """The shipped framework, a version later, without some questions and some options."""
    kept = draw(st.sets(questions, min_size=2))
    changed = {}
    for name in (name for name in SHIPPED.questions if name in kept):
        question = SHIPPED.questions[name]
        options = draw(st.sets(st.sampled_from(sorted(question.options)), min_size=2))
        changed[name] = replace(question, options={o: question.options[o] for o in question.options if o in options})
    return replace(SHIPPED, version=SHIPPED.version + 1, questions=changed)


@modest
@given(sessions(), smaller_frameworks())
def test_a_changed_framework_drops_and_names_exactly_the_answers_that_no_longer_hold(
    session: Session, framework: Framework
) -> None:
    def holds(name: str, option: str | None) -> bool:
        return name in framework.questions and (option is None or option in framework.questions[name].options)

    interview = Questionnaire(Outlook(framework))
    resumed, dropped = interview.resume(session)
    assert set(dropped) == {name for name, option in session.known.items() if not holds(name, option)}
    assert resumed.version == framework.version
    for name, option in session.known.items():
        if name not in dropped:
            assert resumed.known[name] == option
    assert not resumed.known.keys() & set(dropped)
    interview.view(resumed)
    interview.view(interview.step(resumed, Move.BACK))
    again = interview.step(resumed, Move.REVIEW if resumed.screen is not Screen.REVIEW else Move.FORWARD)
    interview.view(again)


def without(name: str, option: str) -> Questionnaire:
    """The interview of a later version of the framework, which has lost an option."""
    rest = {o: found for o, found in SHIPPED.questions[name].options.items() if o != option}
    changed = {**SHIPPED.questions, name: replace(SHIPPED.questions[name], options=rest)}
    return Questionnaire(Outlook(replace(SHIPPED, version=SHIPPED.version + 1, questions=changed)))


def test_what_was_overruled_is_not_revived_when_the_answer_no_longer_holds() -> None:
    session = stepped(INTERVIEW.start({LETTER: Mention("often", WORDS)}), Edit(LETTER), Choose(LETTER, "stable"))
    resumed, dropped = without(LETTER, "stable").resume(session)
    assert (dropped, resumed.known, resumed.read) == ((LETTER,), {}, {})


def test_a_session_kept_by_an_older_bot_is_read() -> None:
    session = answered(INTERVIEW.start(), None)
    kept = {name: value for name, value in KEPT.dump_python(session).items() if name not in ("later", "left")}
    assert KEPT.validate_python(kept) == session


def test_an_answer_that_is_dropped_is_asked_again_if_it_matters() -> None:
    start = INTERVIEW.start()
    first = start.question
    option, *_ = SHIPPED.questions[first].options
    later = without(first, option)
    resumed, dropped = later.resume(answered(start, option))
    assert dropped == (first,)
    assert resumed.known == {}
    assert resumed.question == later.start().question

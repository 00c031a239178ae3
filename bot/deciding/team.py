"""A team's interview: each member answers alone, the majority decides, and what divides them is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.deciding.framework import Approach
from bot.deciding.outlook import Answers, Outlook
from bot.deciding.recommendation import Recommendation, recommend


@dataclass(frozen=True)
class VoteCount:
    """The votes on one question. `majority` is None unless one option has more votes than every other."""

    question: str
    votes: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]
    majority: str | None

    @property
    def voters(self) -> int:
        """The number of members who chose an option."""
        return sum(map(len, self.votes.values()))

    @property
    def disputed(self) -> bool:
        return len(self.votes) > 1


@dataclass(frozen=True)
class Dispute:
    """A disputed question whose answer would change the outcome; `leads` says where each voted option leads."""

    question: str
    leads: Mapping[str, Approach]


@dataclass(frozen=True)
class TeamResult:
    """The majority's recommendation. `disputes` are the disagreements that matter by themselves, the most influential
    first; `matters` is true if settling all disagreements in some way would change the outcome.
    """

    members: tuple[str, ...]
    matters: bool
    tallies: tuple[VoteCount, ...]
    recommendation: Recommendation
    disputes: tuple[Dispute, ...]

    @property
    def to_talk_about(self) -> str | None:
        """The question on which the team should agree first."""
        return self.disputes[0].question if self.disputes else None

    def to_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "members": len(self.members),
            "questions": [
                {
                    "question": tally.question,
                    "votes": {option: len(voters) for option, voters in tally.votes.items()},
                    "unknown": len(tally.unknown),
                    "majority": tally.majority,
                }
                for tally in self.tallies
            ],
            "talk_about": self.to_talk_about,
            "disputes": [{"question": d.question, "leads": dict(d.leads)} for d in self.disputes],
            "recommendation": self.recommendation.to_dict(),
        }


def decide_together(outlook: Outlook, ballots: Mapping[str, Answers]) -> TeamResult:
    """Decide for a team; `ballots` holds each member's answers. Raises KeyError for an unknown id."""
    for answers in ballots.values():
        outlook.state(answers)  # which refuses unknown ids
    tallies = tuple(count_votes(name, ballots) for name in outlook.framework.questions)
    majority = {tally.question: tally.majority for tally in tallies if tally.majority is not None}
    disputes = [found for tally in tallies if tally.disputed and (found := _dispute(outlook, majority, tally))]
    disputes.sort(key=lambda dispute: -outlook.influence(_without(majority, dispute.question), dispute.question))
    matters = bool(disputes) or _together(outlook, majority, [tally for tally in tallies if tally.disputed])
    return TeamResult(tuple(ballots), matters, tallies, recommend(outlook, majority), tuple(disputes))


def count_votes(question: str, ballots: Mapping[str, Answers]) -> VoteCount:
    """Count the ballots' answers to one question."""
    votes = dict[str, tuple[str, ...]]()
    unknown = list[str]()
    for member, answers in ballots.items():
        option = answers.get(question)
        if option is not None:
            votes[option] = (*votes.get(option, ()), member)
        elif question in answers:
            unknown.append(member)
    most = max((len(voters) for voters in votes.values()), default=0)
    leading = [option for option, voters in votes.items() if len(voters) == most]
    return VoteCount(question, votes, tuple(unknown), leading[0] if len(leading) == 1 else None)


def _dispute(outlook: Outlook, majority: Mapping[str, str], tally: VoteCount) -> Dispute | None:
    leads = {option: outlook.approach({**majority, tally.question: option}) for option in tally.votes}
    return Dispute(tally.question, leads) if len({*leads.values(), outlook.approach(majority)}) > 1 else None


def _together(outlook: Outlook, majority: Mapping[str, str], disputed: Sequence[VoteCount]) -> bool:
    """Return True if settling all disputes, in one way or another, can change the outcome."""
    agreed = {name: option for name, option in majority.items() if name not in {t.question for t in disputed}}
    reached = {outlook.state(agreed)}
    for tally in disputed:
        reached = {outlook.after(state, tally.question, option) for state in reached for option in tally.votes}
    return any(outlook.approach_at(state) is not outlook.approach(majority) for state in reached)


def _without(answers: Mapping[str, str], question: str) -> dict[str, str]:
    return {name: option for name, option in answers.items() if name != question}

"""What consultants have seen of a request is taken back when its user is forgotten, wherever it stands."""

from bot.delivery.ports import RefusedError
from tests.support.town import Town, ann


async def test_it_is_taken_back_where_it_really_is(both: Town) -> None:
    both.places["discord"].trouble = RefusedError("no such channel")
    await both.request(ann(), consent="all")
    office = both.office("slack", "discord")
    for _ in range(8):
        await office.round()
        await office.stop(10)
    assert len(both.places["slack"].sent) == 2
    both.places["discord"].trouble = None
    await both.store.erasure.forget("ann")
    await both.work()
    card, _, *gone = both.places["slack"].sent
    assert "deleted, with all that was told here" in card.text
    assert [sent.payload.get("removes_file") for sent in gone] == ["slack/1"]
    assert not any("removes" in str(sent.payload) for sent in both.places["discord"].sent)


async def test_what_arrives_while_its_user_is_forgotten_is_taken_back(town: Town) -> None:
    await town.request(ann())
    place, forget = town.places["slack"], town.store.erasure.forget
    send = place.send

    async def slow(delivery: object) -> str:
        await forget("ann")
        return await send(delivery)  # type: ignore[arg-type] # as it is called

    place.send = slow  # type: ignore[method-assign] # once it is on its way
    await town.work("slack", rounds=1)
    place.send = send  # type: ignore[method-assign] # as before
    await town.work("slack")
    [card] = place.sent
    assert "Help us" not in card.text
    assert "deleted" in card.text


async def test_it_is_tried_for_as_long_as_it_takes(town: Town) -> None:
    await town.request(ann())
    await town.work()
    town.places["slack"].trouble = RefusedError("not in the channel")
    await town.store.erasure.forget("ann")
    for _ in range(30):
        await town.work(rounds=2)
        town.clock.advance(hours=1)
    town.places["slack"].trouble = None
    town.clock.advance(hours=1)
    await town.work()
    assert "deleted, with all" in town.places["slack"].sent[0].text

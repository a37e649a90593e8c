"""Uses the API as people do with OpenAI's Python packages; any deviation that they notice is an error."""

import asyncio
import sys

from openai import AsyncOpenAI, OpenAI

base_url, part = sys.argv[1:3]
client = OpenAI(base_url=base_url, api_key="any", max_retries=0, _strict_response_validation=True)


def chain() -> None:
    first = client.responses.create(model="mirror", input="My name is Bob")
    second = client.responses.create(
        model="mirror", input="Who am I?", previous_response_id=first.id
    )
    assert '"My name is Bob"' in second.output_text, second.output_text
    assert client.responses.retrieve(second.id) == second
    with client.responses.stream(model="mirror", input="Hi") as stream:
        numbers = [event.sequence_number for event in stream]
        final = stream.get_final_response()
    assert numbers == list(range(len(numbers))), numbers
    assert "1 message" in final.output_text
    rest = client.responses.retrieve(final.id, stream=True, starting_after=3)
    assert [event.sequence_number for event in rest] == numbers[4:]


def conversations() -> None:
    items = [{"role": "user", "content": f"item {n}"} for n in range(30)]
    conversation = client.conversations.create(metadata={"a": "b"}, items=items)
    client.responses.create(model="mirror", input="Hi", conversation=conversation.id)
    listed = list(client.conversations.items.list(conversation.id, order="asc", limit=7))
    assert len(listed) == 32, len(listed)
    client.conversations.items.delete(listed[-1].id, conversation_id=conversation.id)
    assert client.conversations.delete(conversation.id).deleted


def completions() -> None:
    messages = [{"role": "user", "content": "Hi"}]
    whole = client.chat.completions.create(model="mirror", messages=messages)
    with client.chat.completions.stream(model="mirror", messages=messages) as stream:
        stream.until_done()
        streamed = stream.get_final_completion()
    assert whole.choices[0].message.content == streamed.choices[0].message.content


async def agents() -> None:
    from agents import (
        Agent,
        ModelSettings,
        OpenAIConversationsSession,
        OpenAIResponsesModel,
        Runner,
        function_tool,
        set_tracing_disabled,
    )

    set_tracing_disabled(True)
    calls = []

    @function_tool
    def now() -> str:
        """Tells the time."""
        calls.append(1)
        return "12:00"

    openai = AsyncOpenAI(base_url=base_url, api_key="any", max_retries=0)
    agent = Agent(
        name="clock",
        tools=[now],
        model=OpenAIResponsesModel(model="mirror", openai_client=openai),
        model_settings=ModelSettings(tool_choice="required"),
    )
    session = OpenAIConversationsSession(openai_client=openai)
    await Runner.run(agent, "What time is it?", session=session)
    assert len(calls) == 1
    kinds = [item.get("type") for item in await session.get_items()]
    assert kinds == ["message", "function_call", "function_call_output", "message"], kinds
    await session.pop_item()
    assert len(await session.get_items()) == 3

    first = await Runner.run(agent, "I am Bob", auto_previous_response_id=True)
    plain = agent.clone(tools=[], model_settings=ModelSettings())
    second = await Runner.run(plain, "Who?", previous_response_id=first.last_response_id)
    assert '"I am Bob"' in second.final_output, second.final_output
    await session.clear_session()


if part == "openai":
    chain()
    conversations()
    completions()
else:
    asyncio.run(agents())

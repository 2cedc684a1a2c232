"""The tokenizer and the chat template of the tiny model, in the style of MiniMax-M2."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, BOS, ROLE, END = "]!p~[", "]~!b[", "]~b]", "[e~["
VOCABULARY = 1024
CONTEXT = 2048

_TEMPLATE = r"""
{%- macro text(content) -%}
{%- if content is string -%}{{ content }}
{%- elif content -%}{{ content | map(attribute='text') | join('') }}
{%- endif -%}
{%- endmacro -%}
{{- ']~!b[' -}}
{%- if tools -%}
{{- ']~b]system\n' -}}
{%- if messages[0].role == 'system' -%}{{- text(messages[0].content) ~ '\n\n' -}}{%- endif -%}
{{- '# Tools\n<tools>\n' -}}
{%- for tool in tools -%}{{- '<tool>' ~ ((tool.function or tool) | tojson) ~ '</tool>\n' -}}{%- endfor -%}
{{- '</tools>[e~[\n' -}}
{%- endif -%}
{%- for m in messages -%}
{%- if m.role == 'system' -%}
{%- if not (tools and loop.first) -%}{{- ']~b]system\n' ~ text(m.content) ~ '[e~[\n' -}}{%- endif -%}
{%- elif m.role == 'assistant' -%}
{{- ']~b]ai\n' -}}
{%- set thinking = m.reasoning_content or m.reasoning -%}
{%- if thinking -%}{{- '<think>\n' ~ thinking.strip('\n') ~ '\n</think>\n\n' -}}{%- endif -%}
{{- text(m.content) -}}
{%- if m.tool_calls -%}
{{- '\n<minimax:tool_call>\n' -}}
{%- for call in m.tool_calls -%}
{%- set f = call.function or call -%}
{{- '<invoke name="' ~ f.name ~ '">\n' -}}
{%- if f.arguments is string -%}{{- f.arguments ~ '\n' -}}
{%- else -%}
{%- for k, v in f.arguments.items() -%}
{{- '<parameter name="' ~ k ~ '">' ~ (v if v is string else v | tojson) ~ '</parameter>\n' -}}
{%- endfor -%}
{%- endif -%}
{{- '</invoke>\n' -}}
{%- endfor -%}
{{- '</minimax:tool_call>' -}}
{%- endif -%}
{{- '[e~[\n' -}}
{%- elif m.role == 'tool' -%}
{{- ']~b]tool\n<response>' ~ text(m.content) ~ '</response>[e~[\n' -}}
{%- else -%}
{{- ']~b]' ~ m.role ~ '\n' ~ text(m.content) ~ '[e~[\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- ']~b]ai\n<think>\n' -}}{%- endif -%}
"""
TEMPLATE = "".join(line for line in _TEMPLATE.splitlines())


def opening(user: str, system: str = "") -> str:
    """Return the text that a conversation with one user message opens generation with."""
    head = f"{BOS}{ROLE}system\n{system}{END}\n" if system else BOS
    return f"{head}{ROLE}user\n{user}{END}\n{ROLE}ai\n<think>\n"


def turn(thinking: str, response: str) -> str:
    """Return what the model generates after `opening`, its end token included."""
    return f"{thinking}\n</think>\n\n{response}{END}"


def tokenizer(corpus: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer trained on `corpus`: digits alone, think tags as added tokens."""
    bpe = Tokenizer(models.BPE())
    digits = pre_tokenizers.Split(Regex(r"\d"), "isolated")
    bpe.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 2,
        special_tokens=[PAD, BOS, ROLE, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(corpus, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[ROLE],
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
    fast.add_tokens(["<think>", "</think>"])
    fast.chat_template = TEMPLATE
    return fast

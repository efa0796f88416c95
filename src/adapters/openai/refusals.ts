// Recognises refusals after which a changed request can succeed. Servers share no error codes for them, so the rules match
// their messages; each rule names its source.

/**
 * `no-tools`: the endpoint does not support tools. `limit-name`: it uses another name for the answer limit, or supports
 * none. `stream`: it only streams. `reasoning`: it does not accept its model's reasoning in later requests. `too-long`: the
 * conversation exceeds the context window.
 */
export type Refusal = 'no-tools' | 'limit-name' | 'stream' | 'reasoning' | 'too-long'

const RULES: readonly (readonly [Refusal, RegExp])[] = [
  // OpenAI and Azure: "Unsupported parameter: 'max_tokens' … Use 'max_completion_tokens' instead." (teilomillet/gollm#33)
  [
    'limit-name',
    /(unsupported|unknown|unrecognized|unexpected|extra|not (supported|permitted)).*\bmax_(completion_)?tokens|\bmax_(completion_)?tokens\b.*(unsupported|not (supported|permitted)|unknown|unrecognized)/i,
  ],
  [
    'too-long',
    // OpenAI's code; llama.cpp (ggml-org/llama.cpp#15780, #19774); vLLM (vllm-project/vllm#20409, #4667); LM Studio
    // (anomalyco/opencode#2259, lmstudio-bug-tracker#546); xAI, Moonshot, Bedrock, Alibaba, TGI and Groq (413) in their own words.
    /context_length_exceeded|exceed_context_size|(exceeds?( the)?|maximum|available|greater than the|input) context (length|size|window|limit)|maximum prompt length|exceeded model token limit|input is too long|range of input length|must be <= \d+\. given: \d+ `inputs`|reduce your message size|payload too large|request entity too large|context (size|length|window) (has been )?exceeded|when context the overflows|max_tokens must be at least 1, got -|prompt is too long|token count .*exceeds|too many (input )?tokens|reduce the length of the (messages|input|prompt)/i,
  ],
  // Alibaba (infiniflow/ragflow#5912): "This model only support stream mode"; "Stream must be set to true".
  [
    'stream',
    /only supports? stream|stream must be (set to )?true|non-streaming .*not supported|requires? stream/i,
  ],
  // Groq (janhq/jan#8136): "property 'reasoning_content' is unsupported"; elsewhere "extra inputs are not permitted".
  // DeepSeek's "must be passed back" means the opposite, so it must not match.
  [
    'reasoning',
    /\breasoning(_content|_details)?\b(?!.*passed back).*(unsupported|not (supported|permitted|allowed)|unexpected|unknown)|(unsupported|not permitted|unexpected|unknown).*\breasoning(_content|_details)?\b/i,
  ],
  [
    'no-tools',
    // vLLM (vllm-project/vllm#9986); Ollama (ollama/ollama#14795); OpenRouter, with 404 (pydantic/pydantic-ai#2896);
    // llama.cpp, with 500 (containers/ramalama#988).
    /--enable-auto-tool-choice|(does|do) not support (the )?(tool|function)|support tool use|support the provided 'tool_choice'|tools param requires|(tools?|tool_choice|tool (calls?|use|calling)|function calling)['"`]? (is|are) (not|un) ?(supported|available|permitted)|(unsupported|unknown|unrecognized|unexpected|extra)[^.]*\btool(s|_choice)\b|\btools: (extra|unexpected|unknown)/i,
  ],
]

/** @param body the fields of the endpoint's error object */
export function understand(
  status: number,
  body: { message: string; code?: unknown; type?: unknown; param?: unknown },
): Refusal | undefined {
  // Errors about keys, permission, payment and rate limits mean just that, although their messages may mention tokens.
  if (status < 400 || [401, 402, 403, 429].includes(status)) return undefined
  if (body.param === 'tools' || body.param === 'tool_choice') return 'no-tools'
  const text = `${String(body.code ?? '')} ${String(body.type ?? '')} ${body.message}`.slice(0, 4000)
  return RULES.find(([, pattern]) => pattern.test(text))?.[0]
}

/** Statuses with which an endpoint rejects a request as such, whoever sends it. */
const REJECTS: readonly number[] = [400, 405, 406, 410, 411, 413, 414, 415, 422, 431, 451, 501, 505]

/**
 * Rejections that are about what a model wrote or about another server, so that the next request may pass: Groq
 * (`tool_use_failed`, `output_parse_failed`), Azure (`content_filter`), OpenRouter ("Provider returned error").
 */
const PASSING =
  /tool_use_failed|failed to call a function|output_parse_failed|json_validate_failed|content[ _-]?(filter|management|policy)|safety (system|setting|check)|flagged|provider returned error|upstream|overloaded|try again|temporar|loading model|model (is )?(loading|not loaded|has crashed)/i

/** True when the endpoint rejects the request, and would reject the same one again. */
export function rejectsRequest(status: number, body: { message: string; code?: unknown }): boolean {
  return (
    REJECTS.includes(status) && !PASSING.test(`${String(body.code ?? '')} ${body.message}`.slice(0, 4000))
  )
}

/** Sizes in tokens. */
export interface Sizes {
  /** What the model can take. */
  context?: number
  /** What the request has. */
  sent?: number
}

const CONTEXT =
  /(?:context|prompt|token|input)s? (?:length|size|window|limit)(?:\s|is|of|:|=|\(|allowed|should be|\[1,)*(\d[\d,]*)|n_ctx\D{1,12}(\d+)|number of tokens allowed \((\d+)\)|> (\d+) maximum|(\d+) maximum context|must be <= (\d+)|exceeds the limit of (\d+)|limit:? (\d+), requested/i
const SENT =
  /(?:requested|contains|resulted in|has|request \(|input length|n_prompt_tokens\W+|prompt is too long: |given: |requested about|the first)\s*(\d[\d,]*)/i

/** The sizes that a refusal for length names. */
export function sizesIn(message: string): Sizes {
  const first = (pattern: RegExp) => {
    const found = pattern
      .exec(message)
      ?.slice(1)
      .find((group) => group !== undefined)
    return found === undefined ? undefined : Number(found.replaceAll(',', ''))
  }
  const [context, sent] = [first(CONTEXT), first(SENT)]
  return { ...(context && { context }), ...(sent && { sent }) }
}

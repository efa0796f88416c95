// Recognises that a model cannot be used until a person acts: its key is refused, its account has no money, its login is
// missing. Providers and agents share no codes for that, so the rules match their words.

const KEY =
  /(invalid|incorrect|expired|revoked|unknown|missing|no|without|bad) (or (missing|expired) )?(x-)?(api|auth(entication|orization)?|access|bearer|subscription)[ _-]?(keys?|tokens?|credentials|headers?)\b|invalid_api_key|invalid (credentials|token|username or password|authentication)\b|(api|access)[ _-]?(key|token)\b[^.\n]{0,60}\b(not valid|invalid|missing|required|expired|not (set|found|provided)|incorrect|refused|rejected)|authentication[ _](error|fails?|failed|required|denied)|failed to authenticate|not (logged|signed) in|no (auth|authentication|credentials)\b[^.\n]{0,40}\b(found|configured|provided|selected|information)|(run|use|execute) [`'"]?(\/?[\w-]+ )?\/?login\b|please (set an auth method|log ?in|sign ?in)|log ?in (is )?required|set an auth method|invalid auth method|must (specify|set) [^\n]{0,60}\b(key|token)\b|\b401\b[ :"'(-]*(unauthorized|invalid|incorrect|authentication|missing|error|status|\{)|(status|http|code|error|api error)[ "':=(]*\b401\b|unauthorized\b|permission_denied|令牌/i
const MONEY =
  /insufficient[ _](quota|balance|credits|funds)|credit balance is too low|payment[ _]required|requires more credits|billing[ _](hard[ _])?limit|out of credits|no credits (left|remaining)|account (is )?(suspended|deactivated|not active)/i
/** Words that quote a proxy or a limit on requests, which say nothing about the key. */
const OTHER = /this host is blocked|proxy|rate.?limit|too many requests|per (minute|hour|day)\b/i

const MAX_LINE_CHARACTERS = 4000

export interface RefusedAccess {
  kind: 'key' | 'money'
  /** The line that says so. */
  quote: string
}

/** @param words of an endpoint or an agent that failed */
export function findRefusedAccess(words: string): RefusedAccess | undefined {
  for (const line of words.split('\n').map((one) => one.trim().slice(0, MAX_LINE_CHARACTERS))) {
    if (OTHER.test(line)) continue
    if (KEY.test(line)) return { kind: 'key', quote: line }
    if (MONEY.test(line)) return { kind: 'money', quote: line }
  }
  return undefined
}

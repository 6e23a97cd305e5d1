import type { PcreReleases } from '../../pcre/releases.ts'
import { regexFault } from '../validate/regex.ts'
import { parseApacheNetwork } from '../../addresses/apache.ts'
import type { Comparison, Condition, Text, TextPart } from './syntax.ts'

/** What names an expression may use beyond those of httpd's core. */
export interface ExpressionNames {
  /** True where mod_ssl is loaded or may be: `SSL_…` variables and `PeerExtList`. */
  readonly ssl: boolean
  /** True where a module outside the table may bring variables and functions of its own. */
  readonly open: boolean
  /** What compiles its patterns. */
  readonly pcre: PcreReleases
}

/** A tree, or why httpd refuses the text; null for what is nested deeper than this reader goes. */
export type Parsed<T> =
  | { readonly ok: true; readonly tree: T }
  | { readonly ok: false; readonly fault: string | null }

/**
 * Reads a boolean expression. The grammar is that of docs/expr.html as httpd 2.4.71 was seen to read it:
 * `%{HTTPS}` alone is no condition, strings need quotes, and after `=~` only a regular expression may stand.
 */
export function parseCondition(text: string, names: ExpressionNames): Parsed<Condition> {
  return attempt(() => new Parser(text, names).root())
}

/** Reads a text in which `%{…}` and `$1` mean something. */
export function parseText(text: string, names: ExpressionNames): Parsed<Text> {
  return attempt(() => new Parser(text, names).stringText(''))
}

function attempt<T>(parse: () => T): Parsed<T> {
  try {
    return { ok: true, tree: parse() }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, fault: error.message }
    if (error instanceof TooDeep) return { ok: false, fault: null }
    throw error
  }
}

class Refusal extends Error {}

/** Nested deeper than anybody writes: httpd's own parser gives up somewhere too, and where is not known. */
class TooDeep extends Error {}

const DEEPEST = 500

const VARIABLES = new Set(
  (
    'api_version auth_type conn_log_id conn_remote_addr content_type context_document_root context_prefix ' +
    'document_root document_uri handler http2 https http_accept http_cookie http_forwarded http_host ' +
    'http_proxy_connection http_referer http_user_agent ipv6 is_subreq last_modified path_info query_string ' +
    'remote_addr remote_host remote_ident remote_port remote_user request_filename request_log_id ' +
    'request_method request_scheme request_status request_uri script_filename script_group script_user ' +
    'server_admin server_name server_port server_protocol server_software the_request time time_day ' +
    'time_hour time_min time_mon time_sec time_wday time_year'
  ).split(' '),
)
const FUNCTIONS = new Set(
  (
    'req http req_novary resp reqenv osenv note env tolower toupper escape unescape base64 unbase64 md5 sha1 ' +
    'ldap file filesize'
  ).split(' '),
)
const UNARY = 'defhnsxzAFLRTU'
const BINARY = new Set(['ipmatch', 'strmatch', 'strcmatch', 'fnmatch'])
const COMPARISONS = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])
const REGEX_DELIMITERS = '/#$%^,;:_!\'"|?.-'

type Token =
  | { readonly kind: 'end' | 'in' }
  | { readonly kind: 'string'; readonly text: Text }
  | { readonly kind: 'compare'; readonly operator: Comparison }
  | { readonly kind: 'match'; readonly negated: boolean }
  | { readonly kind: 'and' | 'or' | 'not' | 'true' | 'false' }
  | { readonly kind: 'symbol'; readonly value: string }
  | { readonly kind: 'id' | 'unary' | 'binary'; readonly value: string }

const END: Token = { kind: 'end' }

/** Recursive descent over one text; the position is the only state. */
class Parser {
  readonly #text: string
  readonly #names: ExpressionNames
  #at = 0
  #token: Token = END
  #depth = 0
  /** The text of the last word where it is one constant string, as `-R` and `-ipmatch` ask for. */
  #constant: string | null = null

  constructor(text: string, names: ExpressionNames) {
    this.#text = text
    this.#names = names
  }

  root(): Condition {
    this.#next()
    const condition = this.#or()
    if (this.#token.kind !== 'end') this.#refuse()
    return condition
  }

  #or(): Condition {
    let left = this.#and()
    while (this.#token.kind === 'or') {
      this.#next()
      left = { kind: 'or', left, right: this.#and() }
    }
    return left
  }

  #and(): Condition {
    let left = this.#not()
    while (this.#token.kind === 'and') {
      this.#next()
      left = { kind: 'and', left, right: this.#not() }
    }
    return left
  }

  #not(): Condition {
    let negated = false
    for (; this.#token.kind === 'not'; this.#next()) negated = !negated
    const inner = this.#primary()
    return negated ? { kind: 'not', inner } : inner
  }

  #primary(): Condition {
    const token = this.#token
    if (token.kind === 'true' || token.kind === 'false') {
      this.#next()
      return { kind: 'constant', value: token.kind === 'true' }
    }
    if (token.kind === 'symbol' && token.value === '(') {
      if (++this.#depth > DEEPEST) throw new TooDeep()
      this.#next()
      const condition = this.#or()
      this.#expect(')')
      this.#depth--
      return condition
    }
    if (token.kind === 'unary') return this.#unary(token.value)
    return this.#comparison(this.#word())
  }

  #unary(letter: string): Condition {
    if (!UNARY.includes(letter) && !this.#names.open) {
      throw new Refusal(`there is no operator \`-${letter}\``)
    }
    this.#next()
    const operand = this.#word()
    if (letter === 'R') this.#subnet('-R')
    return { kind: 'unary', operator: letter, operand }
  }

  #comparison(left: Text): Condition {
    const token = this.#token
    if (token.kind === 'compare') {
      this.#next()
      return { kind: 'compare', operator: token.operator, left, right: this.#word() }
    }
    if (token.kind === 'match') return { ...this.#regex(), negated: token.negated, subject: left }
    if (token.kind === 'in') {
      this.#next()
      return { kind: 'in', subject: left, values: this.#list() }
    }
    if (token.kind === 'binary') {
      if (!BINARY.has(token.value) && !this.#names.open) {
        throw new Refusal(`there is no operator \`-${token.value}\``)
      }
      this.#next()
      const right = this.#word()
      if (token.value === 'ipmatch') this.#subnet('-ipmatch')
      return { kind: 'binary', operator: token.value, left, right }
    }
    return this.#refuse()
  }

  #subnet(operator: string): void {
    if (this.#constant === null) throw new Refusal(`\`${operator}\` needs a constant address or network`)
    if (parseApacheNetwork(this.#constant) === null) {
      throw new Refusal(`\`${this.#constant}\` is no address or network for \`${operator}\``)
    }
  }

  #list(): readonly Text[] | null {
    const token = this.#token
    if (token.kind === 'id') {
      if (!(this.#names.ssl && token.value.toLowerCase() === 'peerextlist') && !this.#names.open) {
        throw new Refusal(`there is no function \`${token.value}\` that gives a list`)
      }
      this.#next()
      this.#expect('(')
      this.#word()
      this.#expect(')')
      return null
    }
    this.#expect('{')
    const values = [this.#word()]
    while (this.#isSymbol(',')) {
      this.#next()
      values.push(this.#word())
    }
    this.#expect('}')
    return values
  }

  #word(): Text {
    let text = this.#part()
    while (this.#isSymbol('.')) {
      this.#next()
      text = [...text, ...this.#part()]
      this.#constant = null
    }
    return text
  }

  #part(): Text {
    const token = this.#token
    if (token.kind === 'string') {
      const [part, ...others] = token.text
      // The next token may be a string too.
      this.#next()
      const isConstant = others.length === 0 && part?.kind === 'text'
      this.#constant = part === undefined ? '' : isConstant ? part.text : null
      return token.text
    }
    this.#constant = null
    if (token.kind === 'id') {
      this.#next()
      if (!this.#isSymbol('(')) this.#refuse()
      this.#function(token.value)
      if (++this.#depth > DEEPEST) throw new TooDeep()
      this.#next()
      const argument = this.#word()
      this.#expect(')')
      this.#depth--
      this.#constant = null
      return [{ kind: 'function', name: token.value.toLowerCase(), argument }]
    }
    return this.#refuse()
  }

  #function(name: string): void {
    if (FUNCTIONS.has(name.toLowerCase()) || this.#names.open) return
    throw new Refusal(`there is no function \`${name}\``)
  }

  #isSymbol(value: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.value === value
  }

  #expect(value: string): void {
    if (!this.#isSymbol(value)) this.#refuse(`\`${value}\` is missing`)
    this.#next()
  }

  #refuse(what?: string): never {
    if (this.#token.kind === 'end') {
      throw new Refusal(what ?? 'the expression ends where a comparison or a value has to follow')
    }
    throw new Refusal(what ?? `the expression makes no sense before \`${this.#text.slice(this.#at)}\``)
  }

  /** Reads the next token; strings, variables and regular expressions are read whole. */
  #next(): void {
    const text = this.#text
    while (/\s/.test(text[this.#at] ?? '')) this.#at++
    const char = text[this.#at]
    if (char === undefined) {
      this.#token = END
      return
    }
    if (char === '"' || char === "'") {
      this.#at++
      this.#token = { kind: 'string', text: this.stringText(char) }
      return
    }
    if (char === '%' && text[this.#at + 1] === '{') {
      this.#at += 2
      this.#token = { kind: 'string', text: [this.#variable()] }
      return
    }
    this.#token = this.#plainToken(char)
  }

  #plainToken(char: string): Token {
    const text = this.#text
    const rest = text.slice(this.#at, this.#at + 2)
    if (rest === '&&') return this.#take(2, { kind: 'and' })
    if (rest === '||') return this.#take(2, { kind: 'or' })
    if (rest === '=~' || rest === '!~') return this.#take(2, { kind: 'match', negated: rest === '!~' })
    if (rest === '==' || rest === '!=' || rest === '<=' || rest === '>=') {
      return this.#take(2, { kind: 'compare', operator: rest })
    }
    if (char === '=') return this.#take(1, { kind: 'compare', operator: '==' })
    if (char === '<' || char === '>') return this.#take(1, { kind: 'compare', operator: char })
    if (char === '!') return this.#take(1, { kind: 'not' })
    if ('(){},:'.includes(char)) return this.#take(1, { kind: 'symbol', value: char })
    const number = /^[-.]*[0-9][-.0-9]*/.exec(text.slice(this.#at, this.#at + 64))
    if (number !== null)
      return this.#take(number[0].length, { kind: 'string', text: [{ kind: 'text', text: number[0] }] })
    if (char === '.') return this.#take(1, { kind: 'symbol', value: '.' })
    if (char === '$' && /[0-9]/.test(text[this.#at + 1] ?? '')) {
      const group = Number(text[this.#at + 1])
      return this.#take(2, { kind: 'string', text: [{ kind: 'group', number: group }] })
    }
    const operator = /^-([A-Za-z_][A-Za-z0-9_]*)/.exec(text.slice(this.#at, this.#at + 64))?.[1]
    if (operator !== undefined) return this.#take(operator.length + 1, namedOperator(operator))
    const id = /^[A-Za-z][A-Za-z0-9_]*/.exec(text.slice(this.#at, this.#at + 256))?.[0]
    if (id !== undefined) return this.#take(id.length, namedToken(id))
    throw new Refusal(`\`${char}\` has no meaning here`)
  }

  #take(length: number, token: Token): Token {
    this.#at += length
    return token
  }

  /** Reads text up to the closing quote (or the end, where `quote` is empty), with what is in it. */
  stringText(quote: string): Text {
    const text = this.#text
    const parts: TextPart[] = []
    let plain = ''
    const add = (part: TextPart) => {
      if (plain !== '') parts.push({ kind: 'text', text: plain })
      plain = ''
      parts.push(part)
    }
    for (;;) {
      const char = text[this.#at]
      if (char === undefined && quote !== '') throw new Refusal(`a string has no closing \`${quote}\``)
      if (char !== undefined) this.#at++
      if (char === undefined || char === quote) {
        if (plain !== '') parts.push({ kind: 'text', text: plain })
        return parts
      }
      const next = text[this.#at]
      if (char === '\\' && next !== undefined) {
        plain += next
        this.#at++
      } else if (char === '%' && next === '{') {
        this.#at++
        add(this.#variable())
      } else if (char === '$' && next !== undefined && /[0-9]/.test(next)) {
        this.#at++
        add({ kind: 'group', number: Number(next) })
      } else plain += char
    }
  }

  /** Reads `NAME}` or `function:argument}`, after the `%{`. */
  #variable(): TextPart {
    const name = /^[A-Za-z][A-Za-z0-9_]*/.exec(this.#text.slice(this.#at, this.#at + 256))?.[0]
    if (name === undefined) throw new Refusal('`%{` is not followed by a name')
    this.#at += name.length
    const next = this.#text[this.#at++]
    if (next === '}') {
      const lower = name.toLowerCase()
      const known = VARIABLES.has(lower) || (this.#names.ssl && lower.startsWith('ssl_'))
      if (!known && !this.#names.open) throw new Refusal(`there is no variable \`${name}\``)
      return { kind: 'variable', name: name.toUpperCase() }
    }
    if (next !== ':') throw new Refusal(`\`%{${name}\` has no closing \`}\``)
    this.#function(name)
    const start = this.#at
    if (++this.#depth > DEEPEST) throw new TooDeep()
    const argument = this.stringText('}')
    this.#depth--
    if (this.#at === start + 1) throw new Refusal(`\`%{${name}:}\` names nothing`)
    return { kind: 'function', name: name.toLowerCase(), argument }
  }

  #regex(): Pick<Extract<Condition, { readonly kind: 'match' }>, 'kind' | 'pattern' | 'caseless'> {
    const text = this.#text
    while (/\s/.test(text[this.#at] ?? '')) this.#at++
    let delimiter = text[this.#at]
    if (delimiter === 'm') delimiter = text[++this.#at]
    else if (delimiter !== '/') delimiter = undefined
    if (delimiter === undefined || !REGEX_DELIMITERS.includes(delimiter)) {
      throw new Refusal('after `=~` or `!~` stands no regular expression such as `/^a/` or `m#^/a#`')
    }
    const end = text.indexOf(delimiter, this.#at + 1)
    if (end === -1) throw new Refusal(`a regular expression has no closing \`${delimiter}\``)
    const pattern = text.slice(this.#at + 1, end)
    const fault = regexFault(pattern, this.#names.pcre)
    if (fault !== null) throw new Refusal(`a regular expression does not compile: ${fault}`)
    this.#at = end + 1
    const caseless = text[this.#at] === 'i'
    if (caseless) this.#at++
    this.#next()
    return { kind: 'match', pattern, caseless }
  }
}

function namedOperator(name: string): Token {
  if (COMPARISONS.has(name)) return { kind: 'compare', operator: name as Comparison }
  if (name === 'in') return { kind: 'in' }
  return name.length === 1 ? { kind: 'unary', value: name } : { kind: 'binary', value: name }
}

function namedToken(id: string): Token {
  switch (id) {
    case 'true':
      return { kind: 'true' }
    case 'false':
      return { kind: 'false' }
    case 'and':
      return { kind: 'and' }
    case 'or':
      return { kind: 'or' }
    case 'not':
      return { kind: 'not' }
    case 'in':
      return { kind: 'in' }
    default:
      return COMPARISONS.has(id) ? { kind: 'compare', operator: id as Comparison } : { kind: 'id', value: id }
  }
}
